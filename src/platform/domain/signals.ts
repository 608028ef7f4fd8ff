import type { ProcessItemRow } from '../store/process-items.ts';
import { enqueueForEngine, type Domain } from './context.ts';
import { formatRequestTime } from './request-time.ts';

/** The signal by which a process workflow hears of its items: of a task when it is completed. */
export const PROCESS_ITEM_SIGNAL = 'KuFlow_Engine_Signal_Process_Item';

/** Leaves the signal for the workflow of the item's process, in the current transaction. */
export function signalProcessItem(ctx: Domain, item: ProcessItemRow): void {
  enqueueForEngine(ctx, item.processId, {
    kind: 'signal-workflow',
    signalName: PROCESS_ITEM_SIGNAL,
    payload: {
      id: item.id,
      type: item.type,
      payload: {
        processItemDefinitionCode: item.definition?.code ?? null,
        dataStructureDataDefinitionCode: item.message?.dataCode ?? null,
      },
      ...formatRequestTime(ctx.clock.now(), ctx.timeZone),
    },
  });
}
