/** Which of the changes of a would-be state have a content to look at. */
import type { Change, ObjectId } from '../types.js';

/** A file that is new, changed or renamed. */
export interface ChangedFile extends Change { newId: ObjectId }

const SYMLINK = '120000';
const SUBMODULE = '160000';

/** Files that are there afterwards; no symbolic link, no submodule. */
export function changedFiles(changes: Change[]): ChangedFile[] {
  return changes.filter((change): change is ChangedFile => {
    const { newMode } = change as { newMode?: string };
    return change.kind !== 'removed' && change.newId !== undefined && newMode !== SYMLINK && newMode !== SUBMODULE;
  });
}
