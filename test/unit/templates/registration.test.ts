import { afterEach, expect, it, vi } from 'vitest';
import { parseDelayWindow, startRegistration } from '../../../libraries/typescript/src/internal/registration.ts';

it.each([
  ['60', 60],
  [undefined, 300],
  ['', 300],
  ['soon', 300],
  ['12abc', 300],
  ['0', 300],
  ['-5', 300],
  [['60', '90'], 300],
  ['99999999', 86_400],
])('registers again after the delay of %j: %d seconds [registration.repeat]', (header, seconds) => {
  expect(parseDelayWindow(header)).toBe(seconds);
});

afterEach(() => {
  vi.useRealTimers();
});

it('repeats a failed registration, which it logs and counts, and then registers at the interval of KuFlow [registration.repeat, registration.failure]', async () => {
  vi.useFakeTimers();
  const start = Date.now();
  const registeredAt: number[] = [];
  const warned: string[] = [];
  let failures = 0;
  const registration = startRegistration({
    rest: {
      call: () => {
        registeredAt.push(Math.round((Date.now() - start) / 1000));
        if (registeredAt.length === 1) return Promise.reject(new Error('no response'));
        return Promise.resolve({ body: undefined as never, headers: { 'x-kf-delay-window': '60' } });
      },
    } as never,
    settings: { api: {}, temporal: { queue: 'Q' }, worker: { robotIds: [] } } as never,
    identity: '1@host',
    workflowTypes: [],
    activityTypes: [],
    logger: { debug: () => undefined, warn: (text: string) => warned.push(text) } as never,
    metrics: { registrationFailed: () => (failures += 1) } as never,
  });
  await vi.advanceTimersByTimeAsync(130_000);
  registration.stop();
  await vi.advanceTimersByTimeAsync(130_000);
  expect(registeredAt).toEqual([0, 3, 63, 123]);
  expect([warned, failures]).toEqual([['Could not register the worker with KuFlow'], 1]);
});
