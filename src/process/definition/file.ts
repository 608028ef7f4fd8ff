import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../base/errors.ts';
import { isRecord, withoutUndefined } from '../../base/json.ts';
import { parseDataFile, readDataFile, type DataFileKind } from '../data-file.ts';
import type { ProcessDefinition, TaskDefinition } from '../definition.ts';
import type { DefinitionFile } from './schema.ts';
import { findDefinitionProblems } from './validate.ts';

export const DEFINITION_FILE = 'kuflow.process.yaml';

const ADDITIONAL_FOLDER = 'processes';
const ADDITIONAL_SUFFIX = '.process.yaml';

/** The definition file of the process with this slug, or without a slug, of the first process of a project. */
export function definitionFile(slug?: string): string {
  return slug === undefined ? DEFINITION_FILE : `${ADDITIONAL_FOLDER}/${slug}${ADDITIONAL_SUFFIX}`;
}

/** Whether a project has, or may get, a definition file at this path. */
export function isDefinitionFile(path: string): boolean {
  return path === DEFINITION_FILE || (path.startsWith(`${ADDITIONAL_FOLDER}/`) && path.endsWith(ADDITIONAL_SUFFIX));
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

/** The folders that can have definition files of the project in `folder`. */
export function definitionFolders(folder: string): readonly string[] {
  return [folder, join(folder, ADDITIONAL_FOLDER)];
}

/** Whether an entry of one of these folders is, or contains, a definition file. */
export function isDefinitionEntry(name: string): boolean {
  return name === DEFINITION_FILE || name === ADDITIONAL_FOLDER || name.endsWith(ADDITIONAL_SUFFIX);
}

const KIND: DataFileKind = {
  content: 'process definition',
  invalid: 'is not a valid process definition:',
  file: 'definition file',
  usualName: DEFINITION_FILE,
};

/**
 * Reads a definition file, YAML or JSON. Throws a KnownError that lists every problem as `file:line:column reason`:
 * syntax errors, duplicate keys and task codes, unknown keys and kinds (with a suggestion), wrong types and invalid JSON Schemas.
 */
export async function loadDefinition(path: string): Promise<ProcessDefinition> {
  return (await loadDefinitionText(path)).definition;
}

/** Like `loadDefinition`, with the text of the file. */
export async function loadDefinitionText(
  path: string,
): Promise<{ readonly definition: ProcessDefinition; readonly text: string }> {
  const text = await readDataFile(path, KIND);
  return { definition: await parseDefinition(text, path), text };
}

/** Like `loadDefinition`, for the text of a file. `fileName` is used in messages. */
export async function parseDefinition(text: string, fileName: string): Promise<ProcessDefinition> {
  const file = await parseDataFile<DefinitionFile>(text, fileName, KIND, findDefinitionProblems);
  // The validation checks which keys an action of its type has.
  return renameKeys({ ...file, $schema: undefined, tasks: file.tasks ?? [] }, KEYS) as ProcessDefinition;
}

/** The keys of a definition that its file spells differently. */
const FILE_KEYS: ReadonlyMap<string, string> = new Map([
  ['taskQueue', 'task-queue'],
  ['uiSchema', 'ui-schema'],
  ['contextData', 'context-data'],
  ['availableTo', 'available-to'],
]);
const KEYS: ReadonlyMap<string, string> = new Map([...FILE_KEYS].map(([key, inFile]) => [inFile, key]));
/** Keys whose values are copied unchanged. */
const SCHEMA_KEYS: ReadonlySet<string> = new Set(['schema', 'uiSchema', 'ui-schema']);

/** A definition, or a part of one, as it is written in a file. */
export function toFile(part: ProcessDefinition | TaskDefinition): unknown {
  return renameKeys(part, FILE_KEYS);
}

function renameKeys(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => renameKeys(item, names));
  if (!isRecord(value)) return value;
  return withoutUndefined(
    Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        names.get(key) ?? key,
        SCHEMA_KEYS.has(key) ? inner : renameKeys(inner, names),
      ]),
    ),
  );
}
