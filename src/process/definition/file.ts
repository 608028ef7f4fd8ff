import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../base/errors.ts';
import { withoutUndefined } from '../../base/json.ts';
import { parseDataFile, readDataFile, type DataFileKind } from '../data-file.ts';
import type {
  ActionDefinition,
  DataShape,
  ProcessDefinition,
  TaskDefinition,
  WorkflowReference,
} from '../definition.ts';
import type { DefinitionFile } from './schema.ts';
import { validateDefinitionFile } from './validate.ts';

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
  return toDefinition(await parseDataFile(text, fileName, KIND, validateDefinitionFile));
}

function toDefinition(file: DefinitionFile): ProcessDefinition {
  return withoutUndefined({
    process: file.process,
    workflow: file.workflow && toWorkflow(file.workflow),
    webhook: file.webhook,
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
    actions: file.actions?.map((action) => {
      const { 'available-to': availableTo, workflow, input, ...rest } = action;
      // The validation checks which keys the type has.
      return withoutUndefined({
        ...rest,
        availableTo,
        workflow: workflow && toWorkflow(workflow),
        input: input && toShape(input),
      }) as ActionDefinition;
    }),
  });
}

function toWorkflow({ type, 'task-queue': taskQueue }: NonNullable<DefinitionFile['workflow']>): WorkflowReference {
  return { type, taskQueue };
}

type FileShape = NonNullable<DefinitionFile['metadata']>;

function toShape(shape: FileShape): DataShape {
  const { schema, 'ui-schema': uiSchema } = shape;
  return withoutUndefined({ schema, uiSchema });
}
