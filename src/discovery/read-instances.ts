import { KuFlowApiError } from '../kuflow/errors.ts';
import { collectShape } from './shape/infer.ts';
import type { BudgetedClient } from './request-budget.ts';
import type { DiscoveryEvent, ObservedShape, Shapes } from './types.ts';
import type { JsonValue } from '../kuflow/contract/common.ts';
import type { SampleChoice } from './sampling.ts';

export type ReadShapes = Awaited<ReturnType<typeof readShapes>>;

const CONCURRENCY = 4;
const MAX_FAILURES_IN_A_ROW = 5;

/** Keeps keys and types, never values. Hidden and broken instances are counted. Rejects for errors that affect all (credentials, network). */
export async function readShapes(
  client: BudgetedClient,
  readings: readonly SampleChoice[],
  report: (event: DiscoveryEvent) => void,
) {
  const shapes = new Map<string, SlotCollector>();
  const add = (json: JsonValue | undefined, slot: string, { version, completed }: SampleChoice): void => {
    if (json === undefined || Object.keys(json.value).length === 0) return;
    const { value, valid } = json;
    const collectors = shapes.get(slot) ?? newSlotCollector();
    shapes.set(slot, collectors);
    collectors.all.add(value);
    if (valid === false) return;
    if (version === 'newest') collectors.newest.add(value);
    if (version === 'newest' && completed) collectors.newestCompleted.add(value);
    if (version === 'older' && completed) collectors.olderCompleted.add(value);
  };
  const state = { read: 0, unreadable: 0, failuresInARow: 0, gaveUp: false };
  const readOne = async (reading: SampleChoice): Promise<void> => {
    const path = { id: reading.id };
    try {
      if (reading.type === 'process') {
        const process = await client.call('retrieveProcess', { path });
        if (process === undefined) return;
        add(process.metadata, METADATA, reading);
        add(process.entity, ENTITY, reading);
      } else {
        const item = await client.call('retrieveProcessItem', { path });
        if (item === undefined) return;
        add((item.task ?? item.message)?.data, `${DATA}${reading.code}`, reading);
        add(item.task?.contextData, `${CONTEXT_DATA}${reading.code}`, reading);
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

  const byCode = <Shape>(kind: string, read: (collector: SlotCollector) => Shape): ReadonlyMap<string, Shape> =>
    new Map(
      [...shapes]
        .filter(([slot]) => slot.startsWith(kind))
        .map(([slot, collector]) => [slot.slice(kind.length), read(collector)]),
    );
  const [metadata, entity] = [shapes.get(METADATA), shapes.get(ENTITY)];
  const bySlot = <Shape>(read: (collector: SlotCollector) => Shape): Shapes<Shape> => ({
    metadata: metadata && read(metadata),
    entity: entity && read(entity),
    data: byCode(DATA, read),
    contextData: byCode(CONTEXT_DATA, read),
  });
  return {
    ...bySlot(({ all }) => all.result()),
    observed: bySlot(observedShape),
    /** Not all of the chosen instances were read or found unreadable. */
    stopped: state.read + state.unreadable < readings.length,
    read: state.read,
    unreadable: state.unreadable,
    /** Reading stopped early, because KuFlow no longer answered or its answers could not be read. */
    gaveUp: state.gaveUp,
  };
}

type SlotCollector = ReturnType<typeof newSlotCollector>;

const newSlotCollector = () => ({
  all: collectShape(),
  newest: collectShape(),
  newestCompleted: collectShape(),
  olderCompleted: collectShape(),
});

function observedShape({ all, newest, newestCompleted, olderCompleted }: SlotCollector): ObservedShape {
  return {
    all: all.observed(),
    newest: newest.observed(),
    newestCompleted: newestCompleted.observed(),
    olderCompleted: olderCompleted.observed(),
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
