/** `govc tag`: lists, makes and deletes tags. */
import { GovcError } from '../../errors.js';
import { flag } from '../../storage/git-directory/config.js';
import { readRefs } from '../../storage/git-directory/refs.js';
import { encodeText } from '../../text.js';
import { cleanMessage, identity } from '../../worktree/commits.js';
import { LazyRepository } from '../../worktree/lazy.js';
import { refId, tagRef } from '../../worktree/refs.js';
import type { WorkTree } from '../../worktree/work-tree.js';
import { move } from '../operations.js';
import { safe, shortId } from '../output.js';
import { type Answer, UsageError, type Verb } from '../verb.js';

export const tag: Verb = {
  name: 'tag',
  summary: 'list, make or delete tags',
  usage: ['', '[-m TEXT] [-f] NAME [REVISION]', '-d NAME...'],
  options: {
    message: { type: 'string', short: 'm', multiple: true, value: 'TEXT', help: 'an annotated tag that says this' },
    delete: { type: 'boolean', short: 'd', help: 'delete tags' },
    force: { type: 'boolean', short: 'f', help: 'move a tag that exists' },
  },
  async run(context) {
    const tree = await context.open();
    const [name, target, more] = context.all;
    if (context.has('delete')) return remove(tree, context.all);
    if (name === undefined) {
      const refs = (await readRefs(tree.layout, () => {})).filter((ref) => ref.name.startsWith('refs/tags/'));
      const tags = refs.map((ref) => ({ name: ref.name.slice('refs/tags/'.length), target: ref.target }));
      return { value: tags, text: tags.map((one) => `${safe(one.name)}\n`).join('') };
    }
    if (more !== undefined) throw new UsageError('tag takes a name and a revision');
    return make(tree, name, target ?? 'HEAD', context.texts('message').join('\n\n'), context.has('force'));
  },
};

async function make(tree: WorkTree, name: string, target: string, text: string, force: boolean): Promise<Answer> {
  const ref = tagRef(name);
  const before = await refId(tree.layout, ref);
  if (before !== undefined && !force) throw new GovcError('AlreadyExists', `tag '${name}' exists already, at ${before}: -f moves it`, { name, target: before });
  let id = (await LazyRepository.open(tree)).resolve(target);
  const message = cleanMessage(text);
  if (message !== '') {
    if (flag(tree.config, 'tag.gpgsign') === true) throw new GovcError('Rejected', "tag.gpgSign asks for a signature, which govc does not make: use 'git tag'", { setting: 'tag.gpgSign' });
    const { kind } = tree.objects.read(id);
    id = tree.objects.write('tag', encodeText(`object ${id}\ntype ${kind}\ntag ${name}\ntagger ${identity(tree, 'committer')}\n\n${message}`));
  }
  await move(tree, 'tag', `tag ${name}`, [{ name: ref, ...(before && { before }), after: id, message: `tag: ${name}` }]);
  return { value: { name, target: id, annotated: message !== '' }, text: `Tag ${safe(name)} is at ${shortId(tree.objects, id)}\n` };
}

async function remove(tree: WorkTree, names: readonly string[]): Promise<Answer> {
  if (names.length === 0) throw new UsageError('name the tags to delete');
  const moves = await Promise.all(names.map(async (name) => {
    const before = await refId(tree.layout, tagRef(name));
    if (before === undefined) throw new GovcError('NotFound', `there is no tag '${name}'`, { name });
    return { name: tagRef(name), before, message: '' };
  }));
  await move(tree, 'tag', `delete ${names.join(', ')}`, moves);
  const deleted = moves.map(({ before }, at) => ({ name: names[at]!, target: before }));
  return { value: { deleted }, text: deleted.map((one) => `Deleted tag ${safe(one.name)}, which was at ${shortId(tree.objects, one.target)}\n`).join('') };
}
