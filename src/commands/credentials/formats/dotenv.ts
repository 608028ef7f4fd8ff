import { parseEnv } from 'node:util';
import { Secret } from '../../../base/secret.ts';
import { credentialEnvironment } from './environment.ts';
import { listKeyChanges, type FormatInput, type Formatted } from './format.ts';
import { cannotEditError, insertLines, splitTextFile } from '../../../files/text-file.ts';

const HEADER =
  '# Credentials of a KuFlow worker. Anyone who can read this file can act as the worker: keep it out of git, images and logs.';
/** Some versions of the Temporal SDK turn TLS off when they see it. */
const DISABLES_TLS = 'TEMPORAL_TLS';
const LEGACY = ['', '_DATA'].flatMap((end) => ['CERT', 'KEY', 'CA'].map((part) => `TEMPORAL_TLS_${part}${end}`));

/**
 * The text of an environment file with the variables of the set. Node (`--env-file`), the `dotenv` package and a POSIX
 * shell (`set -a; . FILE`) read the same values from it. If a variable of the set is assigned twice, only the last
 * assignment stays. Throws a KnownError.
 */
export function formatDotenv(input: FormatInput): Formatted {
  const { set, existing, name, paths } = input;
  const { mark, text, lineEnd } = splitTextFile(existing);
  const values = new Map(Object.entries(credentialEnvironment(set, paths)));
  const assignments = parseAssignments(text);
  const unclosed = assignments.find(({ isUnclosed }) => isUnclosed);
  if (unclosed !== undefined) {
    const line = text.slice(0, unclosed.start).split('\n').length;
    throw cannotEditError(
      name,
      `the value in line ${line} has no closing quote`,
      'Add the quote, or choose another file',
    );
  }
  const old = parseVariables(text);
  let edited = text.trim() === '' && existing === undefined ? HEADER + lineEnd : text;
  for (const [key, value] of values) edited = setVariable(edited, key, value, lineEnd, name);
  const repeated = [...values]
    .filter(([key, value]) => old[key] === value && assignments.filter((one) => one.key === key).length > 1)
    .map(([key]) => ({ kind: 'changed', key }) as const);
  checkReadBack(parseVariables(edited), old, values, name);
  return {
    text: new Secret(mark + edited),
    changes: [...listKeyChanges(values, (key) => old[key]), ...repeated],
    notes: listNotes(old, input),
  };
}

function parseVariables(text: string): Readonly<Record<string, string>> {
  return { ...(parseEnv(text) as Record<string, string>) };
}

/** Node joins some lines with the next line (see `findInsertPosition`), and then misses a variable there. */
function checkReadBack(
  read: Readonly<Record<string, string>>,
  old: Readonly<Record<string, string>>,
  values: ReadonlyMap<string, string | undefined>,
  name: string,
): void {
  const others = Object.entries(old).filter(([key]) => /^[\w.-]+$/.test(key) && !values.has(key));
  const misread = [...values, ...others].find(([key, value]) => read[key] !== value);
  if (misread === undefined) return;
  const next =
    'Remove or comment out lines that are not assignments (including lines of spaces), remove spaces after an = without a value, or choose another file';
  throw cannotEditError(name, `Node would not read ${misread[0]} correctly from this file`, next);
}

function listNotes(old: Readonly<Record<string, string>>, { set, name }: FormatInput): readonly string[] {
  const legacy = LEGACY.filter((key) => old[key] !== undefined);
  return [
    ...(old[DISABLES_TLS] === undefined
      ? []
      : [
          `${name} sets ${DISABLES_TLS}, which turns TLS off in some versions of the Temporal SDK. Remove it; the certificate turns TLS on`,
        ]),
    ...(legacy.length === 0
      ? []
      : [`${name} sets ${legacy.join(', ')}, which the Temporal CLI uses instead of these credentials. Remove them`]),
    ...(set.token === undefined && old['TEMPORAL_API_KEY'] !== undefined
      ? [`TEMPORAL_API_KEY in ${name} is unchanged; add --with-token to renew the token`]
      : []),
  ];
}

