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
  /** KuFlow stopped answering, or answered nothing that could be read; the rest was left. */
  readonly gaveUp: boolean;
}

const CONCURRENCY = 4;
const MAX_FAILURES_IN_A_ROW = 5;

/**
 * Reads instances and keeps the keys and types of their values. Each value goes as soon as it has been looked at. An instance that is
 * hidden or broken is counted and passed over; rejects for errors that would meet every instance (credentials, network).
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
  const state = { read: 0, unreadable: 0, inARow: 0, gaveUp: false };
  const readOne = async (reading: SampleChoice): Promise<void> => {
    const operation = reading.type === 'process' ? 'retrieveProcess' : 'retrieveProcessItem';
    try {
      const answered = await client.call(operation, {
        path: { id: reading.id },
        ...(signal === undefined ? {} : { signal }),
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
      state.inARow = 0;
    } catch (error) {
      if (!(error instanceof KuFlowApiError) || affectsEveryRead(error)) throw error;
      state.unreadable += 1;
      state.inARow += 1;
      if (state.inARow >= MAX_FAILURES_IN_A_ROW || error.kind === 'rate-limited') state.gaveUp = true;
    }
    report({ type: 'reading', done: state.read + state.unreadable, of: readings.length });
  };

  const underWay = new Set<Promise<void>>();
  for (const reading of readings) {
    while (underWay.size >= CONCURRENCY || (underWay.size > 0 && !client.hasRoom())) await Promise.race(underWay);
    if (state.gaveUp || !client.hasRoom()) break;
    const one: Promise<void> = readOne(reading).finally(() => underWay.delete(one));
    // Several may fail at once; the first to be awaited is reported.
    one.catch(() => undefined);
    underWay.add(one);
  }
  await Promise.all(underWay);

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
