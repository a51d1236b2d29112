// Every call of the public API that is built, with the types that its declarations promise; compiled, not run.
import {
  Repository, Reality, Transaction, Snapshot, CommitEvent, GovcError, broadcastChannel, gitDirectory, indexedDb, memoryBus, opfs, type Session, type SyncProvider,
  Bisector, type Auth, type BisectResult, type CloneOptions, type Credentials, type FetchOptions, type FetchResult, type PushOptions, type PushResult, type Remote, type Explanation, type BlameLine, type BrowserStorage, type Change, type Commit, type Conflict, type ErrorCode, type EvaluateOptions, type Evaluation, type EvaluationResult, type EffectContext, type EffectOptions, type EventCursor, type Rule, type RuleOptions, type EventFilter, type EventKind, type FileDiff, type GrepMatch, type Hunk, type ImportResult, type Moment, type MergeResult,
  type ObjectId, type Operation, type Refreshed, type RepositoryStats, type Stash, type Storage, type Subscription, type Validator, type VerifyReport, type WatchOptions,
} from 'govc';
import type { Problem } from 'govc';
import { checkFormat, formatOf, parseFormat, writeFormat, type Format, type FormatProblem } from 'govc/formats';
import { universes, type Start, type Universe, type UniverseFixtures, type Universes } from 'govc/test';
import {
  conflictMarkers, jsonSchema, paths as pathRules, policy, runValidators, syntax,
  type AjvLike, type PathRules, type PolicyFile, type PolicySeverity, type Schema,
} from 'govc/validators';

declare const signal: AbortSignal;
declare const packStream: ReadableStream<Uint8Array>;

