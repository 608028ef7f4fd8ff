import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../../src/base/clock.ts';
import type { LiveEvent } from '../../../../src/platform/shared/dev-contract.ts';
import { createPlatformClock, type PlatformClock } from '../../../../src/platform/shared/platform-clock.ts';
import type { BusyWork, WorkflowTime } from '../../../../src/platform/temporal/workflow-time.ts';
import { skipTime } from '../../../../src/platform/time/skip-time.ts';

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NEVER = new AbortController().signal;

/** A workflow that waits for timers: `act` is called for each one, and returns the times of new ones. */
interface Simulated {
  ahead: number;
  timers: number[];
  busy?: BusyWork | undefined;
  act: (at: number) => readonly number[];
}

interface Simulation {
  readonly clock: PlatformClock;
  readonly workflows: Map<string, Simulated>;
  readonly off: string[];
  /** Records an event of a process, at the time of the clock. */
  readonly change: (processId: string, what: string) => void;
  readonly skip: (until?: number, cancel?: AbortSignal) => ReturnType<typeof skipTime>;
}

/** Real time does not pass. */
function simulate(before: (id: string) => void | Promise<void> = () => undefined): Simulation {
  const real: Clock = { now: () => START, sleep: () => new Promise(() => undefined) };
  const clock = createPlatformClock(real, 0, () => undefined);
  const workflows = new Map<string, Simulated>();
  const listeners = new Set<(event: LiveEvent) => void>();
  const off: string[] = [];
  const time: WorkflowTime = {
    canSkip: () => Promise.resolve(true),
    listRunning: () => Promise.resolve([...workflows.keys()]),
    read: (workflowId) => {
      const found = workflows.get(workflowId);
      if (found === undefined) return Promise.resolve(undefined);
      const { ahead, timers, busy } = found;
      return Promise.resolve({ workflowId, ahead, isMoving: false, busy, hasChildren: false, timers });
    },
    forward: async (workflowId, ms) => {
      await before(workflowId);
      const workflow = workflows.get(workflowId);
      if (workflow === undefined) return undefined;
      const to = START + workflow.ahead + ms;
      for (;;) {
        const next = Math.min(...workflow.timers);
        if (next > to) break;
        workflow.timers = workflow.timers.filter((at) => at !== next);
        workflow.timers.push(...workflow.act(next));
      }
      workflow.ahead = to - START;
      return undefined;
    },
    switchOff: (id) => {
      off.push(id);
      return Promise.resolve();
    },
  };
  return {
    clock,
    workflows,
    off,
    change: (processId, what) => {
      const event: LiveEvent = { id: 1, time: new Date(clock.now()).toISOString(), kind: 'process', processId, what };
      for (const listener of listeners) listener(event);
    },
    skip: (until, cancel = NEVER) =>
      skipTime(
        {
          clock,
          time,
          stepWithinMs: 50,
          workerWithinMs: 0,
          listOpen: () => [...workflows.keys()],
          delivered: () => Promise.resolve(),
          subscribe: (listener) => {
            listeners.add(listener);
            return () => listeners.delete(listener);
          },
          onMoved: () => undefined,
          onLost: (error) => {
            throw error;
          },
        },
        until,
        cancel,
        NEVER,
      ),
  };
}

/** Reads its task again every 12 hours, and escalates once if it has a deadline. */
function escalating(simulation: Simulation, id: string, deadline?: number): void {
  simulation.workflows.set(id, {
    ahead: 0,
    timers: [...(deadline === undefined ? [] : [deadline]), START + 12 * HOUR],
    act: (at) => {
      if (at !== deadline) return [at + 12 * HOUR];
      simulation.change(id, 'escalated');
      return [];
    },
  });
}

