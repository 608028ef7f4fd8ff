import { usageError } from '../../base/errors.ts';
import type { WorkerProject } from '../../project/edit/open-project.ts';
import type { AdditionRequest } from '../../project/edit/addition.ts';
import type { LoadedProcess } from '../../discovery/load-process.ts';

/** Throws a usage error for a queue that the worker of the project does not poll. `source`: where that queue is named. */
export function rejectOtherQueue(queue: string, wanted: string, source: string): void {
  if (queue === wanted) return;
  throw usageError(`${source} ${wanted}: the worker of this project polls only the task queue ${queue}`, [
    `Set the task queue of the process in the KuFlow app to ${queue}, and omit --task-queue`,
    `Or create a separate worker for ${wanted}: npx create-kuflow-worker`,
  ]);
}

/** The addition of a further process that was loaded. If the call names a code, the process must have it. Throws a usage error. */
export function processAddition(
  { definition, definitionSource: source, definitionNotes: notes = [], definitionText }: LoadedProcess,
  wanted: {
    readonly code: string | undefined;
    readonly queue: string;
    readonly isQueueGiven: boolean;
  },
): Extract<AdditionRequest, { kind: 'process' }> {
  const { code, queue, isQueueGiven } = wanted;
  const found = definition.process.code;
  if (code !== undefined && code !== found) {
    throw usageError(`The definition describes the process ${found}, not ${code}`, [
      `Omit ${code}, or pass the definition file of ${code}`,
    ]);
  }
  if (!isQueueGiven) rejectOtherQueue(queue, definition.workflow.taskQueue, `task-queue of ${found}`);
  const workflow = { ...definition.workflow, taskQueue: queue };
  const text = queue === definition.workflow.taskQueue ? definitionText : undefined;
  return { kind: 'process', definition: { ...definition, workflow }, source, notes, text };
}

/** A process that the project already has, to complete what an earlier run left; undefined if it does not have one with this code. */
export function resumedProcess(project: WorkerProject, code: string | undefined): AdditionRequest | undefined {
  const process = project.processes.find(({ definition }) => definition.process.code === code);
  return process === undefined ? undefined : { kind: 'resumed-process', process };
}
