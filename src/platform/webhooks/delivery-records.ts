import { withoutUndefined } from '../../base/json.ts';
import { redactAll, redactByPattern } from '../console/redaction.ts';
import { startOfBody, toRecordedBody } from '../console/recorded-body.ts';
import { orNotFound } from '../domain/api-error.ts';
import type { Domain } from '../domain/context.ts';
import type { WebhookDelivery, WebhookDeliveryDetail } from '../shared/dev-contract.ts';
import { PROCESSES } from '../store/processes.ts';
import {
  findWebhookDeliveries,
  WEBHOOK_DELIVERIES,
  type WebhookAttempt,
  type WebhookDeliveryRow,
} from '../store/webhook-deliveries.ts';

/** The newest first. */
export function listWebhookDeliveries(
  { store }: Domain,
  query: { readonly processId?: string | undefined; readonly limit: number },
): readonly WebhookDelivery[] {
  return findWebhookDeliveries(store.sql, query).map(toDelivery);
}

/** A delivery with its body and the latest answer, redacted as in the list of requests. */
export function readWebhookDelivery({ store }: Domain, id: string): WebhookDeliveryDetail {
  const row = requireDelivery(store.sql, id);
  const isConfidential = PROCESSES.findById(store.sql, row.processId)?.encryptionKeyId !== undefined;
  const redact = isConfidential ? redactAll : redactByPattern;
  const answer = row.latest?.answer;
  const body = toRecordedBody(startOfBody(row.body), { 'content-type': 'application/json' }, redact);
  return withoutUndefined({
    ...toDelivery(row),
    body: body ?? { bytes: 0, truncated: false },
    answer: answer?.text === undefined ? answer : { ...answer, text: redact(answer.text) },
  });
}

/** Makes a delivery pending again, to be sent after the commit. The time after which it fails begins again. */
export function replayWebhookDelivery({ store, commands }: Domain, id: string): WebhookDelivery {
  return store.transaction(() => {
    const row = requireDelivery(store.sql, id);
    const pending: WebhookDeliveryRow = { ...row, state: 'PENDING', tryingSince: undefined };
    WEBHOOK_DELIVERIES.update(store.sql, pending);
    store.afterCommit(() => commands.emit('queued'));
    return toDelivery(pending);
  });
}

function requireDelivery(sql: Domain['store']['sql'], id: string): WebhookDeliveryRow {
  return orNotFound(WEBHOOK_DELIVERIES.findById(sql, id), 'webhook delivery', id);
}

function toDelivery(row: WebhookDeliveryRow): WebhookDelivery {
  const { id, createdAt: time, type, processId, url, state, attempts, latest } = row;
  return withoutUndefined({
    ...{ id, time, type, processId, url: redactByPattern(url), state, attempts },
    latest: latest && toLatest(latest),
  });
}

function toLatest({ time, ms, status, problem }: WebhookAttempt): WebhookDelivery['latest'] {
  return withoutUndefined({ time, ms, status, problem: problem === undefined ? undefined : redactByPattern(problem) });
}
