import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { replayHistories } from '../replay/histories.ts';
import { testEncryption } from './confidential.ts';

/**
 * Replays a history with the workflow code in a module. The history of a confidential process must be in clear text, as `kuflow dev history` prints
 * it, or come from a process that was started with `startProcess`.
 *
 * Rejects if the code calls activities or creates items other than those in the history. (Temporal's own replay does not detect swapped
 * tasks, because it compares only activity names, and the same activity creates every item.)
 */
export async function replay(history: unknown, workflows: URL): Promise<void> {
  const histories = [{ workflowId: 'replay', history: historyFromJSON(history) }];
  for await (const { failure } of replayHistories(fileURLToPath(workflows), testEncryption, histories))
    if (failure !== undefined) throw failure;
}
