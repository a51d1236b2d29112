/**
 * The repository's own configuration: the few settings that say how its files are laid out.
 *
 * Nothing is executed and nothing included: `include.path`, hooks, filters, fsmonitor and the like are not even looked at.
 */
import { GovcError } from '../../errors.js';

/** A configuration file larger than this is not read, in bytes. */
export const CONFIG_BYTES_MAX = 4 << 20;

/** Settings by name, `section.key` or `section.subsection.key`; section and key in lower case; the last one counts. */
export type Config = Map<string, string>;

/** Reads a configuration file. A later file of the same repository is added on top. */
export function parseConfig(text: string, file: string, config: Config = new Map()): Config {
  const lines = text.replace(/^\ufeff/, '').split('\n');
  let section = '';
  for (let number = 0; number < lines.length; number++) {
    const wrong = () => new GovcError('Storage', `bad config line ${number + 1} in ${file}`, { path: file, line: number + 1 });
    let line = lines[number]!.replace(/\r$/, '').trimStart();
    if (line.startsWith('[')) {
      const header = /^\[\s*([-.A-Za-z0-9]+)(?:[ \t]+"((?:[^"\\]|\\.)*)")?\s*\]/.exec(line);
      if (header === null) throw wrong();
      const [whole, name = '', subsection] = header;
      section = name.toLowerCase() + (subsection === undefined ? '' : `.${subsection.replace(/\\(.)/g, '$1')}`);
      line = line.slice(whole.length).trimStart();
    }
    if (line === '' || /^[#;]/.test(line)) continue;
    const key = /^([A-Za-z][-A-Za-z0-9]*)[ \t]*(=?)/.exec(line);
    if (key === null || section === '') throw wrong();
    const [whole, name = '', equals] = key;
    let rest = line.slice(whole.length);
    if (equals === '') {
      if (!/^(?:[#;].*)?$/.test(rest)) throw wrong();
      config.set(`${section}.${name.toLowerCase()}`, 'true');
      continue;
    }
    while (continues(rest) && number + 1 < lines.length) rest = `${rest.slice(0, -1)}${lines[++number]!.replace(/\r$/, '')}`;
    const value = unquoted(rest);
    if (value === undefined) throw wrong();
    config.set(`${section}.${name.toLowerCase()}`, value);
  }
  return config;
}

/** Whether the line goes on in the next one: it ends with a backslash that stands for itself. */
function continues(text: string): boolean {
  return /(?:^|[^\\])(?:\\\\)*\\$/.test(text);
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', b: '\b', '"': '"', '\\': '\\' };

/** A value without quotes, escapes, comment and the space around it; undefined where it is broken. */
function unquoted(text: string): string | undefined {
  let value = '';
  let quoted = false;
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') {
      quoted = !quoted;
      end = value.length;
    } else if (character === '\\') {
      const escaped = ESCAPES[text[++at] ?? ''];
      if (escaped === undefined) return undefined;
      value += escaped;
      end = value.length;
    } else if (!quoted && (character === '#' || character === ';')) {
      break;
    } else if (quoted || /\S/.test(character)) {
      value += character;
      end = value.length;
    } else if (value !== '') {
      value += character;
    }
  }
  return quoted ? undefined : value.slice(0, end);
}

/** A setting that is true or false. */
export function flag(config: Config, name: string): boolean | undefined {
  const value = config.get(name)?.toLowerCase();
  if (value === undefined) return undefined;
  return ['true', 'yes', 'on'].includes(value) || Number.parseInt(value, 10) > 0;
}

/** A setting that is a whole number. */
export function integer(config: Config, name: string): number | undefined {
  const found = /^([-+]?\d+)([kmg]?)$/i.exec(config.get(name) ?? '');
  if (found === null) return undefined;
  return Number(found[1]) * 1024 ** ' kmg'.indexOf(found[2]!.toLowerCase() || ' ');
}

/** Extensions that change nothing of what is read or written here. */
const KNOWN_EXTENSIONS = ['noop', 'noop-v1', 'preciousobjects', 'partialclone', 'worktreeconfig', 'relativeworktrees'];
/** Extensions that git heeds in version 0, too. */
const VERSION_0_EXTENSIONS = ['noop', 'preciousobjects', 'partialclone', 'worktreeconfig'];

/** Throws where the repository is of a format that is not supported; the message says what to do. */
export function checkFormat(config: Config, folder: string, partial: boolean): void {
  const refuse = (message: string, extension?: string) =>
    new GovcError('Storage', `${folder}: ${message}`, { path: folder, ...(extension && { extension }) });
  const version = integer(config, 'core.repositoryformatversion') ?? 0;
  if (version > 1) throw refuse(`repository format version ${version} is not supported: versions 0 and 1 are`);
  for (const [name, value] of config) {
    if (!name.startsWith('extensions.')) continue;
    const extension = name.slice('extensions.'.length);
    if (extension === 'objectformat') {
      if (value.toLowerCase() !== 'sha1') {
        throw refuse(`its objects are named by ${value}: only SHA-1 repositories are supported`, extension);
      }
    } else if (extension === 'refstorage') {
      if (value.toLowerCase() !== 'files') {
        throw refuse(`its refs are kept as ${value}: run 'git refs migrate --ref-format=files' first`, extension);
      }
    } else if (!KNOWN_EXTENSIONS.includes(extension)) {
      if (version > 0) throw refuse(`extension '${extension}' is not supported`, extension);
    }
    if (version === 0 && !VERSION_0_EXTENSIONS.includes(extension) && KNOWN_IN_VERSION_1.includes(extension)) {
      throw refuse(`extension '${extension}' needs repository format version 1, and the config says 0`, extension);
    }
  }
  if (!partial && isPartial(config)) {
    throw refuse("it is a partial clone, which lacks objects: pass 'partial: true' to open it as it is; reading what it lacks throws NotFound");
  }
}
const KNOWN_IN_VERSION_1 = ['objectformat', 'refstorage', 'noop-v1', 'relativeworktrees'];

/** Whether objects are missing on purpose. */
function isPartial(config: Config): boolean {
  if (config.has('extensions.partialclone')) return true;
  return [...config.keys()].some((name) => /^remote\..*\.promisor$/s.test(name) && flag(config, name) === true);
}

/** Permission bits of core.sharedRepository; undefined where the umask alone decides. */
export function sharedBits(config: Config): number | undefined {
  const value = config.get('core.sharedrepository')?.toLowerCase();
  if (value === undefined) return undefined;
  if (['group', 'true', 'yes', 'on', '1'].includes(value)) return 0o660;
  if (['all', 'world', 'everybody', '2'].includes(value)) return 0o664;
  return /^0?[0-7]{3}$/.test(value) ? Number.parseInt(value, 8) & 0o666 : undefined;
}
