import { fileURLToPath } from 'node:url';
import { defaultPayloadConverter } from '@temporalio/common';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker, type InjectedSinks } from '@temporalio/worker';
import { modulePath, workflowSources } from '../workflow-code.ts';
import { testEncryption } from './confidential.ts';
import { CREATE_ITEM, type CreatedItem, type ItemSinks } from './item-recorder.ts';

const RECORDER = modulePath('./item-recorder', import.meta.url);

/**
 * Replays a history with the workflow code in a module. The history of a confidential process must be in clear text, as `kuflow dev history`
 * prints it, or from a process of `startProcess`.
 *
 * Rejects if the code calls other activities, or creates other items than the history has: Temporal itself compares only the names of
 * activities, and every item is created by the same one.
 */
export async function replay(history: unknown, workflows: URL): Promise<void> {
  const { workflowsPath, workflowInterceptorModules } = workflowSources(fileURLToPath(workflows));
  // By ID: an item that is canceled in the workflow task that creates it is not part of the history.
  const created = new Map<string | undefined, CreatedItem>();
  const sinks: InjectedSinks<ItemSinks> = {
    items: { created: { fn: (_info, item) => void created.set(item.id, item), callDuringReplay: true } },
  };
  const interceptors = { workflowModules: [...workflowInterceptorModules, RECORDER] };
  const dataConverter = { payloadCodecs: [testEncryption] };
  const options = { workflowsPath, interceptors, sinks, dataConverter };
  const failure: unknown = await Worker.runReplayHistory(options, history).then(
    () => undefined,
    (error: unknown) => error,
  );
  (await recordedItems(history)).forEach((recorded, at) => {
    const item = created.get(recorded.id);
    const isSame = item !== undefined && describeItem(item) === describeItem(recorded);
    // A replay that failed may have ended before it created the item.
    if (isSame || (item === undefined && failure !== undefined)) return;
    const now = item === undefined ? 'does not create it with the same ID' : `creates ${describeItem(item)}`;
    throw new Error(
      `Item ${at + 1} of the process is ${describeItem(recorded)} in the history, but the workflow code ${now}`,
      { cause: failure },
    );
  });
  if (failure !== undefined) throw failure;
}

const describeItem = ({ type, processItemDefinitionCode }: CreatedItem): string =>
  `${type ?? 'an item'} ${processItemDefinitionCode ?? 'without a definition'}`;

/** The items that the history creates, in order. */
async function recordedItems(history: unknown): Promise<CreatedItem[]> {
  const { events } = historyFromJSON(history);
  const requests = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled?.activityType?.name === CREATE_ITEM ? (scheduled.input?.payloads?.slice(0, 1) ?? []) : [],
  );
  return (await testEncryption.decode(requests)).map((one) => defaultPayloadConverter.fromPayload<CreatedItem>(one));
}
