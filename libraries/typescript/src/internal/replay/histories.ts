import type { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { defaultPayloadConverter, type PayloadCodec } from '@temporalio/common';
import { Worker, type InjectedSinks } from '@temporalio/worker';
import { modulePath, workflowSources } from '../workflow-code.ts';
import { CREATE_ITEM, type CreatedItem, type ReplaySinks } from './recorder.ts';

const RECORDER = modulePath('./recorder', import.meta.url);

type History = ReturnType<typeof historyFromJSON>;
type Event = NonNullable<History['events']>[number];

/** The history of a workflow, as Temporal's protocol has it. */
export interface WorkflowHistory {
  readonly workflowId: string;
  readonly history: History;
}

/** How the workflow code and a history fit together. */
export interface Replayed {
  readonly workflowId: string;
  /** Why they do not match. */
  readonly failure?: Error;
  /** The last item that both have, such as `item 2, TASK REVIEW`. */
  readonly lastItem?: string;
  /** The first timer whose duration differs. Temporal does not compare durations. */
  readonly changedTimer?: string;
}

/**
 * Replays histories with the workflow code in a module, in order.
 *
 * A history does not match if the code calls other activities, or creates other items than the history has: Temporal itself compares only
 * the names of activities, and every item is created by the same one.
 */
export async function* replayHistories(
  workflows: string,
  codec: PayloadCodec,
  histories: Iterable<WorkflowHistory> | AsyncIterable<WorkflowHistory>,
): AsyncGenerator<Replayed> {
  const { workflowsPath, workflowInterceptorModules } = workflowSources(workflows);
  // By ID: an item that is canceled in the workflow task that creates it is not part of the history.
  const created = new Map<string | undefined, CreatedItem>();
  const timers = new Map<string, number>();
  const sinks: InjectedSinks<ReplaySinks> = {
    replay: {
      created: { fn: (_info, item) => void created.set(item.id, item), callDuringReplay: true },
      timer: { fn: (_info, id, ms) => void timers.set(id, ms), callDuringReplay: true },
    },
  };
  let events: readonly Event[] = [];
  // Temporal asks for the next history when the one before has been replayed.
  async function* oneByOne(): AsyncGenerator<WorkflowHistory> {
    for await (const one of histories) {
      created.clear();
      timers.clear();
      events = one.history.events ?? [];
      yield one;
    }
  }
  const interceptors = { workflowModules: [...workflowInterceptorModules, RECORDER] };
  const options = { workflowsPath, interceptors, sinks, dataConverter: { payloadCodecs: [codec] } };
  for await (const { workflowId, error } of Worker.runReplayHistories(options, oneByOne())) {
    let items: readonly CreatedItem[];
    try {
      items = await recordedItems(events, codec);
    } catch (failure) {
      yield { workflowId, failure: failure instanceof Error ? failure : new Error(String(failure)) };
      continue;
    }
    const failure = compareItems(items, created, error) ?? error;
    if (failure === undefined) yield { workflowId, ...compareTimers(events, timers) };
    else yield { workflowId, failure, ...lastCommonItem(items, created) };
  }
}

function compareItems(
  recordedBefore: readonly CreatedItem[],
  created: ReadonlyMap<string | undefined, CreatedItem>,
  failure: Error | undefined,
): Error | undefined {
  for (const [at, recorded] of recordedBefore.entries()) {
    const item = created.get(recorded.id);
    const isSame = item !== undefined && describeItem(item) === describeItem(recorded);
    // A replay that failed may have ended before it created the item.
    if (isSame || (item === undefined && failure !== undefined)) continue;
    const now = item === undefined ? 'does not create it with the same ID' : `creates ${describeItem(item)}`;
    return new ItemsDiffer(
      `Item ${at + 1} of the process is ${describeItem(recorded)} in the history, but the workflow code ${now}`,
      { cause: failure },
    );
  }
  return undefined;
}

function lastCommonItem(
  recorded: readonly CreatedItem[],
  created: ReadonlyMap<string | undefined, CreatedItem>,
): Pick<Replayed, 'lastItem'> {
  const at = recorded.findLastIndex(({ id }) => created.has(id));
  const item = recorded[at];
  return item === undefined ? {} : { lastItem: `item ${at + 1}, ${describeItem(item)}` };
}

/** The workflow code creates other items than the history has. Its message contains no data of the process. */
export class ItemsDiffer extends Error {}

const describeItem = ({ type, processItemDefinitionCode }: CreatedItem): string =>
  `${type ?? 'an item'} ${processItemDefinitionCode ?? 'without a definition'}`;

/** The items that the history creates, in order. */
async function recordedItems(events: readonly Event[], codec: PayloadCodec): Promise<CreatedItem[]> {
  const requests = events.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled?.activityType?.name === CREATE_ITEM ? (scheduled.input?.payloads?.slice(0, 1) ?? []) : [],
  );
  return (await codec.decode(requests)).map((one) => defaultPayloadConverter.fromPayload<CreatedItem>(one));
}

function compareTimers(events: readonly Event[], timers: ReadonlyMap<string, number>): Pick<Replayed, 'changedTimer'> {
  const started = events.flatMap(({ timerStartedEventAttributes: timer }) => (timer ? [timer] : []));
  for (const [at, { timerId, startToFireTimeout }] of started.entries()) {
    const before = Number(startToFireTimeout?.seconds ?? 0) * 1_000 + (startToFireTimeout?.nanos ?? 0) / 1_000_000;
    const now = timers.get(timerId ?? '');
    // Temporal starts a timer of no length with a millisecond. Versions of this library differ by a twentieth in when they read a task again.
    if (now === undefined || Math.abs(before - now) <= 1 + Math.max(before, now) / 20) continue;
    const changedTimer = `Timer ${at + 1} takes ${formatMs(before)} in the history, and ${formatMs(now)} in the workflow code. Running processes keep the old time`;
    return { changedTimer };
  }
  return {};
}

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
] as const;

/** In the largest unit of which it is a multiple. */
function formatMs(ms: number): string {
  const [size, unit] = UNITS.find(([size]) => ms >= size && ms % size === 0) ?? [1_000, 's'];
  return `${ms / size} ${unit}`;
}
