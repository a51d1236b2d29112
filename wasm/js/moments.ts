/** The log of operations, and what all refs were after one of them. */
import { call, type EngineRepository } from './binding.js';
import { GovcError } from './errors.js';
import { PackedReader } from './packed.js';
import type { Repository } from './repository.js';
import { encodeText } from './text.js';
import type { Moment, ObjectId, Operation } from './types.js';

/** Operations that are read at a time. */
const A_TIME = 256;

/** @internal All operations, the oldest first, read as the loop gets on. */
export function* allOperations(repository: Repository): Iterable<Operation> {
  for (let start = 1; ;) {
    const some = operationsOf(repository.engine, start, A_TIME);
    yield* some;
    if (some.length < A_TIME) return;
    start = some.at(-1)!.id + 1;
  }
}

/** @internal Operations from an id on. */
export function operationsOf(engine: EngineRepository, start: number, count: number): Operation[] {
  const packed = new PackedReader(call(() => engine.operations(start, count)));
  return packed.list(() => ({
    id: packed.f64(),
    kind: packed.text(),
    description: packed.text(),
    time: packed.f64(),
    refs: packed.list(() => {
      const [name, before, after] = [packed.text(), packed.text(), packed.text()];
      return { name, ...(before && { before }), ...(after && { after }) };
    }),
  }));
}

/** @internal What main or the named reality was at a date. */
export function headAtDate(engine: EngineRepository, when: Date, reality: string | undefined): ObjectId {
  const time = when.getTime();
  if (Number.isNaN(time)) throw new GovcError('InvalidArgument', 'a moment is a valid date', { when });
  return call(() => engine.atMoment(reality === undefined ? undefined : encodeText(reality), time));
}

/** @internal What realities and tags were after an operation. */
export function momentAt(engine: EngineRepository, operation: number): Moment {
  const packed = new PackedReader(call(() => engine.refsAt(operation)));
  const refs = new Map(packed.list(() => [packed.text(), packed.text()] as const));
  const below = (folder: string) => new Map([...refs].filter(([name]) => name.startsWith(folder)).map(([name, head]) => [name.slice(folder.length), head]));
  const main = refs.get('HEAD')?.replace(/^ref: refs\/heads\//, '');
  return { operation, ...(main !== undefined && { main }), realities: below('refs/heads/'), tags: below('refs/tags/') };
}

/** @internal The commit of a reality, by default of main, after an operation. */
export function headAt(engine: EngineRepository, operation: number, reality: string | undefined): ObjectId {
  const { main, realities } = momentAt(engine, operation);
  const name = reality ?? main;
  const head = name === undefined ? undefined : realities.get(name);
  if (head !== undefined) return head;
  throw new GovcError('NotFound', `'${name}' had no commit after operation ${operation}`, { reality: name, operation });
}