/** Positions of an assignment in the text. */
interface Assignment {
  readonly key: string;
  readonly start: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Whether the value has an opening quote without a closing one. */
  readonly isUnclosed: boolean;
  /** Start of the next line. */
  readonly end: number;
}

const ASSIGNMENT = /[^\S\r\n]*(?:export[^\S\r\n]+)?([\w.-]+)[^\S\r\n]*=[^\S\r\n]*/y;

function parseAssignments(text: string): readonly Assignment[] {
  const assignments: Assignment[] = [];
  for (let at = 0; at < text.length;) {
    ASSIGNMENT.lastIndex = at;
    const match = ASSIGNMENT.exec(text);
    const valueStart = at + (match?.[0].length ?? 0);
    const closed = match === null ? undefined : findQuotedEnd(text, valueStart);
    const valueEnd = closed ?? findUnquotedEnd(text, valueStart);
    const end = nextLineStart(text, valueEnd);
    const isUnclosed = closed === undefined && /["'`]/.test(text[valueStart] ?? '');
    if (match?.[1] !== undefined) assignments.push({ key: match[1], start: at, valueStart, valueEnd, isUnclosed, end });
    at = end;
  }
  return assignments;
}

function nextLineStart(text: string, position: number): number {
  const lineBreak = text.indexOf('\n', position);
  return lineBreak === -1 ? text.length : lineBreak + 1;
}

function findQuotedEnd(text: string, start: number): number | undefined {
  const quote = text[start] ?? '';
  if (quote === '' || !'"\'`'.includes(quote)) return undefined;
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\' && quote === '"') at += 1;
    else if (text[at] === quote) return at + 1;
  }
  return undefined;
}

function findUnquotedEnd(text: string, start: number): number {
  const line = text.slice(start, nextLineStart(text, start));
  return start + line.replace(/(?:^|\s)\s*#.*\s*$/, '').trimEnd().length;
}

/**
 * Where to insert new variables: at the end, or before the lines at the end that a version of Node would join with the next line. Node 20
 * joins lines that are not assignments, and newer versions join assignments of only blanks.
 */
function findInsertPosition(text: string): number {
  const isBlank = ({ valueStart, valueEnd }: Assignment): boolean =>
    valueStart === valueEnd && /[^\S\r\n]/.test(text[valueStart - 1] ?? '');
  let at = parseAssignments(text).findLast((assignment) => !isBlank(assignment))?.end ?? 0;
  while (at < text.length) {
    const end = nextLineStart(text, at);
    const line = text.slice(at, end).replace(/\r?\n$/, '');
    // Node ignores blanks at the start of a file, but not after a line break.
    const read = at === 0 ? line.trimStart() : line;
    if (read !== '' && !read.startsWith('#')) return at;
    at = end;
  }
  return text.length;
}

function setVariable(text: string, key: string, value: string | undefined, lineEnd: string, name: string): string {
  const assignments = parseAssignments(text).filter((assignment) => assignment.key === key);
  const last = assignments.at(-1);
  let edited = text;
  // From the end, so that earlier positions stay valid.
  for (const assignment of assignments.toReversed()) {
    if (assignment === last && value !== undefined) {
      if (parseVariables(text)[key] === value) continue;
      const quoted = quoteValue(key, value, name).replaceAll('\n', lineEnd);
      edited = edited.slice(0, assignment.valueStart) + quoted + edited.slice(assignment.valueEnd);
    } else edited = edited.slice(0, assignment.start) + edited.slice(assignment.end);
  }
  if (value === undefined || last !== undefined) return edited;
  return insertLines(edited, findInsertPosition(edited), `${key}=${quoteValue(key, value, name)}`, lineEnd);
}

const PLAIN = /^[\w%+,./:@-]+$/;

/** Chooses quotes, if any, that all three readers interpret the same way. */
function quoteValue(key: string, value: string, name: string): string {
  if (PLAIN.test(value)) return value;
  if (!/["$`\\!]/.test(value) && !value.includes('\r')) return `"${value}"`;
  // The `dotenv` package reads `\'` as a quote in the value.
  if (!/['\r]|\\$/.test(value)) return `'${value}'`;
  throw cannotEditError(name, `the value of ${key} cannot be quoted for every reader`, 'Use another format');
}
