import type { JsonObject } from '../../../base/json.ts';
import type { KuFlowClient } from '../../../kuflow/client.ts';
import { formatValueErrors } from '../../../platform/client/given-data.ts';
import type { SimulationAnswers } from './answers.ts';
import { SimulationFailure, toBlockedItem } from './simulation-failure.ts';

export interface CompletedProcess {
  readonly user: KuFlowClient;
  readonly processId: string;
  readonly answers: SimulationAnswers;
  /** The metadata that the process was started with. */
  readonly metadata: JsonObject | undefined;
}

/** Checks the data of all completed tasks: the worker completes system tasks, and may change data after a task was completed. */
export async function checkCompletedTasks({ user, processId }: CompletedProcess): Promise<void> {
  for await (const listed of user.items('findProcessItems', { processId: [processId], type: ['TASK'] })) {
    if (listed.task?.state !== 'COMPLETED') continue;
    const item = await user.retrieveProcessItem(listed.id);
    const data = item.task?.data;
    if (data?.valid !== false) continue;
    const where = formatValueErrors(data.errors);
    const blocked = toBlockedItem(item);
    throw new SimulationFailure({
      message: `The process is COMPLETED, but the data of task ${blocked.code} (${blocked.id}) does not match its schema: ${where}`,
      item: blocked,
    });
  }
}

/** Checks the metadata, which the workflow may have changed. Skipped if the process was started without metadata. */
export async function checkMetadata({
  user,
  processId,
  answers,
  metadata: initialMetadata,
}: CompletedProcess): Promise<void> {
  if (initialMetadata === undefined) return;
  const { metadata } = await user.retrieveProcess(processId);
  if (metadata?.valid !== false) return;
  throw new SimulationFailure({
    message: `The process is COMPLETED, but its metadata does not match its schema: ${formatValueErrors(metadata.errors)}`,
    next: [
      answers.metadata === undefined
        ? 'Check what metadata the workflow writes'
        : 'Fix the metadata in the answers file, or check what metadata the workflow writes',
    ],
  });
}
