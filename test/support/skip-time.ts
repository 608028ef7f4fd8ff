import { expect } from 'vitest';
import { readClock, readTimeline, requestSkip } from '../../src/platform/rest/dev-client.ts';
import type { SkipResult } from '../../src/platform/shared/dev-contract.ts';
import type { PlatformState } from '../../src/platform/state/running-state.ts';
import { until } from './until.ts';

/** Milliseconds since the epoch. */
export const platformTime = async (state: PlatformState): Promise<number> => Date.parse((await readClock(state)).now);

/** Skips days. Rejects if the platform is killed. */
export const beginSkip = (state: PlatformState, days: number): Promise<SkipResult> =>
  requestSkip(state, { seconds: days * 24 * 3600 }, new AbortController().signal);

/**
 * Skips to a time, again and again until all processes are there: a worker can still be starting. Returns what happened on the way. Fails with the
 * last answer after `within` milliseconds.
 */
export async function skipTo(state: PlatformState, time: number, within = 300_000): Promise<SkipResult['events']> {
  const events: SkipResult['events'][number][] = [];
  const last: { result?: SkipResult } = {};
  const skip = async (): Promise<boolean> => {
    const now = await platformTime(state);
    const wanted = { until: new Date(Math.max(time, now + 1000)).toISOString() };
    const result = await requestSkip(state, wanted, new AbortController().signal);
    events.push(...result.events);
    last.result = result;
    return result.end === 'reached' && result.behind.length === 0;
  };
  try {
    await until('all processes are at the time', skip, within);
  } catch (cause) {
    throw new Error(`Skipping time ended with ${JSON.stringify({ ...last.result, events: [] })}`, { cause });
  }
  return events;
}

/** Reads the timeline of a process and expects that its times do not go back. The result finds the times of a kind of entry. */
export async function readTimes(
  state: PlatformState,
  processId: string,
): Promise<(kind: string, code?: string) => readonly number[]> {
  const timeline = await readTimeline(state, processId);
  const timesOf = (entries: typeof timeline): number[] => entries.map(({ time }) => Date.parse(time));
  const times = timesOf(timeline);
  expect(times, processId).toEqual(times.toSorted((a, b) => a - b));
  return (kind, code) =>
    timesOf(timeline.filter((entry) => entry.kind === kind && (code === undefined || entry.code === code)));
}
