import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker, type InjectedSinks } from '@temporalio/worker';
import { workflowSources } from '../../src/kuflow/workflow-code.ts';
import { CREATE_ITEM, type CreatedItem, type ItemSinks } from './item-recorder.ts';

const RECORDER = fileURLToPath(new URL('./item-recorder.ts', import.meta.url));

/**
 * Replays a history with the current workflow code. Rejects if the code calls other activities, or creates other items than the
 * history has: Temporal itself compares only the names of activities, and every item is created by the same one.
 */
export async function replay(history: unknown): Promise<void> {
  const created: CreatedItem[] = [];
  const sinks: InjectedSinks<ItemSinks> = {
    items: { created: { fn: (_info, item) => void created.push(item), callDuringReplay: true } },
  };
  const { workflowsPath, workflowInterceptorModules } = workflowSources;
  const interceptors = { workflowModules: [...workflowInterceptorModules, RECORDER] };
  const failure: unknown = await Worker.runReplayHistory({ workflowsPath, interceptors, sinks }, history).then(
    () => undefined,
    (error: unknown) => error,
  );
  recordedItems(history).forEach((recorded, at) => {
    const item = created[at];
    if (item !== undefined && describeItem(item) !== describeItem(recorded))
      throw new Error(
        `Item ${at + 1} of the process is ${describeItem(recorded)} in the history, but the workflow code creates ${describeItem(item)}`,
        { cause: failure },
      );
  });
  if (failure !== undefined) throw failure;
}

const describeItem = ({ type, processItemDefinitionCode }: CreatedItem): string =>
  `${type ?? 'an item'} ${processItemDefinitionCode ?? 'without a definition'}`;

/** The items that the history creates, in order. */
function recordedItems(history: unknown): CreatedItem[] {
  return (historyFromJSON(history).events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
    const data = scheduled?.input?.payloads?.[0]?.data;
    if (scheduled?.activityType?.name !== CREATE_ITEM || !data) return [];
    return [JSON.parse(Buffer.from(data).toString()) as CreatedItem];
  });
}
