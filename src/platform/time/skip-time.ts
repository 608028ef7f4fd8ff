import { setTimeout as delay } from 'node:timers/promises';
import { forEachInParallel, waitAtMost } from '../../base/async.ts';
import { isoTime } from '../../base/clock.ts';
import { withoutUndefined } from '../../base/json.ts';
import type { LiveEvent, SkipEnd, SkippedEvent, SkipResult, WorkflowBehind } from '../shared/dev-contract.ts';
import type { PlatformClock } from '../shared/platform-clock.ts';
import type { BusyWork, WorkflowMoment, WorkflowTime } from '../temporal/workflow-time.ts';

export interface SkipOptions {
  readonly clock: PlatformClock;
  readonly time: WorkflowTime;
  /** The workflows of processes that are known to be open. The server's index lists new ones a moment later. */
  readonly listOpen: () => readonly string[];
  /** Resolves when all commands for the engine have been delivered. */
  readonly delivered: () => Promise<void>;
  /** Calls the listener for each event of the platform, until the returned function is called. */
  readonly subscribe: (listener: (event: LiveEvent) => void) => () => void;
  /** Called after each step of the clock. */
  readonly onMoved: () => void;
  /** Called if workflows may still move after the end of the skip, because the server does not answer. */
  readonly onLost: (error: unknown) => void;
  /** Milliseconds that one step may take. Default: 30 s. */
  readonly stepWithinMs?: number | undefined;
  /** Milliseconds that workflows wait for a worker that is starting. Default: 5 s. */
  readonly workerWithinMs?: number | undefined;
}

const WITHOUT_WORKER: ReadonlySet<BusyWork['kind'] | undefined> = new Set(['no-worker', 'not-taken']);
/** A fast-forward ends at the timer itself if its end is closer than this. Milliseconds, as all of these. */
const MARGIN = 5;
/** Timers of different workflows that are this close together fire in one step. */
const WINDOW = 60_000;
const STEP_WITHIN = 30_000;
const WORKER_WITHIN = 5_000;
/** Milliseconds after which a skip ends, between two steps. */
const TIME_LIMIT = 120_000;
/** How many workflows are read or moved at the same time. */
export const PARALLEL_WORKFLOWS = 16;
const MAX_POLL = 200;
const MAX_EVENTS = 500;

/**
 * Moves the clock and all workflows to `until`, or without it, until a process has changed in KuFlow. Goes from timer to timer, and at each one waits
 * until its workflow and KuFlow have nothing left to do. Workflows that are not due only move in the last step, so that the times of KuFlow and of the
 * workflow agree when something happens. Resolves also if it does not arrive; see `SkipResult`. `cancel` ends it after the present step. Rejects if the
 * Temporal server does not answer, or if `signal` aborts; every workflow that may still move is then switched off.
 */
