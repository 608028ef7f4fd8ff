import { Document, isMap, isNode, isScalar, isSeq } from 'yaml';
import type { ScalarTag } from 'yaml';
import { KnownError } from '../../base/errors.ts';
import { hasHiddenCharacters, yamlComment, yamlString } from '../../text/yaml.ts';
import { validateDefinitionFile } from './form.ts';
import type { DefinitionFile } from './schema.ts';
import type { DataShape, ProcessDefinition, TaskDefinition } from '../definition.ts';

const MOST_PROBLEMS = 50;

type FileShape = NonNullable<DefinitionFile['metadata']>;

export interface RenderOptions {
  /** What editors get the file's JSON Schema from: a path relative to the file, or an address. */
  readonly schemaPath?: string;
  /** Lines of comment at the top, for instance the evidence of a discovery. */
  readonly notes?: readonly string[];
  /** Lines of comment before a task, by code. */
  readonly taskNotes?: ReadonlyMap<string, readonly string[]>;
}

/** The text of a definition file that parses to that definition again. */
export function renderDefinition(definition: ProcessDefinition, options: RenderOptions = {}): string {
  const document = newDocument(toFile(definition));
  const schemaPath = options.schemaPath ?? './node_modules/create-kuflow-worker/schemas/kuflow.process.schema.json';
  document.commentBefore = comment([`yaml-language-server: $schema=${schemaPath}`, ...(options.notes ?? [])]);
  if (isMap(document.contents)) {
    for (const [at, pair] of document.contents.items.entries()) {
      if (at > 0 && isScalar(pair.key)) pair.key.spaceBefore = true;
      if (!isScalar(pair.key) || pair.key.value !== 'tasks' || !isSeq(pair.value)) continue;
      for (const [index, task] of pair.value.items.entries()) {
        if (!isNode(task)) continue;
        task.spaceBefore = index > 0;
        const notes = options.taskNotes?.get(definition.tasks[index]?.code ?? '');
        if (notes !== undefined && notes.length > 0) task.commentBefore = comment(notes);
      }
    }
  }
  return document.toString({ lineWidth: 0 });
}

/** One task as it stands in the list of a definition file, from `- code: …` on. */
export function renderTask(task: TaskDefinition): string {
  return newDocument([fromTask(task)]).toString({ lineWidth: 0 });
}

function newDocument(value: unknown): Document {
  return new Document(value, { aliasDuplicateObjects: false, customTags: (tags) => [VISIBLE, ...tags] });
}

/**
 * The checks of a definition file for a definition that came another way, from KuFlow or from options. Throws a KnownError that lists
 * every problem.
 */
export async function checkDefinition(definition: ProcessDefinition): Promise<void> {
  const result = await validateDefinitionFile(toFile(definition));
  if (result.kind === 'good') return;
  const reasons = [...new Set(result.problems.map(({ reason }) => reason))];
  const shown = reasons.length > MOST_PROBLEMS ? [...reasons.slice(0, MOST_PROBLEMS), '…'] : reasons;
  throw new KnownError({
    message: `The process can't be written as a process definition:\n${shown.map((reason) => `  ${reason}`).join('\n')}`,
    seen: 'nothing was written',
    next: ['Describe the process in a file, without what is named, and give that: --definition FILE'],
  });
}

/**
 * Text with hidden characters is written escaped, so that whoever reviews the file sees them; so is text with a line of
 * spaces only, which the library's block scalars lose.
 */
const VISIBLE: ScalarTag = {
  tag: 'tag:yaml.org,2002:str',
  default: true,
  identify: (value) =>
    typeof value === 'string' && (hasHiddenCharacters(value.replaceAll('\n', '')) || /^[ \t]+$/m.test(value)),
  resolve: (text) => text,
  test: /^(?!)/,
  stringify: (item) => yamlString(String(item.value)),
};

function comment(lines: readonly string[]): string {
  return lines.map((line) => ` ${yamlComment(line)}`).join('\n');
}

function fromShape(shape: DataShape): FileShape {
  return { schema: shape.schema, ...(shape.uiSchema === undefined ? {} : { 'ui-schema': shape.uiSchema }) };
}

function toFile(definition: ProcessDefinition): DefinitionFile {
  const { process, workflow, metadata, entity, tasks } = definition;
  return {
    process,
    workflow: { type: workflow.type, 'task-queue': workflow.taskQueue },
    ...(metadata === undefined ? {} : { metadata: fromShape(metadata) }),
    ...(entity === undefined ? {} : { entity: fromShape(entity) }),
    tasks: tasks.map(fromTask),
  };
}

function fromTask({ data, contextData, ...rest }: TaskDefinition): NonNullable<DefinitionFile['tasks']>[number] {
  return {
    ...rest,
    ...(data === undefined ? {} : { data: fromShape(data) }),
    ...(contextData === undefined ? {} : { 'context-data': fromShape(contextData) }),
  };
}
