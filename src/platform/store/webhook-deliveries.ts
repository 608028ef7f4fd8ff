import type { RecordedBody, WebhookDelivery, WebhookDeliveryState } from '../shared/dev-contract.ts';
import type { Sql } from './sql.ts';
import { defineTable, integer, jsonText, optional, text, type RowOf } from './table.ts';

/** The latest attempt to deliver an event, and the start of the body of the answer. */
export interface WebhookAttempt extends NonNullable<WebhookDelivery['latest']> {
  readonly answer?: RecordedBody | undefined;
}

/** An event for the webhook of a process. Added in the transaction of the change that it reports, and kept after it was delivered. */
export const WEBHOOK_DELIVERIES = defineTable('webhook_deliveries', {
  /** Of the event. */
  id: text(),
  processId: text(),
  type: text<WebhookDelivery['type']>(),
  /** Where the latest attempt sent it, or where it will be sent. */
  url: text(),
  /** The JSON that is sent. */
  body: text(),
  createdAt: text(),
  state: text<WebhookDeliveryState>(),
  attempts: integer(),
  /** When the first attempt began, ISO 8601, in real time. */
  tryingSince: optional(text()),
  latest: optional(jsonText<WebhookAttempt>()),
});
export type WebhookDeliveryRow = RowOf<typeof WEBHOOK_DELIVERIES>;

/** The newest first. */
export function findWebhookDeliveries(
  sql: Sql,
  { processId, limit }: { readonly processId?: string | undefined; readonly limit: number },
): WebhookDeliveryRow[] {
  return processId === undefined
    ? WEBHOOK_DELIVERIES.find(sql, 'ORDER BY seq DESC LIMIT ?', [limit])
    : WEBHOOK_DELIVERIES.find(sql, 'WHERE process_id = ? ORDER BY seq DESC LIMIT ?', [processId, limit]);
}

/** The oldest pending delivery of a process. */
export function nextWebhookDelivery(sql: Sql, processId: string): WebhookDeliveryRow | undefined {
  return WEBHOOK_DELIVERIES.findOne(sql, "WHERE process_id = ? AND state = 'PENDING' ORDER BY seq LIMIT 1", [
    processId,
  ]);
}

/** Ids of the processes with pending deliveries, the longest waiting first. */
export function processesWithWebhookDeliveries(sql: Sql): string[] {
  return sql.texts(
    "SELECT process_id FROM webhook_deliveries WHERE state = 'PENDING' GROUP BY process_id ORDER BY min(seq)",
  );
}
