import { afterEach, describe, expect, it, vi } from 'vitest';
import type { WorkflowOutcome } from '../../../../src/platform/temporal/outcome.ts';
import { watchProcesses } from '../../../../src/platform/temporal/closed-workflows.ts';
import type { ProcessWatcher, WatchOptions } from '../../../../src/platform/temporal/closed-workflows.ts';

const done: WorkflowOutcome = { kind: 'completed', result: null };
const HOUR = 3_600_000;

let watcher: ProcessWatcher | undefined;
afterEach(() => watcher?.stop());

interface Server {
  readonly closed: Set<string>;
  readonly asked: string[];
  down: boolean;
}

function watch(more: Partial<WatchOptions> = {}): { server: Server; heard: string[]; watcher: ProcessWatcher } {
  const server: Server = { closed: new Set(), asked: [], down: false };
  const heard: string[] = [];
  watcher = watchProcesses({
    engine: {
      getOutcome: (id) => {
        server.asked.push(id);
        if (server.down) return Promise.reject(new Error('down'));
        return Promise.resolve(server.closed.has(id) ? done : undefined);
      },
      listClosedSince: () => (server.down ? Promise.reject(new Error('down')) : Promise.resolve([...server.closed])),
    },
    onClosed: (id) => void heard.push(id),
    sweepEvery: HOUR,
    checkAllEvery: HOUR,
    ...more,
  });
  return { server, heard, watcher };
}

describe('the process watcher', () => {
  it('checks a workflow when it is tracked, and once when a poke reports its end', async () => {
    const { server, heard, watcher } = watch();
    server.closed.add('before');
    watcher.track('before');
    watcher.track('after');
    await vi.waitFor(() => expect(heard).toEqual(['before']));
    watcher.poke('stranger');
    server.closed.add('after');
    watcher.poke('after');
    await vi.waitFor(() => expect(heard).toEqual(['before', 'after']));
    watcher.poke('after');
    await watcher.stop();
    expect(server.asked).toEqual(['before', 'after', 'after']);
  });

  it('finds closed workflows in the index without a poke, and in the full check if the index missed them', async () => {
    const timed = watch({ sweepEvery: 10 });
    timed.watcher.track('b');
    timed.server.closed.add('b');
    await vi.waitFor(() => expect(timed.heard).toEqual(['b']));
    await timed.watcher.stop();

    const round = watch({
      checkAllEvery: 10,
      engine: { getOutcome: () => Promise.resolve(done), listClosedSince: () => Promise.resolve([]) },
    });
    round.watcher.track('c');
    await vi.waitFor(() => expect(round.heard).toEqual(['c']));
  });

  it('continues after the server was down or a listener failed, and reports each close once', async () => {
    const errors: unknown[] = [];
    let refuse = true;
    const heard: string[] = [];
    const { server, watcher } = watch({
      sweepEvery: 10,
      onError: (error) => errors.push(error),
      onClosed: (id) => {
        if (refuse) throw new Error('the store is busy');
        heard.push(id);
      },
    });
    server.down = true;
    server.closed.add('a');
    watcher.track('a');
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(1));
    server.down = false;
    await vi.waitFor(() => expect(errors).toContainEqual(new Error('the store is busy')));
    refuse = false;
    await vi.waitFor(() => expect(heard).toEqual(['a']));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(heard).toEqual(['a']);
  });

  it('stops although a request is never answered', async () => {
    const asked: string[] = [];
    const stuck = watch({
      clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
      engine: {
        getOutcome: (id) => {
          asked.push(id);
          return new Promise(() => undefined);
        },
        listClosedSince: () => Promise.resolve([]),
      },
    });
    stuck.watcher.track('a');
    expect(asked).toEqual(['a']);
    await stuck.watcher.stop();
    expect(stuck.heard).toEqual([]);
  });

  it('watches a thousand workflows with a few requests at a time', async () => {
    let open = 0;
    let most = 0;
    const { heard, watcher } = watch({
      engine: {
        getOutcome: async () => {
          most = Math.max(most, ++open);
          await new Promise((resolve) => setImmediate(resolve));
          open--;
          return done;
        },
        listClosedSince: () => Promise.resolve([]),
      },
    });
    for (let i = 0; i < 1000; i++) watcher.track(String(i));
    await vi.waitFor(() => expect(heard).toHaveLength(1000));
    expect(most).toBeLessThanOrEqual(8);
  });
});
