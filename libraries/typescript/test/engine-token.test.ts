import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createToken, TokenRenewer, tokenRenewalTime, type EngineToken } from '../src/internal/engine-token.ts';
import { noMetrics } from '../src/internal/metrics.ts';

const NOW = Date.parse('2025-01-01T00:00:00Z');
const validFor = (seconds: number): EngineToken =>
  createToken('t', new Date(Date.now() + seconds * 1000).toISOString());

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  vi.spyOn(Math, 'random').mockReturnValue(1);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function createRenewer(request: () => Promise<EngineToken>): TokenRenewer {
  return new TokenRenewer({ request, logger: new DefaultLogger('ERROR'), metrics: noMetrics });
}

describe('engine token', () => {
  it.each([
    ['an hour', 3600, 360],
    ['a day', 86_400, 600],
    ['five seconds', 5, 1],
  ])('is renewed in time when it lives %s', (_, life, expected) => {
    expect((tokenRenewalTime(validFor(life)) - NOW) / 1000).toBe(expected);
  });

  it.each([undefined, 'nonsense', '2020-01-01T00:00:00Z', '9999-12-31T00:00:00Z'])(
    'is assumed to be valid for five minutes when its expiry is %s',
    (expiredAt) => {
      expect((createToken('t', expiredAt).expiresAt - NOW) / 1000).toBe(300);
    },
  );

  it('is requested once for concurrent callers', async () => {
    const request = vi.fn(async () => validFor(3600));
    const tokens = createRenewer(request);
    await Promise.all([tokens.renew(), tokens.renew(), tokens.renew()]);
    expect(request).toHaveBeenCalledTimes(1);
  });

  it('is renewed repeatedly, and retried with growing pauses after a failure', async () => {
    let fail = false;
    const request = vi.fn(async () => {
      if (fail) throw new Error('down');
      return validFor(3600);
    });
    const tokens = createRenewer(request);
    await tokens.renew();
    const seen: unknown[] = [];
    tokens.start(async (token) => void seen.push(token));

    await vi.advanceTimersByTimeAsync(361_000);
    expect(seen).toHaveLength(1);

    fail = true;
    request.mockClear();
    await vi.advanceTimersByTimeAsync(420_000);
    // Pauses of 1, 2, 4, 8 and 16 s, then 30 s each: neither a hot loop nor a single attempt.
    expect(request.mock.calls.length).toBeGreaterThan(4);
    expect(request.mock.calls.length).toBeLessThan(10);
    expect(tokens.lastError).toMatchObject({ message: 'down' });
    tokens.stop();
  });

  it('is renewed when a laptop wakes up', async () => {
    const request = vi.fn(async () => validFor(3600));
    const tokens = createRenewer(request);
    await tokens.renew();
    tokens.start(async () => undefined);
    const onLost = vi.fn();
    tokens.watchExpiry(60_000, onLost);
    // The wall clock moves on by two hours while timers are suspended.
    vi.setSystemTime(NOW + 7_200_000);
    expect(tokens.isValid()).toBe(false);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(request).toHaveBeenCalledTimes(2);
    expect(tokens.isValid()).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(onLost).not.toHaveBeenCalled();
    tokens.stop();
  });

  it('is lost when it could not be renewed for a minute after it expired', async () => {
    let fail = false;
    const tokens = createRenewer(async () => {
      if (fail) throw new Error('down');
      return validFor(30);
    });
    await tokens.renew();
    fail = true;
    tokens.start(async () => undefined);
    const onLost = vi.fn();
    tokens.watchExpiry(60_000, onLost);
    await vi.advanceTimersByTimeAsync(88_000);
    expect(onLost).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(onLost).toHaveBeenCalledTimes(1);
    expect(tokens.lastError).toMatchObject({ message: 'down' });
    tokens.stop();
  });
});
