/** Conflict markers that somebody forgot. */
import { decodeContent } from '../text.js';
import type { Problem, Validator } from '../types.js';
import { changedFiles } from './changed.js';
import { Remembered } from './remembered.js';

/** Refuses git's conflict markers: a line of seven `<` and a space or nothing more, and what follows up to its seven `>`. */
export function conflictMarkers(): Validator {
  const known = new Remembered<Problem[]>();
  return function conflictMarkers(snapshot, changes) {
    return changedFiles(changes).flatMap((file) => {
      const found = known.of(file.newId, () => markersIn(snapshot.read(file.path)));
      return found.map((problem) => ({ ...problem, path: file.path }));
    });
  };
}

/** Bytes at the start in which git looks for a NUL, to tell binary files from text. */
const BINARY_PROBE_BYTES = 8000;

function markersIn(bytes: Uint8Array): Problem[] {
  if (bytes.subarray(0, BINARY_PROBE_BYTES).includes(0)) return [];
  const text = decodeContent(bytes);
  if (!text.includes('<<<<<<<')) return [];
  const problems: Problem[] = [];
  let inside = false;
  text.split('\n').forEach((line, at) => {
    const marker = /^(<{7}|\|{7}|={7}|>{7})(?=[ \r]|$)/.exec(line)?.[0];
    if (marker === undefined || !inside && marker[0] !== '<') return;
    inside = marker[0] !== '>';
    problems.push({ line: at + 1, column: 1, message: `a conflict marker is left: '${marker}'`, rule: 'conflict-markers', severity: 'error' });
  });
  return problems;
}
