import { withoutUndefined } from '../../base/json.ts';
import type { WorkerDefinition, TaskDefinition } from '../definition.ts';
import { definitionFromFlags, type DefinitionFlags } from '../definition/from-flags.ts';
import type { SampleValue, WorkerSample } from './read.ts';

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
export async function definitionFromSample(
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
