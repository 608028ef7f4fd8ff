import { isRecord } from '../base/json.ts';
import { KuFlowApiError } from '../kuflow/errors.ts';
import { collectShape, type InferredShape, type ShapeCollector } from './shape/infer.ts';
import type { BudgetedClient } from './budget.ts';
import type { DiscoveryEvent } from './types.ts';
import { jsonValueIn } from './read-lists.ts';
import type { SampleChoice } from './sampling.ts';

export interface ReadShapes {
  readonly metadata: InferredShape | undefined;
  readonly entity: InferredShape | undefined;
  /** By task code. */
  readonly data: ReadonlyMap<string, InferredShape>;
  readonly contextData: ReadonlyMap<string, InferredShape>;
  readonly read: number;
  readonly unreadable: number;
  /** Reading stopped early, because KuFlow no longer answered or its answers could not be read. */
  readonly gaveUp: boolean;
}

const CONCURRENCY = 4;
const MAX_FAILURES_IN_A_ROW = 5;

/**
 * Reads instances and keeps the keys and types of their values; values are discarded at once. Instances that are hidden or broken are counted
 * and skipped. Rejects for errors that affect every instance (credentials, network).
 */
export async function readShapes(
  client: BudgetedClient,
  readings: readonly SampleChoice[],
  report: (event: DiscoveryEvent) => void,
  signal: AbortSignal | undefined,
): Promise<ReadShapes> {
  const shapes = new Map<string, ShapeCollector>();
  const add = (holder: unknown, key: string, slot: string): void => {
    const value = jsonValueIn(holder, key);
    if (value === undefined) return;
    const collector = shapes.get(slot) ?? collectShape();
    shapes.set(slot, collector);
    collector.add(value);
  };
  const state = { read: 0, unreadable: 0, failuresInARow: 0, gaveUp: false };
  const readOne = async (reading: SampleChoice): Promise<void> => {
    const operation = reading.type === 'process' ? 'retrieveProcess' : 'retrieveProcessItem';
    try {
      const answered = await client.call(operation, {
        path: { id: reading.id },
        signal,
      });
      if (answered === undefined) return;
      const { answer } = answered;
      if (reading.type === 'process') {
        add(answer, 'metadata', METADATA);
        add(answer, 'entity', ENTITY);
      } else if (isRecord(answer)) {
        add(answer['task'] ?? answer['message'], 'data', `${DATA}${reading.code}`);
        add(answer['task'], 'contextData', `${CONTEXT_DATA}${reading.code}`);
      }
      state.read += 1;
      state.failuresInARow = 0;
    } catch (error) {
      if (!(error instanceof KuFlowApiError) || affectsEveryRead(error)) throw error;
      state.unreadable += 1;
      state.failuresInARow += 1;
      if (state.failuresInARow >= MAX_FAILURES_IN_A_ROW || error.kind === 'rate-limited') state.gaveUp = true;
    }
    report({ type: 'reading', done: state.read + state.unreadable, of: readings.length });
  };

  const pending = new Set<Promise<void>>();
  for (const reading of readings) {
    while (pending.size >= CONCURRENCY || (pending.size > 0 && !client.hasRoom())) await Promise.race(pending);
    if (state.gaveUp || !client.hasRoom()) break;
    const one: Promise<void> = readOne(reading).finally(() => pending.delete(one));
    // Several reads may fail; the first awaited one is reported.
    one.catch(() => undefined);
    pending.add(one);
  }
  await Promise.all(pending);

  const byCode = (kind: string): ReadonlyMap<string, InferredShape> =>
    new Map(
      [...shapes]
        .filter(([slot]) => slot.startsWith(kind))
        .map(([slot, collector]) => [slot.slice(kind.length), collector.result()]),
    );
  return {
    metadata: shapes.get(METADATA)?.result(),
    entity: shapes.get(ENTITY)?.result(),
    data: byCode(DATA),
    contextData: byCode(CONTEXT_DATA),
    read: state.read,
    unreadable: state.unreadable,
    gaveUp: state.gaveUp,
  };
}

const METADATA = 'metadata';
const ENTITY = 'entity';
const DATA = 'data ';
const CONTEXT_DATA = 'contextData ';

function affectsEveryRead(error: KuFlowApiError): boolean {
  return (
    error.httpStatus === undefined ||
    error.kind === 'unauthorized' ||
    error.kind === 'proxy' ||
    error.kind === 'redirect'
  );
}