describe('skipping time', () => {
  it('escalates 100 processes with deadlines on 30 days once each, in order, and moves all of them to the end', async () => {
    const simulation = simulate();
    const deadlineOf = (index: number): number => START + ((index * 7) % 30) * DAY + DAY + index * 1000;
    for (let index = 0; index < 100; index++) escalating(simulation, `p${index}`, deadlineOf(index));
    const result = await simulation.skip(START + 60 * DAY);
    expect(result).toMatchObject({ end: 'reached', aheadMs: 60 * DAY, behind: [] });
    expect(new Set(result.events.map(({ processId }) => processId)).size).toBe(100);
    expect(result.events).toHaveLength(100);
    const times = result.events.map(({ time }) => Date.parse(time));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    // KuFlow's time is that of the workflow, except for the window of a step.
    for (const { processId, time } of result.events) {
      const late = Date.parse(time) - deadlineOf(Number(processId.slice(1)));
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThanOrEqual(60_000);
    }
    expect([...simulation.workflows.values()].every(({ ahead }) => ahead === 60 * DAY)).toBe(true);
  });

  it('stops when a process has changed, and moves the others to the same time', async () => {
    const simulation = simulate();
    escalating(simulation, 'first', START + 3 * DAY);
    escalating(simulation, 'second', START + 5 * DAY);
    const result = await simulation.skip();
    expect(result).toMatchObject({ end: 'acted', events: [{ processId: 'first', what: 'escalated' }] });
    expect(simulation.clock.ahead).toBe(3 * DAY + 60_000);
    expect(simulation.workflows.get('second')?.ahead).toBe(simulation.clock.ahead);
    expect(await simulation.skip()).toMatchObject({ end: 'acted', events: [{ processId: 'second' }] });
  });

  it('ends as idle when no process will change', async () => {
    const simulation = simulate();
    expect(await simulation.skip()).toMatchObject({ end: 'idle', aheadMs: 0 });
    escalating(simulation, 'waiting');
    expect(await simulation.skip()).toMatchObject({ end: 'idle', aheadMs: 12 * HOUR + 60_000, events: [] });
  });

  it('moves the clock without any process', async () => {
    const simulation = simulate();
    expect(await simulation.skip(START + DAY)).toMatchObject({ end: 'reached', aheadMs: DAY });
  });

  it('does not begin without a worker, and does not wait long for one', async () => {
    const simulation = simulate();
    escalating(simulation, 'idle', START + DAY);
    const busy = { kind: 'no-worker', reason: 'no worker is polling LOAN_QUEUE' } as const;
    simulation.workflows.set('busy', { ahead: 0, timers: [], act: () => [], busy });
    const result = await simulation.skip(START + DAY);
    expect(result).toMatchObject({ end: 'stuck', aheadMs: 0, behind: [{ workflowId: 'busy', reason: busy.reason }] });
  });

  it('does not begin while no worker continues a workflow', async () => {
    const simulation = simulate();
    escalating(simulation, 'idle', START + DAY);
    const busy = { kind: 'not-taken', reason: 'no worker has continued its workflow' } as const;
    simulation.workflows.set('busy', { ahead: 0, timers: [], act: () => [], busy });
    const behind = [{ workflowId: 'busy', now: new Date(START).toISOString(), reason: busy.reason }];
    expect(await simulation.skip(START + DAY)).toMatchObject({ end: 'stuck', aheadMs: 0, behind });
  });

  it('leaves behind a workflow whose code was already failing, and names it', async () => {
    const simulation = simulate();
    escalating(simulation, 'good', START + DAY);
    const busy = { kind: 'code-fails', reason: 'its workflow code fails' } as const;
    simulation.workflows.set('bad', { ahead: 0, timers: [], act: () => [], busy });
    const result = await simulation.skip(START + 2 * DAY);
    expect(result).toMatchObject({ end: 'reached', behind: [{ workflowId: 'bad', reason: busy.reason }] });
    expect(result.events.map(({ processId }) => processId)).toEqual(['good']);
  });

  it('ends at the deadline at which a workflow gets stuck', async () => {
    const simulation = simulate();
    escalating(simulation, 'good', START + 5 * DAY);
    const bad: Simulated = {
      ahead: 0,
      timers: [START + DAY],
      act: () => {
        bad.busy = { kind: 'activity', reason: 'it waits for the activity escalate' };
        return [];
      },
    };
    simulation.workflows.set('bad', bad);
    const result = await simulation.skip(START + 10 * DAY);
    expect(result).toMatchObject({ end: 'stuck', aheadMs: DAY + 60_000, behind: [{ workflowId: 'bad' }], events: [] });
    expect(simulation.workflows.get('good')?.ahead).toBe(DAY + 60_000);
  });

  it('ends between two deadlines when it is canceled', async () => {
    const cancel = new AbortController();
    const simulation = simulate(() => cancel.abort());
    escalating(simulation, 'one', START + DAY);
    escalating(simulation, 'two', START + 2 * DAY);
    const result = await simulation.skip(START + 10 * DAY, cancel.signal);
    expect(result).toMatchObject({ end: 'canceled', aheadMs: 12 * HOUR + 60_000 });
  });

  it('turns off time skipping for the workflows that may still move when the server does not answer', async () => {
    const simulation = simulate((id) => {
      if (id === 'two') throw new Error('UNAVAILABLE');
    });
    for (const id of ['one', 'two']) escalating(simulation, id, START + DAY);
    await expect(simulation.skip(START + DAY)).rejects.toThrow('UNAVAILABLE');
    expect(simulation.off).toEqual(['two']);
  });
});
