import { usageError } from '../../base/errors.ts';
import { resolveSettings } from '../../settings/resolve.ts';
import type { WorkerProject } from '../../project/edit/open-project.ts';
import type { AdditionRequest } from '../../project/edit/addition.ts';
import type { LoadedProcess } from '../../discovery/load-process.ts';

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

/** The addition of a further process that was loaded. If the call names a code, the process must have it. Throws a usage error. */
export function processAddition(
  { definition, definitionSource: source, definitionNotes: notes = [] }: LoadedProcess,
  wanted: {
    readonly code: string | undefined;
    readonly queue: string;
    readonly isQueueGiven: boolean;
  },
): Extract<AdditionRequest, { kind: 'process' }> {
  const { code, queue, isQueueGiven } = wanted;
  const found = definition.process.code;
  if (code !== undefined && code !== found) {
    throw usageError(`The definition is of the process ${found}, not of ${code}`, [
      `Leave ${code} out, or name the file of ${code}`,
    ]);
  }
  if (!isQueueGiven) rejectOtherQueue(queue, definition.workflow.taskQueue, `task-queue of ${found}`);
  const workflow = { ...definition.workflow, taskQueue: queue };
  return { kind: 'process', definition: { ...definition, workflow }, source, notes };
}

/** The process of that code, which an earlier run may have left half done; undefined when the project has none. */
export function resumedProcess(project: WorkerProject, code: string | undefined): AdditionRequest | undefined {
  const process = project.processes.find(({ definition }) => definition.process.code === code);
  return process === undefined ? undefined : { kind: 'resumed-process', process };
}
