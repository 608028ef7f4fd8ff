import { parseEnv } from 'node:util';
import { Secret } from '../../../base/secret.ts';
import { credentialEnvironment } from './environment.ts';
import { listKeyChanges, type FormatInput, type Formatted } from './format.ts';
import { cannotEdit, insertLines, textFile } from '../../../files/text-file.ts';

const HEADER =
  '# Credentials of a KuFlow worker. Whoever can read this file can act as the worker: keep it out of git, images and logs.';
const BUGGED = 'TEMPORAL_TLS';
const LEGACY = ['', '_DATA'].flatMap((end) => ['CERT', 'KEY', 'CA'].map((part) => `TEMPORAL_TLS_${part}${end}`));

/**
 * The text of an environment file with the variables of the set. Node (`--env-file`), the `dotenv` package and a POSIX shell (`set -a; . FILE`) read
 * the same values from it. A variable of ours that stands twice is left once, where it counts. Throws a KnownError.
 */
export function formatDotenv(input: FormatInput): Formatted {
  const { set, existing, name, paths } = input;
  const { mark, text, lineEnd } = textFile(existing);
  const values = new Map(Object.entries(credentialEnvironment(set, paths)));
  const before = new Map<string, string>();
  const open = assignmentsOf(text).find(({ isOpen }) => isOpen);
  if (open !== undefined) {
    const line = text.slice(0, open.start).split('\n').length;
    throw cannotEdit(name, `the quote of the value in line ${line} is not closed`, 'Close it, or name another file');
  }
  const old = variablesOf(text);
  for (const key of values.keys()) if (old[key] !== undefined) before.set(key, old[key]);
  let now = text.trim() === '' && existing === undefined ? HEADER + lineEnd : text;
  for (const [key, value] of values) now = withVariable(now, key, value, lineEnd, name);
  const doubled = [...before]
    .filter(
      ([key, value]) => values.get(key) === value && assignmentsOf(text).filter((own) => own.key === key).length > 1,
    )
    .map(([key]) => ({ kind: 'changed', key }) as const);
  checkReadBack(variablesOf(now), old, values, name);
  return {
    text: new Secret(mark + now),
    changes: [...listKeyChanges(before, values), ...doubled],
    notes: notesOf(old, input),
  };
}

function variablesOf(text: string): Readonly<Record<string, string>> {
  return { ...(parseEnv(text) as Record<string, string>) };
}

/** Node joins a line that is no assignment with the next one, and would not find a variable of ours there. */
function checkReadBack(
  read: Readonly<Record<string, string>>,
  old: Readonly<Record<string, string>>,
  values: ReadonlyMap<string, string | undefined>,
  name: string,
): void {
  const foreign = Object.entries(old).filter(([key]) => /^[\w.-]+$/.test(key) && !values.has(key));
  const wrong = [...values, ...foreign].find(([key, value]) => read[key] !== value);
  if (wrong === undefined) return;
  const next = 'Remove or comment out the lines that assign nothing (such as hold only blanks), or name another file';
  throw cannotEdit(name, `Node would not read ${wrong[0]} from it as it stands`, next);
}

function notesOf(old: Readonly<Record<string, string>>, { set, name }: FormatInput): readonly string[] {
  const legacy = LEGACY.filter((key) => old[key] !== undefined);
  return [
    ...(old[BUGGED] === undefined
      ? []
      : [
          `${BUGGED} stands in ${name}: some versions of Temporal's SDK turn TLS off by it; remove it, the certificate turns TLS on`,
        ]),
    ...(legacy.length === 0
      ? []
      : [`${legacy.join(', ')} in ${name} stand over these for Temporal's command: remove them`]),
    ...(set.token === undefined && old['TEMPORAL_API_KEY'] !== undefined
      ? [`TEMPORAL_API_KEY in ${name} is as it was: a token is only renewed with --with-token`]
      : []),
  ];
}

/** An assignment in the text: where it starts and its line ends, and where its value stands. */
interface Assignment {
  readonly key: string;
  readonly start: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Whether it begins with a quote that nothing closes. */
  readonly isOpen: boolean;
  /** Start of the line after it. */
  readonly end: number;
}

const ASSIGNMENT = /[^\S\r\n]*(?:export[^\S\r\n]+)?([\w.-]+)[^\S\r\n]*=[^\S\r\n]*/y;

function assignmentsOf(text: string): readonly Assignment[] {
  const found: Assignment[] = [];
  for (let at = 0; at < text.length;) {
    ASSIGNMENT.lastIndex = at;
    const match = ASSIGNMENT.exec(text);
    const valueStart = at + (match?.[0].length ?? 0);
    const closed = match === null ? undefined : endOfQuoted(text, valueStart);
    const valueEnd = closed ?? endOfPlain(text, valueStart);
    const end = lineAfter(text, valueEnd);
    const isOpen = closed === undefined && /["'`]/.test(text[valueStart] ?? '');
    if (match?.[1] !== undefined) found.push({ key: match[1], start: at, valueStart, valueEnd, isOpen, end });
    at = end;
  }
  return found;
}

function lineAfter(text: string, place: number): number {
  const lineBreak = text.indexOf('\n', place);
  return lineBreak === -1 ? text.length : lineBreak + 1;
}

function endOfQuoted(text: string, start: number): number | undefined {
  const quote = text[start] ?? '';
  if (quote === '' || !'"\'`'.includes(quote)) return undefined;
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\' && quote === '"') at += 1;
    else if (text[at] === quote) return at + 1;
  }
  return undefined;
}

function endOfPlain(text: string, start: number): number {
  const line = text.slice(start, lineAfter(text, start));
  return start + line.replace(/(?:^|\s)\s*#.*\s*$/, '').trimEnd().length;
}

/** Where new variables go: the end, or before the first line after the last assignment that Node would take for a part of what follows. */
function placeForNew(text: string): number {
  let at = assignmentsOf(text).at(-1)?.end ?? 0;
  while (at < text.length) {
    const end = lineAfter(text, at);
    const line = text.slice(at, end).replace(/\r?\n$/, '');
    if (line !== '' && !line.startsWith('#')) return at;
    at = end;
  }
  return text.length;
}

function withVariable(text: string, key: string, value: string | undefined, lineEnd: string, name: string): string {
  const own = assignmentsOf(text).filter((assignment) => assignment.key === key);
  const last = own.at(-1);
  let now = text;
  // From the end, so that the places before stay right.
  for (const assignment of [...own].reverse()) {
    if (assignment === last && value !== undefined) {
      if (variablesOf(text)[key] === value) continue;
      const written = quoted(key, value, name).replaceAll('\n', lineEnd);
      now = now.slice(0, assignment.valueStart) + written + now.slice(assignment.valueEnd);
    } else now = now.slice(0, assignment.start) + now.slice(assignment.end);
  }
  if (value === undefined || last !== undefined) return now;
  return insertLines(now, placeForNew(now), `${key}=${quoted(key, value, name)}`, lineEnd);
}

const PLAIN = /^[\w%+,./:@-]+$/;

/** In the quotes, if any, in which all three readers see the same. */
function quoted(key: string, value: string, name: string): string {
  if (PLAIN.test(value)) return value;
  if (!/["$`\\!]/.test(value) && !value.includes('\r')) return `"${value}"`;
  if (!/['\\\r]/.test(value)) return `'${value}'`;
  throw cannotEdit(name, `no quotes hold the value of ${key} for every reader`, 'Use another format');
}