const repo = new Repository({
  main: 'main', author: { name: 'A', email: 'a@b', time: new Date(), offsetMinutes: 60 }, now: () => 0,
  limits: { maxObjectBytes: 1, maxDeltaDepth: 1, maxPackObjects: 1, maxMemoryBytes: 1, maxOperations: 16 },
});
const opened: Promise<Repository> = Repository.open(gitDirectory('.') satisfies Storage, { signal, log: 'here', onProgress: ({ phase, done, total }) => void [phase, done, total] });
const inBrowser: BrowserStorage[] = [opfs('name', { persist: true, follow: false }), indexedDb('name')];
const stored: Promise<string[]> = inBrowser[0]!.delete().then(() => opfs.list()).then(() => indexedDb.list());
const files: AsyncIterable<{ path: string; bytes: Uint8Array }> = inBrowser[1]!.files();
const refreshed: Promise<Refreshed> = repo.refresh({ signal });
const main: Reality = repo.main;
repo.setMain(main);
repo.setMain('main');
repo.setMain(main, { expected: 'main' });
const found: Reality = repo.reality('main');
const created: Reality = repo.createReality('x', 'main~1');
const many: Reality[] = repo.realities(['a', 'b'], main.snapshot());
const listed: Reality[] = repo.listRealities('a*');
repo.deleteReality('x');
const tagged: ObjectId = repo.tag('v1', main, 'message');
const resolved: ObjectId = repo.resolve('v1^{tree}');
const at: Snapshot = repo.at('main');
const then: Snapshot = repo.at(new Date(), 'main');
const history: Iterable<Commit> = repo.log({
  from: [main, 'v1'], not: ['v0'], limit: 1, path: 'a', author: 'A', since: new Date(), until: new Date(), firstParent: true, order: 'topological',
});
const differences: FileDiff[] = repo.diff(main, 'v1', { paths: ['*.ts'], renames: 60 });
const searched: Promise<BisectResult> = repo.bisect({ good: ['v1', main], bad: 'main', test: async (state, { signal }) => signal?.aborted ? 'skip' : state.has('a') ? 'good' : 'bad', firstParent: true, paths: ['a'], signal });
const search: Bisector = repo.bisector({ good: 'v1' });
search.mark('skip', search.next());
const left: [number, BisectResult | undefined] = [search.remaining, search.result];
const described: string = repo.describe('main', { tags: true, long: true, abbrev: 7, match: 'v*', exclude: ['rc*'], firstParent: true, exactMatch: false, candidates: 1, always: true });
main.applyPatch('diff --git a/a b/a\n', { reverse: true, strip: 1, threeWay: true });
main.applyPatch(new Uint8Array());
const stash: Stash = main.stash('later');
const stashes: Stash[] = repo.stashes();
const stillOpen: Conflict[] = main.unstash(stash, { drop: true, conflicts: 'record', renames: 60 }) ?? main.unstash(0);
repo.dropStash(0);
repo.dropStash(stash);
const recorded: (Commit | undefined)[] = [
  main.cherryPick('v1', { conflicts: 'record' }), main.revert('v1', { conflicts: 'record' }), main.rebase('v1', { conflicts: 'record' }), main.rebaseContinue(),
];
const lines: AsyncIterable<GrepMatch> = repo.grep(/todo/i, { revisions: { not: ['v1'], limit: 3 }, paths: ['*.ts'], ignoreCase: true, word: true, invert: false, maxPerFile: 1, signal });
for await (const { commit, path, line, text } of repo.grep('a+', { revision: main, fixed: false })) void [commit?.id, path, line, text];
const pickaxe: Iterable<Commit>[] = [repo.log({ changed: 'text' }), main.log({ changed: /expression/ })];
const base: ObjectId | undefined = repo.mergeBase('a', created);
const preview: MergeResult = repo.mergeTree('a', 'b', { strategy: 'union', renames: false, attributes: true });
const merged: MergeResult = repo.merge(created, 'main', {
  conflicts: 'record', fastForward: 'never', author: { name: 'A', email: 'a@b' }, sign: (payload: Uint8Array) => String(payload.length),
  resolver: { resolve: (conflict) => conflict.kind === 'content' ? conflict.read('ours') : undefined },
});
const undone: Operation | undefined = repo.undo() ?? repo.redo();
const operations: Iterable<Operation> = repo.operations();
const [operation] = operations;
const moment: Moment = repo.atOperation(operation!.id);
const restored: Operation | undefined = repo.restore(operation!) ?? repo.restore(0);
const thenOf: Snapshot = repo.at({ operation: moment.operation }, moment.main);
void [restored, thenOf, moment.realities.get('main'), moment.tags];
const filter: EventFilter = {
  paths: ['k8s/**', '!k8s/secret'], realities: 'main', author: 'Ada', message: /EMERGENCY/, kinds: ['commit', 'merge', 'rollback', 'created', 'deleted', 'conflict'],
  where: (event) => event.matches('*.yaml'),
};
const options: WatchOptions = { durable: 'deploys', after: '0', retries: 1, concurrency: 4 };
const watching: Subscription = repo.watch(filter, async (event) => void event.changes(), options);
const subscription: Subscription = repo.on('*.ts', (event: CommitEvent) => void event.changes('*.ts'));
const progress: [number, number, GovcError[]] = [subscription.delivered, subscription.behind, subscription.errors];
subscription.unsubscribe();
watching satisfies Disposable;
const stream: AsyncIterable<CommitEvent> = repo.events({ ...filter, after: '0', signal });
declare const event: CommitEvent;
const effecting: Promise<Subscription> = repo.effect('mail', 'k8s/**', async (about: CommitEvent, { key, again }: EffectContext) => void [about.cursor, key, again], { after: '0', retries: 1 } satisfies EffectOptions);
const emergency: Promise<Rule> = repo.rule({ name: 'emergency', filter: { message: 'EMERGENCY' }, action: { rollbackTo: 'stable' }, guard: { maxPerWindow: 3, windowMs: 60_000 }, onGuard: ({ code }) => void code, after: '0' } satisfies RuleOptions);
void [effecting, emergency.then((rule) => [rule.name, rule.actions, rule.isGuarded, rule.errors, rule.remove()])];
const explained: [Subscription, EventFilter, boolean, string | undefined, number | undefined][] = repo.explain('k8s/app.yaml')
  .map(({ subscription, filter, matches, pattern, line }: Explanation) => [subscription, filter, matches, pattern, line]);
