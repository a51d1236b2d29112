/** Documents that parse, by extension. Part of what every page loads; the parsers are in `govc/formats`. */
import { formatOf, formatsFor } from '../formats/port.js';
import type { Snapshot } from '../snapshot.js';
import type { Problem, Validator } from '../types.js';
import { changedFiles, type ChangedFile } from './changed.js';
import { Remembered } from './remembered.js';

/** Refuses JSON, YAML and TOML that does not parse or names a key twice in one map, with line and column. An empty file is none of that. */
export function syntax(): Validator {
  const known = new Remembered<Problem[]>();
  const problemsIn = (snapshot: Snapshot, file: ChangedFile): Problem[] => {
    const format = formatOf(file.path);
    if (format === undefined) return [];
    const found = known.of(`${format} ${file.newId}`, () => formatsFor(`checking '${file.path}'`).check(format, snapshot.read(file.path)));
    return found.map((problem) => ({ ...problem, path: file.path, rule: 'syntax', severity: 'error' }));
  };
  return function syntax(snapshot, changes) {
    return changedFiles(changes).flatMap((file) => problemsIn(snapshot, file));
  };
}
