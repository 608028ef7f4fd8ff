import type { Static } from '@sinclair/typebox';
import { withoutUndefined } from '../../base/json.ts';
import { uuid7 } from '../../base/uuid.ts';
import { API_VERSION } from '../../kuflow/endpoint.ts';
import type * as contract from '../../kuflow/contract/webhooks.ts';
import type { ProcessItemRow } from '../store/process-items.ts';
import { PROCESSES, type DefinitionRef, type ProcessRow } from '../store/processes.ts';
import { WEBHOOK_DELIVERIES } from '../store/webhook-deliveries.ts';
import type { Domain } from './context.ts';

type EventData = {
  readonly 'PROCESS.CREATED': Static<typeof contract.WebhookEventProcessCreated>['data'];
  readonly 'PROCESS.STATE_CHANGED': Static<typeof contract.WebhookEventProcessStateChanged>['data'];
  readonly 'PROCESS_ITEM.CREATED': Static<typeof contract.WebhookEventProcessItemCreated>['data'];
  readonly 'PROCESS_ITEM.TASK_STATE_CHANGED': Static<typeof contract.WebhookEventProcessItemTaskStateChanged>['data'];
};

/**
 * Where the events of a process are sent; undefined if its definition does not have a webhook. A process keeps its engine, but an address that was
 * corrected in the definition also counts for running processes.
 */
export function findWebhookUrl({ definitions }: Pick<Domain, 'definitions'>, ref: DefinitionRef): string | undefined {
  const own = definitions.forProcess(ref)?.definition.webhook;
  return own && (definitions.current(ref)?.definition.webhook ?? own).url;
}

export function enqueueProcessEvent(
  ctx: Domain,
  process: ProcessRow,
  type: 'PROCESS.CREATED' | 'PROCESS.STATE_CHANGED',
): void {
  enqueueEvent(ctx, process, type, { processId: process.id, processState: process.state });
}

export function enqueueItemEvent(
  ctx: Domain,
  { processId, id, type: processItemType, task, definition }: ProcessItemRow,
  type: 'PROCESS_ITEM.CREATED' | 'PROCESS_ITEM.TASK_STATE_CHANGED',
): void {
  const process = PROCESSES.findById(ctx.store.sql, processId);
  if (process === undefined) return;
  const item = { processId, processItemId: id, processItemType };
  if (type === 'PROCESS_ITEM.CREATED') {
    const state = { processItemState: task?.state, processItemDefinitionCode: definition?.code };
    enqueueEvent(ctx, process, type, withoutUndefined({ ...item, ...state }));
  } else if (task !== undefined) {
    const state = { processItemState: task.state, processItemDefinitionCode: definition?.code ?? '' };
    enqueueEvent(ctx, process, type, { ...item, ...state });
  }
}

/** Adds the event to the deliveries in the current transaction, and has it sent after the commit. Nothing happens without a webhook. */
function enqueueEvent<Type extends keyof EventData>(
  ctx: Domain,
  process: ProcessRow,
  type: Type,
  data: EventData[Type],
): void {
  const url = findWebhookUrl(ctx, process.definition);
  if (url === undefined) return;
  const timestamp = ctx.store.now();
  const id = uuid7(ctx.clock.now());
  WEBHOOK_DELIVERIES.insert(ctx.store.sql, {
    ...{ id, processId: process.id, type, url, createdAt: timestamp },
    body: JSON.stringify({ id, version: API_VERSION, type, timestamp, data }),
    state: 'PENDING',
    attempts: 0,
  });
  ctx.store.afterCommit(() => ctx.commands.emit('queued'));
}
