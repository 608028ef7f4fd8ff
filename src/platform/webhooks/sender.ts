import { isoTime } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { withoutUndefined } from '../../base/json.ts';
import { PACKAGE_NAME } from '../../base/package-root.ts';
import { createTransport } from '../../kuflow/transport.ts';
import { decideProxy } from '../../network/proxy.ts';
import { startOfBody, toRecordedBody } from '../console/recorded-body.ts';
import type { Domain } from '../domain/context.ts';
import { createRetryQueue, type RetryQueue, type RetriedWork } from '../domain/retry-queue.ts';
import { findWebhookUrl } from '../domain/webhook-events.ts';
import type { RecordedBody, WebhookDeliveryState } from '../shared/dev-contract.ts';
import { PROCESSES } from '../store/processes.ts';
import {
  WEBHOOK_DELIVERIES,
  nextWebhookDelivery,
  processesWithWebhookDeliveries,
  type WebhookAttempt,
  type WebhookDeliveryRow,
} from '../store/webhook-deliveries.ts';

interface AttemptResult {
  readonly status: number | undefined;
  readonly problem?: string | undefined;
  readonly answer?: RecordedBody | undefined;
}

const CONNECT_WITHIN_MS = 10_000;
/** A receiver may call the API, and that may take a while, before it answers. */
export const ANSWER_WITHIN_MS = 5 * 60_000;
export const GIVE_UP_AFTER_MS = 24 * 3600_000;

/**
 * Delivers the events in the store to the webhooks: in order and one at a time for each process. An answer with 2xx ends a delivery, and is saved
 * before anything else happens. After any other, and without one, it is repeated with growing pauses for a day of real time; then it has failed and
 * the next one follows. If the platform is killed between an answer and its save, the event arrives twice.
 */
export function createWebhookSender({
  domain,
  env,
}: {
  readonly domain: Pick<Domain, 'store' | 'clock' | 'definitions' | 'commands' | 'report'>;
  /** For the variables that name proxies. */
  readonly env: Readonly<Record<string, string | undefined>>;
}): RetryQueue {
  const { store, report } = domain;
  const { real: clock } = domain.clock;
  return createRetryQueue({
    domain,
    listKeys: () => processesWithWebhookDeliveries(store.sql),
    perform: deliverNext,
    onFailure: (processId, _failures, error) => {
      if (error === NOT_DELIVERED) return;
      report({ kind: 'warning', message: `A webhook of process ${processId} could not be sent: ${messageOf(error)}` });
    },
    pauses: { first: 250, longest: 60_000 },
  });

  async function deliverNext(processId: string, { signal, setWaiting }: RetriedWork): Promise<boolean> {
    setWaiting(false);
    const delivery = nextWebhookDelivery(store.sql, processId);
    if (delivery === undefined) return false;
    if ((await attempt(delivery, signal)) !== 'PENDING') return true;
    setWaiting(true);
    throw NOT_DELIVERED;
  }

  async function attempt(delivery: WebhookDeliveryRow, stopping: AbortSignal): Promise<WebhookDeliveryState> {
    const began = clock.now();
    const time = isoTime(began);
    const process = PROCESSES.findById(store.sql, delivery.processId);
    const { tryingSince = time } = delivery;
    const trying: WebhookDeliveryRow = {
      ...delivery,
      url: (process && findWebhookUrl(domain, process.definition)) ?? delivery.url,
      attempts: delivery.attempts + 1,
      tryingSince,
    };
    const toLatest = (result: AttemptResult): WebhookAttempt =>
      withoutUndefined({ time, ms: clock.now() - began, ...result });
    const result = await post(trying, stopping, (status) => {
      if (isSuccess(status))
        WEBHOOK_DELIVERIES.update(store.sql, { ...trying, state: 'DELIVERED', latest: toLatest({ status }) });
    });
    const isDelivered = isSuccess(result.status);
    const isLate = clock.now() - Date.parse(tryingSince) >= GIVE_UP_AFTER_MS;
    const state: WebhookDeliveryState = isDelivered ? 'DELIVERED' : isLate ? 'FAILED' : 'PENDING';
    // An event that was delivered may have been replayed in the meantime.
    const current = isDelivered ? WEBHOOK_DELIVERIES.findById(store.sql, delivery.id) : undefined;
    WEBHOOK_DELIVERIES.update(store.sql, { ...trying, state, ...current, latest: toLatest(result) });
    const { id: deliveryId, processId, type, attempts } = trying;
    const { status, problem } = result;
    report({ kind: 'webhook', deliveryId, processId, type, state, attempts, status, problem });
    return state;
  }

  /** Rejects only when `stopping` aborts. */
  async function post(
    { url, body }: WebhookDeliveryRow,
    stopping: AbortSignal,
    onStatus: (status: number) => void,
  ): Promise<AttemptResult> {
    const ending = new AbortController();
    const stop = (): void => ending.abort(stopping.reason);
    stopping.addEventListener('abort', stop);
    clock.sleep(ANSWER_WITHIN_MS, ending.signal).then(
      () => ending.abort(TIMED_OUT),
      () => undefined,
    );
    let status: number | undefined;
    try {
      const transport = createTransport({
        proxy: decideProxy({ url, env }),
        ...{ env, connectTimeout: CONNECT_WITHIN_MS, headersTimeout: 0, bodyTimeout: 0 },
      });
      try {
        const exchange = await transport.send({
          ...{ method: 'POST', url, body, signal: ending.signal },
          headers: { 'content-type': 'application/json', 'user-agent': PACKAGE_NAME },
          onStatus: (received) => {
            status = received;
            onStatus(received);
          },
        });
        if (!exchange.ok) return { status, problem: messageOf(exchange.cause) || exchange.failure.seen };
        const { body: bytes, headers } = exchange.answer;
        const isRedirect = exchange.answer.status >= 300 && exchange.answer.status < 400;
        return {
          status,
          problem: isRedirect ? 'redirects are not followed' : undefined,
          answer: toRecordedBody(startOfBody(bytes), headers, (text) => text),
        };
      } finally {
        await transport.close();
      }
    } catch (error) {
      stopping.throwIfAborted();
      return { status, problem: messageOf(error) };
    } finally {
      ending.abort();
      stopping.removeEventListener('abort', stop);
    }
  }
}

const isSuccess = (status = 0): boolean => status >= 200 && status < 300;

const TIMED_OUT = new Error(`no complete answer within ${ANSWER_WITHIN_MS / 60_000} minutes`);

/** The attempt was reported, and is repeated. */
const NOT_DELIVERED = new Error('The event was not delivered');
