/** Problems in the forms that people, CI systems and code scanners read. */
import type { CheckResult, FoundProblem } from './check.js';
import { paint, safe, safeLine } from './output.js';
import { version } from './version.js';

export const FORMATS = ['text', 'json', 'sarif', 'junit', 'github'] as const;
export type ReportFormat = typeof FORMATS[number];

/** What `--json` prints. */
export function resultValue({ subject, policies, files, problems }: CheckResult) {
  const { errors, warnings } = counted(problems);
  return { checked: subject.description, tree: subject.tree, files, policies, errors, warnings, problems };
}

export function counted(problems: readonly FoundProblem[]): { errors: number; warnings: number } {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return { errors, warnings: problems.length - errors };
}

/** The report in a form. */
export function report(result: CheckResult, format: ReportFormat): string {
  switch (format) {
    case 'text': return text(result);
    case 'json': return `${JSON.stringify(resultValue(result), null, 2)}\n`;
    case 'sarif': return `${JSON.stringify(sarif(result), null, 2)}\n`;
    case 'junit': return junit(result);
    case 'github': return github(result);
  }
}

function text({ problems, files, subject }: CheckResult): string {
  const lines = problems.map(({ path, line, column, message, rule, severity }) => {
    const place = path === undefined ? '' : `${safeLine(path)}${line === undefined ? '' : `:${line}${column === undefined ? '' : `:${column}`}`}: `;
    return `${place}${paint(severity, severity === 'error' ? 'red' : 'yellow')}: ${safe(message).replaceAll('\n', '\n    ')} (${safeLine(rule)})\n`;
  });
  const { errors, warnings } = counted(problems);
  const what = problems.length === 0 ? 'no problems' : [plural(errors, 'error'), plural(warnings, 'warning')].filter((part) => !part.startsWith('0')).join(', ');
  return `${lines.join('')}${what} in ${plural(files, 'changed file')} of ${safeLine(subject.description)}\n`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function sarif({ problems }: CheckResult) {
  const rules = [...new Set(problems.map(({ rule }) => rule))];
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{
      tool: { driver: { name: 'govc', version: version(), rules: rules.map((id) => ({ id, shortDescription: { text: id } })) } },
      originalUriBaseIds: { SRCROOT: { description: { text: 'The root of the repository.' } } },
      columnKind: 'unicodeCodePoints',
      results: problems.map(({ path, line, column, message, rule, severity }) => ({
        ruleId: rule,
        ruleIndex: rules.indexOf(rule),
        level: severity,
        message: { text: message },
        locations: path === undefined ? [] : [{
          physicalLocation: {
            artifactLocation: { uri: path.split('/').map(uriPart).join('/'), uriBaseId: 'SRCROOT' },
            ...(line !== undefined && { region: { startLine: line, ...(column !== undefined && { startColumn: column }) } }),
          },
        }],
      })),
    }],
  };
}

/** A name within a URI; bytes that are no UTF-8 as what they are. */
function uriPart(name: string): string {
  return name.replace(/[\udc80-\udcff](?<![\ud800-\udbff].)|[^\udc80-\udcff]+|[\udc80-\udcff]/g, (part) =>
    /^[\udc80-\udcff]$/.test(part) ? `%${(part.charCodeAt(0) - 0xdc00).toString(16).toUpperCase()}` : encodeURIComponent(part));
}

function junit({ problems, policies }: CheckResult): string {
  const failed = new Set(problems.filter(({ severity }) => severity === 'error').map(({ rule }) => rule));
  const passed = policies.filter((name) => !failed.has(name)).map((name) => `    <testcase classname="govc" name="${xml(name)}"/>\n`);
  const cases = problems.map(({ path, line, column, message, rule, severity }) => {
    const place = path === undefined ? 'repository' : `${path}${line === undefined ? '' : `:${line}${column === undefined ? '' : `:${column}`}`}`;
    const inner = severity === 'error' ? `<failure message="${xml(message)}" type="${xml(rule)}">${xml(`${place}: ${message}`)}</failure>` : `<system-out>${xml(`${place}: warning: ${message}`)}</system-out>`;
    return `    <testcase classname="${xml(rule)}" name="${xml(place)}"${path === undefined ? '' : ` file="${xml(path)}"`}>${inner}</testcase>\n`;
  });
  const { errors } = counted(problems);
  const figures = `tests="${passed.length + cases.length}" failures="${errors}" errors="0"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${figures}>\n  <testsuite name="govc" ${figures}>\n${passed.join('')}${cases.join('')}  </testsuite>\n</testsuites>\n`;
}

/** Text within XML; what XML cannot hold becomes U+FFFD. */
function xml(value: string): string {
  const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;', '\n': '&#10;', '\t': '&#9;', '\r': '&#13;' };
  return Buffer.from(value).toString().replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd').replace(/[&<>"'\n\t\r]/g, (character) => escapes[character]!);
}

/** Workflow commands of GitHub Actions: annotations at the lines. */
function github({ problems }: CheckResult): string {
  return problems.map(({ path, line, column, message, rule, severity }) => {
    const properties = [path !== undefined && ['file', path], line !== undefined && ['line', String(line)], column !== undefined && ['col', String(column)], ['title', rule]];
    const list = properties.flatMap((pair) => pair ? [`${pair[0]}=${property(pair[1]!)}`] : []);
    return `::${severity} ${list.join(',')}::${commandText(message)}\n`;
  }).join('');
}

function commandText(value: string): string {
  return safe(value.replaceAll('\r', '\n')).replaceAll('%', '%25').replaceAll('\n', '%0A');
}

function property(value: string): string {
  return commandText(value).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
