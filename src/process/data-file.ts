import { join } from 'node:path';
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, YAMLError } from 'yaml';
import { codeOf, KnownError, messageOf } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { capitalize } from '../base/identifiers.ts';
import { MIB, readSmallFile } from '../files/read.ts';
import type { DataProblem } from './data-problem.ts';

/** What a file describes, for its messages. */
export interface DataFileKind {
  /** Such as `process definition`. */
  readonly content: string;
  /** The rest of a message that begins with the name of the file, before a list of problems. */
  readonly invalid: string;
  /** Such as `definition file`. */
  readonly file: string;
  /** Name of the file in a project. */
  readonly usualName: string;
}

/** Limit for a file with data, and for a file with one of the schemas in it. */
export const LARGEST_DATA_FILE_MIB = 4;
const MAX_PROBLEMS = 50;
/** One syntax error often causes many others. */
const MAX_SYNTAX_ERRORS = 3;

/** What is wrong in a file; lines and columns start at 1. */
export interface LocatedProblem {
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

/** The content of a file is not valid. */
export class InvalidFileError extends KnownError {
  readonly problems: readonly LocatedProblem[];

  constructor(
    fileName: string,
    kind: DataFileKind,
    problems: readonly LocatedProblem[],
    { cause, limit = MAX_PROBLEMS }: { readonly cause?: unknown; readonly limit?: number | undefined } = {},
  ) {
    const name = formatFileName(fileName);
    const rows = [...new Set(problems.map(({ line, column, reason }) => `${name}:${line}:${column} ${reason}`))];
    const listed = rows.length > limit ? [...rows.slice(0, limit), `(and ${rows.length - limit} more)`] : rows;
    super({
      message: `${name} ${kind.invalid}\n${listed.map((row) => `  ${row}`).join('\n')}`,
      next: ['Fix the problems listed above, then run the command again'],
      cause,
    });
    this.problems = problems;
  }
}

interface Place {
  readonly offset: number;
  readonly reason: string;
}

/** Reads the text of a YAML or JSON file. Throws a KnownError if it is missing, too large, not a file or not UTF-8. */
export async function readDataFile(path: string, kind: DataFileKind): Promise<string> {
  const content = await readSmallFile(path, LARGEST_DATA_FILE_MIB * MIB).catch((error: unknown): never => {
    const missing = codeOf(error) === 'ENOENT';
    throw new KnownError({
      message: missing
        ? `${capitalize(kind.file)} not found: ${escapeForTerminal(path)}`
        : `The ${kind.file} ${escapeForTerminal(path)} cannot be read`,
      ...(missing ? {} : { tried: `read ${escapeForTerminal(path)}`, seen: escapeForTerminal(messageOf(error)) }),
      next: [`Check the path. In a project, the ${kind.file} is named ${kind.usualName}`],
      cause: error,
    });
  });
  if (content.bytes === undefined) throw refusedError(path, content.refused, kind);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content.bytes);
  } catch (error) {
    throw new InvalidFileError(path, kind, [atStart('the file is not UTF-8 text')], { cause: error });
  }
}

/**
 * Parses the text of a YAML or JSON file whose content is `T` if `findProblems` does not find any. `fileName` is used in messages. Throws a
 * KnownError that lists every problem as `file:line:column reason`.
 */
