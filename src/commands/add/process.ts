import { usageError } from '../../base/errors.ts';
import { resolveSettings } from '../../settings/resolve.ts';
import type { WorkerProject } from '../../project/edit/open-project.ts';
import type { AdditionRequest } from '../../project/edit/addition.ts';
import { findDefinition, type DefinitionRequest, type FindDependencies } from '../create/load-definition.ts';

/**
 * The task queue that the worker of a project polls: what its application files say, else the definition of its first process. One worker polls
 * one queue, so every process of a project has this one.
 */
export async function projectTaskQueue(project: WorkerProject): Promise<string> {
  const { settings } = await resolveSettings({
    env: {},
    files: { dir: project.folder },
    required: [],
    cwd: project.folder,
  });
  return settings['temporal.kuflow-queue']?.value ?? project.processes[0].definition.workflow.taskQueue;
}

/** Throws a usage error for a queue that the worker of the project does not poll; `source` says who wants it. */
export function rejectOtherQueue(queue: string, wanted: string, source: string): void {
  if (queue === wanted) return;
  throw usageError(
    `${source} ${wanted}: the worker of this project polls one task queue, ${queue}, and every process of it has that one`,
    [
      `Enter ${queue} as the task queue of the process in KuFlow's app, and leave --task-queue out`,
      `Or make a worker of its own for ${wanted}: npx create-kuflow-worker`,
    ],
  );
}

/** What a request says about a further process. `code`, when given, has to be what is found. Rejects with a KnownError. */
export async function processAddition(
  wanted: {
    readonly definition: DefinitionRequest;
    readonly code?: string;
    readonly queue: string;
    readonly isQueueGiven: boolean;
  },
  deps: FindDependencies,
): Promise<AdditionRequest> {
  const { definition: request, code, queue, isQueueGiven } = wanted;
  const { definition, source, notes } = await findDefinition(request, deps);
  const found = definition.process.code;
  if (code !== undefined && code !== found) {
    throw usageError(`The definition is of the process ${found}, not of ${code}`, [
      `Leave ${code} out, or name the file of ${code}`,
    ]);
  }
  if (!isQueueGiven) rejectOtherQueue(queue, definition.workflow.taskQueue, `task-queue of ${found}`);
  return {
    kind: 'process',
    definition: { ...definition, workflow: { ...definition.workflow, taskQueue: queue } },
    source,
    notes,
  };
}

/** The process of that code, which an earlier run may have left half done; undefined when the project has none. */
export function resumedProcess(project: WorkerProject, code: string | undefined): AdditionRequest | undefined {
  const process = project.processes.find(({ definition }) => definition.process.code === code);
  return process === undefined ? undefined : { kind: 'resumed-process', process };
}
