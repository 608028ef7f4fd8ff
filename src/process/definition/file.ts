import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { codeOf, KnownError, messageOf } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { withoutUndefined } from '../../base/json.ts';
import { MIB, readSmallFile } from '../../files/read.ts';
import { validateDefinitionFile } from './validate.ts';
import type { DefinitionFile } from './schema.ts';
import type { DataProblem } from './validate-schema.ts';
import type { DataShape, ProcessDefinition, TaskDefinition } from '../definition.ts';

export const DEFINITION_FILE = 'kuflow.process.yaml';

const ADDITIONAL_FOLDER = 'processes';
const ADDITIONAL_SUFFIX = '.process.yaml';

/** The definition file of the process with this slug, or without a slug, of the first process of a project. */
export function definitionFile(slug?: string): string {
  return slug === undefined ? DEFINITION_FILE : `${ADDITIONAL_FOLDER}/${slug}${ADDITIONAL_SUFFIX}`;
}

/** The definition files of the project in `folder`, relative to it: that of the first process, then the others by name. */
export async function listDefinitionFiles(folder: string): Promise<readonly string[]> {
  const names = async (path: string): Promise<readonly string[]> => {
    try {
      return (await readdir(path)).sort();
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return [];
      throw error;
    }
  };
  const first = (await names(folder)).filter((name) => name === DEFINITION_FILE);
  const further = (await names(join(folder, ADDITIONAL_FOLDER))).filter((name) => name.endsWith(ADDITIONAL_SUFFIX));
  return [...first, ...further.map((name) => `${ADDITIONAL_FOLDER}/${name}`)];
}

/** Limit for a definition file, and for a file with one of its schemas. */
export const LARGEST_DEFINITION_MIB = 4;
const MAX_PROBLEMS = 50;

interface Place {
  readonly offset: number;
  readonly reason: string;
}

/**
 * Reads a definition file, YAML or JSON. Throws a KnownError that lists every problem as `file:line:column reason`:
 * syntax errors, duplicate keys and task codes, unknown keys and kinds (with a suggestion), wrong types and invalid JSON Schemas.
 */
export async function loadDefinition(path: string): Promise<ProcessDefinition> {
  let bytes: Buffer;
  try {
    bytes = await readDefinitionFile(path);
  } catch (error) {
    if (error instanceof KnownError) throw error;
    const missing = codeOf(error) === 'ENOENT';
    throw new KnownError({
      message: missing
        ? `Definition file not found: ${escapeForTerminal(path)}`
        : `The definition file ${escapeForTerminal(path)} cannot be read`,
      tried: `read ${escapeForTerminal(path)}`,
      seen: escapeForTerminal(messageOf(error)),
      next: ['Check the path'],
      cause: error,
    });
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw invalidDefinitionError(path, [`${formatFileName(path)}:1:1 the file is not UTF-8 text`], error);
  }
  return await parseDefinition(text, path);
}

/** Like `loadDefinition`, for the text of a file. `fileName` is used in messages. */
export async function parseDefinition(text: string, fileName: string): Promise<ProcessDefinition> {
  if (text.length > LARGEST_DEFINITION_MIB * MIB) throw tooLargeError(fileName);
  const lines = new LineCounter();
  const located = (places: readonly Place[]): KnownError => {
    const rows = [...places]
      .sort((a, b) => a.offset - b.offset)
      .map(({ offset, reason }) => {
        const { line, col } = lines.linePos(offset);
        return `${formatFileName(fileName)}:${Math.max(line, 1)}:${Math.max(col, 1)} ${reason}`;
      });
    return invalidDefinitionError(fileName, [...new Set(rows)]);
  };
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const syntaxErrors = [...document.errors, ...document.warnings].map((error) => ({
      offset: error.pos[0],
      reason: error.code === 'DUPLICATE_KEY' ? 'duplicate key' : parserMessage(error),
    }));
    if (document.errors.some((error) => error.code !== 'DUPLICATE_KEY')) throw located(syntaxErrors);
    if (document.contents === null) throw located([{ offset: 0, reason: 'the file is empty' }]);
    const result = await validateDefinitionFile(document.toJS({ maxAliasCount: 100 }));
    if (result.kind === 'valid' && syntaxErrors.length === 0) return toDefinition(result.file);
    const problems = result.kind === 'invalid' ? result.problems : [];
    throw located([
      ...syntaxErrors,
      ...problems.map((problem) => ({ offset: findOffset(document, problem), reason: problem.reason })),
    ]);
  } catch (error) {
    if (error instanceof KnownError) throw error;
    // Unresolved or exponential aliases, and nesting beyond the stack.
    throw invalidDefinitionError(fileName, [`${formatFileName(fileName)}:1:1 ${parserMessage(error)}`], error);
  }
}

function toDefinition(file: DefinitionFile): ProcessDefinition {
  const { type, 'task-queue': taskQueue } = file.workflow;
  return withoutUndefined({
    process: file.process,
    workflow: { type, taskQueue },
    metadata: file.metadata && toShape(file.metadata),
    entity: file.entity && toShape(file.entity),
    tasks: (file.tasks ?? []).map((task): TaskDefinition => {
      const { data, 'context-data': contextData, ...rest } = task;
      return withoutUndefined({
        ...rest,
        data: data && toShape(data),
        contextData: contextData && toShape(contextData),
      });
    }),
  });
}

function parserMessage(error: unknown): string {
  const message = messageOf(error);
  return message.startsWith('Maximum call stack') ? 'the file is nested too deeply' : escapeForTerminal(message, 200);
}

type FileShape = NonNullable<DefinitionFile['metadata']>;

function toShape(shape: FileShape): DataShape {
  const { schema, 'ui-schema': uiSchema } = shape;
  return withoutUndefined({ schema, uiSchema });
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

async function readDefinitionFile(path: string): Promise<Buffer> {
  const content = await readSmallFile(path, LARGEST_DEFINITION_MIB * MIB);
  if (content.bytes !== undefined) return content.bytes;
  if (content.refused === 'too-large') throw tooLargeError(path);
  const isFolder = content.refused === 'folder';
  throw new KnownError({
    message: `${formatFileName(path)} is not a file`,
    tried: `read ${formatFileName(path)}`,
    seen: isFolder ? 'it is a folder' : 'it is not a regular file',
    next: [
      isFolder
        ? `Give the path of the file, for example ${formatFileName(join(path, DEFINITION_FILE))}`
        : 'Write the definition to a file, so that the command can be repeated',
    ],
  });
}

function tooLargeError(fileName: string): KnownError {
  return invalidDefinitionError(fileName, [
    `${formatFileName(fileName)}:1:1 the file is larger than ${LARGEST_DEFINITION_MIB} MiB, which is too large for a process definition`,
  ]);
}

function invalidDefinitionError(fileName: string, rows: readonly string[], cause?: unknown): KnownError {
  const listed =
    rows.length > MAX_PROBLEMS ? [...rows.slice(0, MAX_PROBLEMS), `… and ${rows.length - MAX_PROBLEMS} more`] : rows;
  return new KnownError({
    message: `${formatFileName(fileName)} is not a valid process definition:\n${listed.map((row) => `  ${row}`).join('\n')}`,
    next: ['Fix the problems listed above, then run the command again'],
    cause,
  });
}

function formatFileName(fileName: string): string {
  return escapeForTerminal(fileName, 300);
}
