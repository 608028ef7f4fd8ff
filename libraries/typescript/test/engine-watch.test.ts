import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startEngineWatch, type EngineWatch } from '../src/internal/engine-watch.ts';
import { noMetrics } from '../src/internal/metrics.ts';

const SECOND = 1_000;

let answer: () => Promise<string | undefined>;
let asked: number;
let reachable: boolean[];
let lines: string[];
let watch: EngineWatch;

beforeEach(() => {
  vi.useFakeTimers();
  answer = async () => undefined;
  asked = 0;
  reachable = [];
  lines = [];
  watch = startEngineWatch({
    ask: () => {
      asked += 1;
      return answer();
    },
    logger: new DefaultLogger('INFO', ({ level, message }: LogEntry) => lines.push(`${level} ${message}`)),
    metrics: { ...noMetrics, engineReachable: (value) => reachable.push(value) },
  });
});
afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * SECOND);

describe('the watch of the engine', () => {
  it('polls every 20 s, and is unhealthy after 60 s without a response', async () => {
    await pass(20);
    answer = () => Promise.reject(new Error('tcp connect error'));
    await pass(59);
    expect(watch.problem()).toBeUndefined();
    await pass(1);
    expect(watch.problem()).toBe('no answer from the engine for 60 s');
    expect(asked).toBe(4);
    answer = async () => undefined;
    await pass(20);
    expect(watch.problem()).toBeUndefined();
    expect(lines).toEqual(['WARN The engine is not responding', 'INFO The engine is reachable again']);
    expect(reachable).toEqual([true, true, false, false, false, true]);
  });

  it('counts an engine that denies the call as reachable, and does not ask again', async () => {
    answer = async () => 'PERMISSION_DENIED';
    await pass(600);
    expect(asked).toBe(1);
    expect(watch.problem()).toBeUndefined();
    expect(reachable).toEqual([true, true]);
  });

  it('asks again if only a later call is denied', async () => {
    await pass(20);
    answer = async () => 'UNIMPLEMENTED';
    await pass(20);
    answer = () => Promise.reject(new Error('tcp connect error'));
    await pass(60);
    expect(watch.problem()).toBe('no answer from the engine for 60 s');
  });
});
