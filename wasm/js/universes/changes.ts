/** What a test did to its world, for people who read why it failed. */
import type { Repository } from '../entry/node.js';
import type { ObjectId } from '../types.js';

/** Most lines of patches that an error shows. */
const LINES_MAX = 100;
/** What git calls a tree without entries. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** Where the realities of a world are when its test begins. */
export interface Starts { main: ObjectId; heads: Map<string, ObjectId> }

/** Where they are now; costs a step for each reality. */
export function startsOf(repo: Repository): Starts {
  const heads = new Map(repo.listRealities().map(({ name, head }) => [name, head ?? EMPTY_TREE]));
  return { main: repo.main.head ?? EMPTY_TREE, heads };
}

/** Patches of every reality, what is staged included; a reality that came later is compared with where main was. */
export function changesSince(repo: Repository, { main, heads }: Starts): string {
  using copy = repo.copy();
  copy.validators = [];
  const gone = [...heads.keys()].filter((name) => !copy.listRealities().some((reality) => reality.name === name));
  const parts = copy.listRealities().map((reality) => {
    const { name } = reality;
    const open = reality.conflicts().map(({ path }) => path);
    if (open.length > 0) return `${name}: conflicts are open in ${open.join(', ')}\n`;
    const from = heads.get(name) ?? main;
    if (reality.status().length > 0) reality.commit('what is staged', { allowEmpty: true });
    const patch = copy.diff(from, reality.head ?? EMPTY_TREE).map((file) => file.unified()).join('');
    return patch === '' ? '' : `${name}:\n${patch}`;
  });
  return [...gone.map((name) => `${name}: deleted\n`), ...parts].join('');
}

/** The same error, which also says what was changed. */
export function toldWith<Thrown>(error: Thrown, world: { changes(): string }): Thrown {
  if (typeof error !== 'object' || error === null || !('message' in error)) return error;
  const told = error as { message: string; stack?: string };
  try {
    const lines = world.changes().trimEnd().split('\n');
    if (lines.join('') === '') return error;
    const more = lines.length > LINES_MAX ? [`... and ${lines.length - LINES_MAX} more lines`] : [];
    const { message, stack } = told;
    told.message = `${message}\n\nWhat the test had changed:\n${[...lines.slice(0, LINES_MAX), ...more].join('\n')}\n`;
    if (stack !== undefined) told.stack = stack.replace(message, () => told.message);
  } catch {
    // The failure itself matters more: the error is frozen, or the world too broken to look at.
  }
  return error;
}
