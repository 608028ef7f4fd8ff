import { expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';

it('rejects an aborted wait with the reason of the signal', async () => {
  const reason = new Error('enough');
  const waiting = new AbortController();
  const waits = systemClock.sleep(60_000, waiting.signal);
  waiting.abort(reason);
  await expect(waits).rejects.toBe(reason);
  await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
});