void explained;
const happened: [EventCursor, EventKind, string, Commit | undefined, ObjectId | undefined, string, string] = [
  event.cursor, event.kind, event.reality, event.commit, event.before, event.author, event.message,
];
const there: Snapshot = event.snapshot();
const asked: EvaluateOptions<{ score: number }> = {
  from: 'main', candidates: { a: { 'a.txt': 'text', b: null }, c: (reality: Reality) => reality.write('a', 'b') },
  test: async (reality, stop) => ({ score: stop.aborted ? 0 : reality.list().length }), concurrency: 2, timeoutMs: 1_000, samples: 5, seed: 1,
  better: (one, other) => other.score - one.score, keep: 'all', mergeInto: 'main', signal, onProgress: ({ done }) => void done,
};
const evaluated: Promise<Evaluation<{ score: number }>> = repo.evaluate(asked);
const evaluatedNumbers: Promise<Evaluation<number>> = repo.evaluate({ candidates: { a: {} }, test: () => 1, better: 'lower' });
declare const evaluation: Evaluation<number>;
const [best]: EvaluationResult<number>[] = evaluation.results;
const figures: [number, [number, number], 'better' | 'worse' | 'no difference'] = [best!.versusBaseline!.difference, best!.versusBaseline!.confidence95, best!.versusBaseline!.verdict];
const outcome: [number | undefined, Reality | undefined, Commit | undefined, GovcError | undefined, number[], number] = [
  evaluation.baseline, evaluation.winner, evaluation.merged, best!.error, best!.values, best!.ms,
];
const copied: Repository = repo.copy();
const serving: Reality = repo.assign('user', { main: 0.9, x: 0.1 }, 'salt');
const imported: Promise<ImportResult> = repo.importPack(packStream, { 'refs/heads/main': tagged }, { signal });
const exported: Uint8Array = repo.exportPack(['main'], [at]);
const handler: (request: Request) => Promise<Response> = repo.handler({ push: async (refs) => void refs.map(({ name, before, after }) => [name, before, after]) });
const auth: Auth = async (address: string): Promise<Credentials | undefined> => (address === '' ? { token: '' } : { username: '', password: '' });
const cloning: CloneOptions = { depth: 1, singleBranch: 'main', auth, fetch, corsProxy: 'https://proxy', signal, onProgress: ({ phase }) => void phase };
const cloned: Promise<Repository> = Repository.clone('https://example.org/x', { ...cloning, author: { name: 'A', email: 'a@b' } });
const fetching: FetchOptions = { ...cloning, refs: ['main'], prune: true };
const fetched: Promise<FetchResult> = repo.fetch('origin', fetching);
const pushing: PushOptions = { refs: ['main'], force: 'with-lease', atomic: true, auth: { token: 'x' } };
const pushed: Promise<PushResult> = repo.push('origin', pushing);
const remote: Remote | undefined = repo.remotes.get('origin');
const transferred = async (): Promise<[ObjectId | undefined, number, string | undefined, boolean]> => [
  (await fetched).updated['x']!.before, (await fetched).objects, (await pushed).refs['x']!.reason, (await pushed).ok,
];
const report: Promise<VerifyReport> = repo.verify({ signal });
const joined: Promise<Session> = repo.connect(memoryBus().provider(), { world: 'team', identity: { name: 'a' }, key: new Uint8Array(32), signal });
const shared: Promise<Reality> = joined.then((session) => session.share('main'));
const provided: SyncProvider = broadcastChannel('team');
const stats: RepositoryStats = repo.stats();
const flushed: Promise<void> = repo.flush();
repo[Symbol.dispose]();

