import { setMaxListeners } from 'node:events';
import { forEachInParallel, waitAtMost } from '../../base/async.ts';
import { atMostEvery, isoTime } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { formatSpan } from '../../base/format-span.ts';
import { withoutUndefined } from '../../base/json.ts';
import { parseZonedTime } from '../../base/zoned-time.ts';
import { badRequest } from '../domain/api-error.ts';
import type { ClockStatus, SkipRequest, SkipResult } from '../shared/dev-contract.ts';
import { getMeta, setMeta } from '../store/people.ts';
import type { Store } from '../store/store.ts';
import { canSkipTime, SKIPPING_SERVER, type TemporalVersions } from '../temporal/server.ts';
import { PARALLEL_WORKFLOWS, skipTime, type SkipOptions } from './skip-time.ts';

export interface TimeSkipperOptions extends Omit<SkipOptions, 'clock' | 'onLost'> {
  readonly store: Store;
  readonly temporal: TemporalVersions;
  /** Called when the clock has moved, and when a skip has ended. */
  readonly onMoved: () => void;
  readonly warn: (message: string) => void;
}

/** The entry in the store during a skip: the ISO time until when, or `next` for the next deadline. Empty if there is no skip. */
const SKIPPING = 'skipping';
const NEXT = 'next';
const STOP_WITHIN_MS = 5_000;
const ANNOUNCE_EVERY_MS = 250;

/** Skips time, one skip at a time. First switches off the workflows that an interrupted skip would still move. Rejects if the Temporal server does not answer. */
export async function createTimeSkipper(options: TimeSkipperOptions) {
  const { store, time, warn } = options;
  const { clock } = store;
  const obstacle = await findObstacle(options);
  const stopping = new AbortController();
  // Each call to the server adds a listener.
  setMaxListeners(0, stopping.signal);
  let running: Promise<unknown> | undefined;
  let skipping: ClockStatus['skipping'];
  const mayAnnounce = atMostEvery(ANNOUNCE_EVERY_MS, clock.real);

  /** The console reads the time again at each announcement. */
  const announceMove = (): void => {
    if (mayAnnounce('')) options.onMoved();
  };

  const setMark = (mark: string): void => store.transaction(() => setMeta(store.sql, SKIPPING, mark));
  const readMark = (): string => getMeta(store.sql, SKIPPING) ?? '';

  /** After a kill, a workflow that was busy would move as soon as it is idle. */
  async function switchOffAll(): Promise<void> {
    const all = new Set([...options.listOpen(), ...(await time.listRunning())]);
    await forEachInParallel(PARALLEL_WORKFLOWS, all, async (id) => {
      if ((await time.read(id))?.isMoving === true) await time.switchOff(id);
    });
    setMark('');
  }

  async function run(until: number | undefined, cancel: AbortSignal): Promise<SkipResult> {
    if (readMark() !== '') await switchOffAll();
    setMark(until === undefined ? NEXT : isoTime(until));
    const lost = { any: false };
    const onLost = (error: unknown): void => {
      lost.any = true;
      warn(`Some workflows may still skip time, because the Temporal server does not answer: ${messageOf(error)}`);
    };
    try {
      return await skipTime({ ...options, clock, onMoved: announceMove, onLost }, until, cancel, stopping.signal);
    } finally {
      if (!lost.any && !stopping.signal.aborted) setMark('');
    }
  }

  const mark = obstacle === undefined ? readMark() : '';
  if (mark !== '') {
    await switchOffAll();
    warn(`A skip of time was interrupted. To continue: kuflow dev skip${mark === NEXT ? '' : ` --until ${mark}`}`);
  }
  if (clock.ahead > 0) warn(`The clock is ${formatSpan(clock.ahead)} ahead, because time was skipped`);
  if (obstacle !== undefined && clock.ahead > 0)
    warn(`New workflows start with the time of this machine, which is behind that of the local KuFlow: ${obstacle}`);

  return {
    status: (): ClockStatus =>
      withoutUndefined({ now: isoTime(clock.now()), aheadMs: clock.ahead, obstacle, skipping }),
    /** See `skipTime`; `until` is in milliseconds since the epoch. Call it only if `status` has no obstacle and no skip is running. */
    skip: async (until: number | undefined, cancel: AbortSignal): Promise<SkipResult> => {
      skipping = { from: isoTime(clock.now()), ...(until !== undefined && { until: isoTime(until) }) };
      const work = run(until, cancel).finally(() => {
        skipping = undefined;
        options.onMoved();
      });
      running = work.catch(() => undefined);
      return await work;
    },
    /** Ends the skip in progress, and waits until nothing moves any more, for a few seconds at most. */
    stop: async (): Promise<void> => {
      stopping.abort(new Error('The local KuFlow is stopping'));
      await waitAtMost(clock, STOP_WITHIN_MS, running ?? Promise.resolve());
    },
  };
}

export type TimeSkipper = Awaited<ReturnType<typeof createTimeSkipper>>;

async function findObstacle({ temporal, time }: TimeSkipperOptions): Promise<string | undefined> {
  const found = `the Temporal server ${temporal.serverVersion} (Temporal CLI ${temporal.version})`;
  if (!canSkipTime(temporal)) return `${found} is older than ${SKIPPING_SERVER}`;
  return (await time.canSkip()) ? undefined : `${found} does not support it, or it is switched off`;
}

const LONGEST_SKIP_MS = 10 * 366 * 24 * 3600 * 1000;

/** Milliseconds since the epoch; undefined to skip until a process changes. */
export function parseSkip({ seconds, until }: SkipRequest = {}, now: number): number | undefined {
  if (seconds === undefined && until === undefined) return undefined;
  if (seconds !== undefined && until !== undefined) throw badRequest('seconds and until cannot be combined', 'body');
  const field = until === undefined ? 'body.seconds' : 'body.until';
  const wanted = until === undefined ? now + (seconds ?? 0) * 1000 : parseZonedTime(until);
  if (wanted === undefined) throw badRequest('Expected an ISO 8601 time with a time zone', field);
  if (wanted < now) throw badRequest(`The clock only moves forward: it is ${isoTime(now)} for the local KuFlow`, field);
  if (wanted > now + LONGEST_SKIP_MS) throw badRequest('At most 10 years can be skipped at once', field);
  return wanted;
}