export async function skipTime(
  { clock, time, ...options }: SkipOptions,
  until: number | undefined,
  cancel: AbortSignal,
  signal: AbortSignal,
): Promise<SkipResult> {
  const { stepWithinMs = STEP_WITHIN, workerWithinMs = WORKER_WITHIN } = options;
  const from = clock.now();
  const limit = Date.now() + TIME_LIMIT;
  const events: SkippedEvent[] = [];
  const changed = new Set<string>();
  const moments = new Map<string, WorkflowMoment>();
  const moving = new Set<string>();
  const behind: WorkflowBehind[] = [];
  /** Those that were busy from the beginning. */
  const left = new Set<string>();
  const unsubscribe = options.subscribe((event) => {
    if (event.kind !== 'process') return;
    changed.add(event.processId);
    const { time: at, processId, what, code, processItemId, detail } = event;
    events.push(withoutUndefined({ time: at, processId, what, code, processItemId, detail }));
  });

  const finish = (end: SkipEnd): SkipResult => ({
    end,
    from: isoTime(from),
    now: isoTime(clock.now()),
    aheadMs: clock.ahead,
    ...(until === undefined ? {} : { until: isoTime(until) }),
    events: events.slice(-MAX_EVENTS),
    behind,
  });

  const addBehind = ({ workflowId, ahead }: WorkflowMoment, reason: string): void => {
    behind.push({ workflowId, now: isoTime(clock.real.now() + ahead), reason });
  };

  /** Reads these workflows and all that change, again and again until nothing is going on in them. */
  async function settle(ids: Iterable<string>, deadline: number): Promise<readonly WorkflowMoment[]> {
    const settled = new Set(ids);
    const open = new Set(settled);
    const workerUntil = Date.now() + workerWithinMs;
    for (let pause = 10; ; pause = Math.min(1.5 * pause, MAX_POLL)) {
      await waitAtMost(clock, Math.max(1, deadline - Date.now()), options.delivered());
      if (changed.size > 0)
        for (const id of await time.listRunning()) if (!moments.has(id) && !left.has(id)) open.add(id);
      for (const id of changed) open.add(id);
      changed.clear();
      signal.throwIfAborted();
      await forEachInParallel(PARALLEL_WORKFLOWS, open, async (id) => {
        const moment = await time.read(id);
        settled.add(id);
        if (moment === undefined) moments.delete(id);
        else moments.set(id, moment);
        if (moment?.busy === undefined) open.delete(id);
      });
      if ((open.size === 0 && changed.size === 0) || Date.now() > deadline) break;
      const needWorker = [...open].every((id) => moments.get(id)?.busy?.kind === 'no-worker');
      if (open.size > 0 && needWorker && Date.now() > workerUntil) break;
      if (open.size > 0) await delay(pause, undefined, { signal });
    }
    return [...settled].flatMap((id) => moments.get(id) ?? []);
  }

  /** Moves these workflows to a time, and waits for what they then do. Returns false if one of them does not get there, or does not settle. */
  async function step(due: readonly WorkflowMoment[], to: number): Promise<boolean> {
    clock.advanceTo(to);
    options.onMoved();
    const deadline = Date.now() + stepWithinMs;
    const failures = new Map<string, string>();
    await forEachInParallel(PARALLEL_WORKFLOWS, due, async ({ workflowId, ahead }) => {
      const ms = Math.ceil(to - clock.real.now() - ahead);
      if (ms <= 0) return;
      moving.add(workflowId);
      const failure = await time.forward(workflowId, ms, deadline, signal);
      moving.delete(workflowId);
      if (failure !== undefined) failures.set(workflowId, failure);
    });
    const parents = [...moments.values()].filter(({ hasChildren }) => hasChildren);
    const ids = [...due, ...parents].map(({ workflowId }) => workflowId);
    const settled = await settle(ids, Math.max(deadline, Date.now() + 1));
    const before = behind.length;
    for (const moment of settled) {
      const reason = moment.busy?.reason ?? failures.get(moment.workflowId);
      if (reason !== undefined) addBehind(moment, reason);
    }
    return behind.length === before;
  }

  try {
    const all = new Set([...options.listOpen(), ...(await time.listRunning())]);
    const blocked = (await settle(all, Date.now() + stepWithinMs)).filter(({ busy }) => busy !== undefined);
    for (const moment of blocked) {
      addBehind(moment, moment.busy?.reason ?? '');
      moments.delete(moment.workflowId);
      left.add(moment.workflowId);
    }
    // Other workflows that are busy stay behind. Without a worker, all of them would.
    if (blocked.some(({ busy }) => WITHOUT_WORKER.has(busy?.kind))) return finish('stuck');
    events.length = 0;
    const movable = (): WorkflowMoment[] => [...moments.values()].filter(({ hasChildren }) => !hasChildren);
    // Without `until`, a timer that is started on the way is not waited for: workers start one after another to read their open tasks again.
    const aim = until ?? Math.max(...movable().flatMap(({ timers }) => timers));
    const advance = async (): Promise<SkipEnd | undefined> => {
      if (cancel.aborted) return 'canceled';
      if (Date.now() > limit) return 'time-limit';
      const next = Math.min(...movable().flatMap(({ timers }) => timers));
      const isLast = until !== undefined && next + MARGIN >= until;
      if (!isLast && (next > aim || next === Infinity)) return 'idle';
      if (isLast) {
        const arrived = await step(movable(), Math.max(until, clock.now()));
        for (const moment of moments.values())
          if (moment.hasChildren) addBehind(moment, 'its child workflow is running');
        return arrived ? 'reached' : 'stuck';
      }
      const to = Math.min(next + WINDOW, until ?? Infinity);
      const due = movable().filter(({ timers }) => timers.some((at) => at <= to));
      if (!(await step(due, to))) return 'stuck';
      return until === undefined && events.length > 0 ? 'acted' : undefined;
    };
    let end: SkipEnd | undefined;
    while (end === undefined) end = await advance();
    // The others follow: none of their timers is due.
    const late = new Set(behind.map(({ workflowId }) => workflowId));
    if (end !== 'reached')
      await step(
        movable().filter(({ workflowId }) => !late.has(workflowId)),
        clock.now(),
      );
    return finish(end);
  } finally {
    unsubscribe();
    await forEachInParallel(PARALLEL_WORKFLOWS, moving, (id) => time.switchOff(id)).catch(options.onLost);
  }
}