const head: ObjectId | undefined = main.head;
const fork: Reality = main.fork('y');
const bytes: Uint8Array = main.read('a');
const text: string = main.readText('a');
const paths: string[] = main.list('*.ts');
const has: boolean = main.has('a');
main.write('a', { json: true }, 'executable');
main.remove('a');
const status: Change[] = main.status();
main.discard('a');
const commit: Commit = main.commit('message', { allowEmpty: true, committer: { name: 'C', email: 'c@d' } });
const applied: Commit = main.apply({ a: 'text', b: new Uint8Array(), c: null }, 'message');
const validator: Validator = (snapshot, changes) => changes.length > 0 ? [{ path: 'a', message: snapshot.readText('a'), severity: 'warning' }] : undefined;
main.validate([validator]);
const warnings: Problem[] = main.validate();
declare const ajv: AjvLike;
const [schemas, pathRule, severity]: [Record<string, Schema>, PathRules, PolicySeverity] = [{ '*.json': { type: 'object' } }, { deny: ['.env'], require: ['a'], maxBytes: 9 }, 'warn'];
repo.validators = [syntax(), conflictMarkers(), jsonSchema(ajv, schemas, { severity: 'warning' }), pathRules(pathRule), policy('p', ['*'], severity, (file: PolicyFile) => file.text())];
const guarded = new Repository({ validators: repo.validators as Validator[], onWarning: (told: Problem[]) => void told });
const ran: Problem[] = runValidators(repo.validators, main.snapshot(), guarded.diff('a', 'b'));
const meant: Change[] = main.snapshot().matching(['*.ts'], main.status());
const format: Format | undefined = formatOf('a.json');
const broken: FormatProblem[] = checkFormat('yaml', '');
const parsed: unknown = parseFormat('toml', writeFormat('toml', { a: 1 }));
const snapshot: Snapshot = main.snapshot();
const own: Iterable<Commit> = main.log({ limit: 1 });
const against: FileDiff[] = main.diff('v1');
const rolledBack: Commit = main.rollback('v1');
const picked: Commit = main.cherryPick('v1', { mainline: 1, strategy: 'theirs', renames: 60, committer: { name: 'C', email: 'c@d' } });
const reverted: Commit = main.revert(picked, { message: 'back', resolver: { resolve: () => undefined } });
const rebased: Commit = main.rebase(created, { strategy: 'ours' });
const conflicts: Conflict[] = main.conflicts();
main.resolve('a', 'text');

const transaction: Transaction = main.begin();
transaction.add('a', 'text', 'file').remove('b').move('c', 'd');
const read: Uint8Array = transaction.read('a');
const changes: Change[] = transaction.changes();
transaction.validate();
const kept: Commit = transaction.commit('message', { allowEmpty: true });
transaction.rollback();

const last: Commit = snapshot.lastCommit('a');
const [blamed]: BlameLine[] = snapshot.blame('a');
const slowly: Promise<BlameLine[]> = snapshot.blameInSlices('a', { signal });
const { line, text: lineText, commit: broughtBy, path: cameFrom, originLine }: BlameLine = blamed!;
const fields: [ObjectId, ObjectId, ObjectId[], string, string, number | Date, number, string] = [
  last.id, last.tree, last.parents, last.author.name, last.committer.email, last.author.time, last.committer.offsetMinutes, last.message,
];
const [difference] = snapshot.diff(main);
const hunks: Hunk[] = difference!.hunks();
const unified: string = difference!.unified(5);
const similarity: number | undefined = difference!.binary ? 0 : difference!.similarity;
const code: ErrorCode = new GovcError('Stale', 'message').code;
const starts: Start[] = [{ 'a.txt': 'text', 'b.json': { json: true } }, async (fresh: Repository) => void fresh.main.apply({ a: 'b' }), gitDirectory('.'), repo];
const inUniverse: Universes = universes(starts[0]!, { main: 'main' });
const wrapped: (context: { name: string }) => Promise<void> = inUniverse(async ({ repo, reality, changes }: Universe, context: { name: string }) => [repo, reality, changes(), context.name]);
const world: Promise<Universe> = inUniverse.open();
const fixtures: UniverseFixtures = inUniverse.fixtures;
const worlds: number = inUniverse.size;
void [
  stored, files, refreshed, opened, found, many, listed, resolved, history, then, differences, base, preview, merged, undone, operations, progress, stream, happened, there, evaluated, evaluatedNumbers, figures, outcome, serving, imported, exported, handler, report, stats, cloned, remote, transferred,
  flushed, head, fork, bytes, text, paths, has, status, commit, applied, own, against, rolledBack, reverted, rebased, conflicts, read, changes, kept, fields, hunks,
  unified, similarity, code, slowly, line, lineText, broughtBy, cameFrom, originLine,
  copied, wrapped, world, fixtures, worlds, joined, shared, provided,
  warnings, ran, meant, format, broken, parsed,
];
