import { describe, expect, it } from 'vitest';
import { planRestarts } from '../../../../src/commands/dev/worker-restarts.ts';

const CONNECTED = { status: 1, connected: true, duration: 5_000 };
const FAILED_START = { status: 1, connected: false, duration: 500 };

describe('restarts of a command', () => {
  it('come after pauses that double up to 30 s', () => {
    const next = planRestarts();
    expect(Array.from({ length: 7 }, () => next(CONNECTED))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
  });

  it('come after short pauses again once the worker ran for a minute', () => {
    const next = planRestarts();
    next(CONNECTED);
    next(CONNECTED);
    expect(next({ ...CONNECTED, duration: 60_000 })).toBe(1_000);
    expect(next(CONNECTED)).toBe(2_000);
  });

  it('include a worker that a signal ended', () => {
    expect(planRestarts()({ ...CONNECTED, status: 137 })).toBe(1_000);
  });

  it.each([
    ['that was never a connected worker', FAILED_START],
    ['that ended with 0', { ...CONNECTED, status: 0 }],
    ['whose settings are invalid', { ...CONNECTED, status: 2 }],
  ])('do not include a command %s', (_, run) => {
    expect(planRestarts()(run)).toBeUndefined();
  });

  it('end after 10 starts in a row that fail, so that the error is not hidden', () => {
    const next = planRestarts();
    next(CONNECTED);
    const pauses = Array.from({ length: 10 }, () => next(FAILED_START));
    expect(pauses.slice(0, 9)).not.toContain(undefined);
    expect(pauses[9]).toBeUndefined();
  });

  it('count failed starts from the last connected run', () => {
    const next = planRestarts();
    next(CONNECTED);
    for (let start = 0; start < 9; start += 1) next(FAILED_START);
    expect(next(CONNECTED)).toBe(30_000);
    expect(next(FAILED_START)).toBe(30_000);
  });
});