export async function parseDataFile<T>(
  text: string,
  fileName: string,
  kind: DataFileKind,
  findProblems: (value: unknown) => readonly DataProblem[] | Promise<readonly DataProblem[]>,
): Promise<T> {
  if (text.length > LARGEST_DATA_FILE_MIB * MIB) throw tooLargeError(fileName, kind);
  const lines = new LineCounter();
  const located = (places: readonly Place[], limit?: number): KnownError => {
    const problems = [...places]
      .sort((a, b) => a.offset - b.offset)
      .map(({ offset, reason }) => {
        const { line, col } = lines.linePos(offset);
        return { line: Math.max(line, 1), column: Math.max(col, 1), reason };
      });
    return new InvalidFileError(fileName, kind, problems, { limit });
  };
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const syntaxErrors = [...document.errors, ...document.warnings].map((error) => ({
      offset: error.pos[0],
      reason: syntaxReason(error),
    }));
    if (document.errors.some((error) => error.code !== 'DUPLICATE_KEY')) throw located(syntaxErrors, MAX_SYNTAX_ERRORS);
    if (document.contents === null) throw located([{ offset: 0, reason: 'the file is empty' }]);
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    const problems = await findProblems(value);
    if (problems.length === 0 && syntaxErrors.length === 0) return value as T;
    throw located([
      ...syntaxErrors,
      ...problems.map((problem) => ({ offset: findOffset(document, problem), reason: problem.reason })),
    ]);
  } catch (error) {
    if (error instanceof KnownError) throw error;
    // Unresolved or exponential aliases, and nesting beyond the stack.
    throw new InvalidFileError(fileName, kind, [atStart(parserMessage(error))], { cause: error });
  }
}

/** Plain words for the parser's most frequent errors, whose messages take knowledge of YAML's grammar. */
const SYNTAX_REASONS: Partial<Record<YAMLError['code'], string>> = {
  BAD_INDENT: 'the indentation does not match the lines above, or a [ or { is not closed',
  BAD_SCALAR_START: 'a value that starts with this character must be in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second colon in the line; if it belongs to the value, put the value in quotes',
  MULTILINE_IMPLICIT_KEY: 'expected a key and a colon',
  TAB_AS_INDENT: 'the line is indented with a tab; use spaces',
};

function missingCharacter({ message }: YAMLError): string | undefined {
  if (message.startsWith('Missing closing')) return 'a closing quote is missing';
  return message.startsWith('Implicit map keys') ? 'a colon is missing after the key' : undefined;
}

function syntaxReason(error: YAMLError): string {
  if (error.code === 'DUPLICATE_KEY') return 'duplicate key';
  return `invalid YAML: ${SYNTAX_REASONS[error.code] ?? missingCharacter(error) ?? parserMessage(error)}`;
}

function parserMessage(error: unknown): string {
  const message = messageOf(error);
  return message.startsWith('Maximum call stack') ? 'the file is nested too deeply' : escapeForTerminal(message, 200);
}

/** Offset of a problem in the text: of the key if that is wrong or its value is a map or list, otherwise of the value. */
function findOffset(document: Document.Parsed, problem: DataProblem): number {
  let here: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const step of problem.key === undefined ? problem.path : [...problem.path, problem.key]) {
    const parent = isAlias(here) ? here.resolve(document) : here;
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => (isScalar(key) ? String(key.value) : String(key)) === step);
      if (pair === undefined) break;
      offset = startOffset(pair.key) ?? offset;
      here = pair.value;
    } else if (isSeq(parent)) {
      here = parent.items[Number(step)];
      offset = startOffset(here) ?? offset;
    } else break;
  }
  return problem.key === undefined && isScalar(here) ? (startOffset(here) ?? offset) : offset;
}

function startOffset(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function refusedError(path: string, refused: 'folder' | 'special' | 'too-large', kind: DataFileKind): KnownError {
  if (refused === 'too-large') return tooLargeError(path, kind);
  const isFolder = refused === 'folder';
  return new KnownError({
    message: `${formatFileName(path)} is not a file`,
    tried: `read ${formatFileName(path)}`,
    seen: isFolder ? 'it is a folder' : 'it is not a regular file',
    next: [
      isFolder
        ? `Give the path of the file, for example ${formatFileName(join(path, kind.usualName))}`
        : 'Write it to a file, so that the command can be repeated',
    ],
  });
}

function tooLargeError(fileName: string, kind: DataFileKind): KnownError {
  const reason = `the file is larger than ${LARGEST_DATA_FILE_MIB} MiB, which is too large for a ${kind.content}`;
  return new InvalidFileError(fileName, kind, [atStart(reason)]);
}

const atStart = (reason: string): LocatedProblem => ({ line: 1, column: 1, reason });

function formatFileName(fileName: string): string {
  return escapeForTerminal(fileName, 300);
}
