import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { keepPolling, type PollingOptions } from '../src/internal/polling.ts';

const REJECTED = new Error('the token was rejected');

/** Polls with stand-ins for workers. The first fails, and others poll until the shutdown. */
function options(overrides: Partial<PollingOptions<string>>) {
  const controller = new AbortController();
  const polled: string[] = [];
  const ended = new Promise<undefined>((resolve) => controller.signal.addEventListener('abort', () => resolve(undefined)));
  const defaults: PollingOptions<string> = {
    first: 'first',
    poll: (worker) => {
      polled.push(worker);
      return worker === 'first' ? Promise.resolve(REJECTED) : ended;
    },
    connectAgain: async () => 'second',
    tokens: { isValid: () => true, hasExpiredSince: () => true },
    shutdown: controller.signal,
    logger: new DefaultLogger('ERROR'),
  };
  return { controller, polled, options: { ...defaults, ...overrides } };
}

describe('a worker whose token expired', () => {
  it('goes on if the token was renewed before the worker noticed', async () => {
    const { controller, polled, options: all } = options({});
    const polling = keepPolling(all);
    await expect.poll(() => polled).toEqual(['first', 'second']);
    controller.abort();
    await polling;
  });

  it('does not poll again after a shutdown, and does not wait for its new connection', async () => {
    let connecting = false;
    const connectAgain = (): Promise<string> => {
      connecting = true;
      return new Promise(() => undefined);
    };
    const { controller, polled, options: all } = options({ connectAgain });
    const polling = keepPolling(all);
    await expect.poll(() => connecting).toBe(true);
    controller.abort();
    await polling;
    expect(polled).toEqual(['first']);
  });

  it('ends if it failed for another reason', async () => {
    const { options: all } = options({ tokens: { isValid: () => true, hasExpiredSince: () => false } });
    await expect(keepPolling(all)).rejects.toMatchObject({ cause: REJECTED });
  });
});
