import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { withoutUndefined } from '../base/json.ts';
import type { ProcessSpec } from '../languages/project-spec.ts';
import { loadDefinitionText } from '../process/definition/file.ts';
import {
  applyTaskChanges,
  definitionFromFlags,
  type DefinitionFlags,
  type TaskChanges,
} from '../process/definition/from-flags.ts';
import {
  requireWorkflow,
  type ProcessDefinition,
  type TaskDefinition,
  type WorkerDefinition,
} from '../process/definition.ts';
import { sampleDefinition } from '../process/sample.ts';
import type { SampleValue, WorkerSample } from '../process/worker-sample/read.ts';
import type { DiscoveredProcess } from './types.ts';

/** Where a process definition comes from. Overrides replace what the source says. */
export type ProcessSource =
  | { readonly kind: 'sample'; readonly overrides: DefinitionOverrides }
  | { readonly kind: 'file'; readonly path: string; readonly overrides: DefinitionOverrides }
  | { readonly kind: 'flags'; readonly flags: DefinitionFlags }
  | {
      readonly kind: 'worker-sample';
      /** A zip archive or a folder. */
      readonly path: string;
      /** The sample, if it was already read. */
      readonly sample?: WorkerSample | undefined;
      /** What the sample does not say, and what replaces what it says. */
      readonly flags: Omit<DefinitionFlags, 'tasks'>;
      readonly overrides: Pick<DefinitionOverrides, 'tasks'>;
    }
  | {
      readonly kind: 'api';
      readonly code: string;
      /** Number of instances to read for the shapes of their data. */
      readonly sample?: number | undefined;
      readonly overrides: DefinitionOverrides;
    };

export interface DefinitionOverrides {
  readonly taskQueue?: string | undefined;
  readonly workflowType?: string | undefined;
  readonly processId?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly tasks?: TaskChanges | undefined;
}

/**
 * Loads a process definition from its source; file names are relative to `cwd`. Rejects with a KnownError that says what is wrong with the source.
 * `discovered`: the process as it was read, if the source is the API.
 */
export async function loadProcess(
  source: ProcessSource,
  cwd: string,
  discovered?: DiscoveredProcess,
): Promise<ProcessSpec> {
  let definition: ProcessDefinition;
  let notes: readonly string[] = [];
  let text: string | undefined;
  if (source.kind === 'sample') definition = sampleDefinition();
  else if (source.kind === 'file') ({ definition, text } = await loadDefinitionText(resolve(cwd, source.path)));
  else if (source.kind === 'flags') definition = await definitionFromFlags(source.flags, cwd);
  else if (source.kind === 'worker-sample') {
    // Imported on demand: reading an archive needs a large package.
    const { readWorkerSample } = await import('../process/worker-sample/read.ts');
    const sample = source.sample ?? (await readWorkerSample(resolve(cwd, source.path)));
    definition = await definitionFromSample(sample, source.flags, cwd);
    notes = sample.notes;
  } else if (discovered === undefined) throw new Error('The process was not read from the API');
  else ({ definition, notes } = discovered);
  const overrides: DefinitionOverrides = source.kind === 'flags' ? {} : source.overrides;
  const { taskQueue, workflowType, processId, tenantId, tasks } = overrides;
  // The API tells neither of the two, so they are always given with an API source.
  const found = source.kind === 'api' ? { type: '', taskQueue: '' } : requireWorkflow(definition).workflow;
  const workflow = { type: workflowType ?? found.type, taskQueue: taskQueue ?? found.taskQueue };
  const complete = { ...definition, workflow };
  const changed = {
    ...(tasks === undefined ? complete : applyTaskChanges(complete, tasks)),
    process: {
      ...definition.process,
      ...(processId === undefined ? {} : { id: processId }),
      ...(tenantId === undefined ? {} : { tenant: tenantId }),
    },
  };
  return {
    definition: changed,
    source: source.kind,
    notes,
    text: isDeepStrictEqual(changed, definition) ? text : undefined,
  };
}

/** The tasks of a worker sample. A task is a human task unless the sample says that it is a message or a thread. */
export function sampleTaskDefinitions({ tasks }: WorkerSample): readonly TaskDefinition[] {
  return tasks.map(({ code, kind, name }): TaskDefinition =>
    withoutUndefined({ code, kind: kind ?? ('human' as const), name }),
  );
}

const foundValue = (value: SampleValue): string | undefined => (value.kind === 'found' ? value.value : undefined);

/**
 * The process definition of a worker sample. `flags` give what the sample does not say; a task queue and a workflow type in them win. Files are
 * relative to `cwd`. Throws a usage error that lists every problem by option.
 */
async function definitionFromSample(
  sample: WorkerSample,
  flags: Omit<DefinitionFlags, 'tasks'>,
  cwd: string,
): Promise<WorkerDefinition> {
  const tasks = sampleTaskDefinitions(sample);
  const definition = await definitionFromFlags(
    {
      ...flags,
      taskQueue: flags.taskQueue ?? foundValue(sample.taskQueue),
      workflowType: flags.workflowType ?? foundValue(sample.workflowType),
      tasks: tasks.map(({ code, kind }) => `${code}:${kind}`),
    },
    cwd,
  );
  return { ...definition, tasks: definition.tasks.map((task, index) => ({ ...tasks[index], ...task })) };
}
