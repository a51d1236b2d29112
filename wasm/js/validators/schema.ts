/** JSON Schema by path, with the program's own Ajv: govc brings none. */
import { formatOf, formatsFor, type Format } from '../formats/port.js';
import { GovcError } from '../errors.js';
import { decodeContent } from '../text.js';
import type { Glob, Problem, Validator } from '../types.js';
import { changedFiles } from './changed.js';
import { Remembered } from './remembered.js';

/** An error as Ajv reports it. */
export interface AjvError {
  /** A JSON pointer to the value that is wrong. */
  instancePath: string;
  /** What is wrong, in words. */
  message?: string;
  /** The keyword of the schema that it breaks. */
  keyword?: string;
  /** What the keyword says more. */
  params?: Record<string, unknown>;
  /** Of what is wrong with the name of a property: that name. */
  propertyName?: string;
}
/** A schema that is compiled. */
export interface AjvValidate {
  /** Whether the value fits. */
  (value: unknown): unknown;
  /** Why it does not. */
  errors?: AjvError[] | null;
}
/** The part of an Ajv instance that is used. `allErrors: true` there finds all problems of a file at once. */
export interface AjvLike {
  /** Makes a schema ready. */
  compile(schema: any): AjvValidate;
}

/** A schema, or one that Ajv has compiled. */
export type Schema = Record<string, unknown> | boolean | AjvValidate;

/**
 * Holds JSON, YAML and TOML files to schemas: `jsonSchema(new Ajv(), { 'k8s/*.yaml': schema })`. Problems stand at the line and
 * column of the value that is wrong. A file that does not parse is left to `syntax()`.
 */
export function jsonSchema(ajv: AjvLike, schemas: Record<Glob, Schema>, options: { severity?: 'error' | 'warning' } = {}): Validator {
  const { severity = 'error' } = options;
  const rules = Object.entries(schemas).map(([glob, schema]) => {
    const validate = typeof schema === 'function' ? schema : ajv.compile(schema);
    return { glob, validate, known: new Remembered<Problem[]>() };
  });
  return function jsonSchema(snapshot, changes) {
    const files = changedFiles(changes);
    return rules.flatMap(({ glob, validate, known }) => snapshot.matching([glob], files).flatMap((file) => {
      const format = formatOf(file.path);
      if (format === undefined) {
        throw new GovcError('InvalidArgument', `the schema of '${glob}' is for '${file.path}', which is no JSON, YAML or TOML by its extension`, { path: file.path });
      }
      const found = known.of(`${format} ${file.newId}`, () => problemsIn(format, snapshot.read(file.path), validate, file.path));
      return found.map((problem) => ({ ...problem, path: file.path, severity }));
    }));
  };
}

function problemsIn(format: Format, bytes: Uint8Array, validate: AjvValidate, path: string): Problem[] {
  const formats = formatsFor(`checking '${path}'`);
  const json = formats.toJson(format, bytes);
  if (!('bytes' in json)) return [];
  const value: unknown = JSON.parse(decodeContent(json.bytes));
  // Of a file with several documents, each has to fit.
  const errors = json.isStream && Array.isArray(value)
    ? value.flatMap((document, at) => errorsIn(document, validate).map((error) => ({ ...error, instancePath: `/${at}${error.instancePath}` })))
    : errorsIn(value, validate);
  const places = formats.locate(format, bytes, errors.map(pointerOf));
  return errors.map((error, at) => ({ ...places[at], message: messageOf(error), rule: `schema/${error.keyword ?? 'schema'}` }));
}

function errorsIn(value: unknown, validate: AjvValidate): AjvError[] {
  return validate(value) ? [] : validate.errors ?? [];
}

/** Where the error stands: for a property that should not be there, its key. */
function pointerOf({ instancePath, params, propertyName }: AjvError): string {
  const extra = params?.['additionalProperty'] ?? params?.['unevaluatedProperty'] ?? params?.['propertyName'] ?? propertyName;
  return typeof extra === 'string' ? `${instancePath}/${extra.replace(/~/g, '~0').replace(/\//g, '~1')}#` : instancePath;
}

function messageOf({ instancePath, message = 'does not fit the schema', params, propertyName }: AjvError): string {
  const extra = params?.['additionalProperty'] ?? params?.['unevaluatedProperty'] ?? propertyName;
  const allowed = params?.['allowedValues'];
  const detail = extra !== undefined ? `: '${String(extra)}'` : Array.isArray(allowed) ? `: ${allowed.map((value) => JSON.stringify(value)).join(', ')}` : '';
  return `${instancePath || '/'} ${message}${detail}`;
}
