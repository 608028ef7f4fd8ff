import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@temporalio/common';
import type { TokenRenewer } from './engine-token.ts';

const TOKEN_CHECK_INTERVAL = 250;

export interface PollingOptions<Worker> {
  readonly first: Worker;
  /** Polls until the worker is shut down (resolves to undefined) or fails (resolves to the error). */
  readonly poll: (worker: Worker) => Promise<unknown>;
  readonly connectAgain: () => Promise<Worker>;
  readonly tokens: Pick<TokenRenewer, 'isValid' | 'hasExpiredSince'>;
  readonly shutdown: AbortSignal;
  readonly logger: Logger;
}

/**
 * Polls until `shutdown`. Temporal's core stops polling soon after the engine rejects a token, even if the outage is short: then
 * this connects again when there is a valid token. Rejects if the worker fails for another reason.
 */
export async function keepPolling<Worker>(options: PollingOptions<Worker>): Promise<void> {
  const { poll, connectAgain, tokens, shutdown, logger } = options;
  const aborted = new Promise<undefined>((resolve) => {
    shutdown.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  let worker = options.first;
  for (;;) {
    const startedAt = Date.now();
    const error = await poll(worker);
    if (error === undefined || shutdown.aborted) return;
    // The token may be valid again: after a laptop wakes up, the renewal may be faster than this error.
    if (!tokens.hasExpiredSince(startedAt)) throw new Error('The worker stopped unexpectedly', { cause: error });
    logger.warn('The engine token expired. The worker stopped polling and is waiting for a new token', { error });
    // `watchExpiry` limits the wait.
    while (!shutdown.aborted && !tokens.isValid()) await delay(TOKEN_CHECK_INTERVAL);
    if (shutdown.aborted) return;
    // A shutdown does not wait for a connection.
    const next = await Promise.race([connectAgain(), aborted]);
    if (next === undefined || shutdown.aborted) return;
    worker = next;
    logger.info('The worker is polling again');
  }
}
