import { relative } from 'node:path';
import type { PayloadCodec } from '@temporalio/common';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { createEncryptionKeys, encryption, type EncryptionKeys } from '../encryption.ts';
import { describeError, parseCoreFailure, placeOf } from '../logging.ts';
import { noMetrics } from '../metrics.ts';
import { redact } from '../redaction.ts';
import { createRestClient, type RestClient } from '../rest-client.ts';
import type { Settings } from '../settings.ts';
import { protocol } from '../temporal-protocol.ts';
import { modulePath } from '../workflow-code.ts';
import { ItemsDiffer, replayHistories, type WorkflowHistory } from './histories.ts';

/** Begins each line with a result. Everything else on standard output is ignored. */
const RESULT = 'kuflow-replay ';
const LENGTH_BYTES = 4;

/** The result for the history of a process. */
interface Result {
  readonly id: string;
  readonly outcome: 'match' | 'mismatch' | 'unreadable';
  /** The same for processes that have the same problem, and without data of the process. */
  readonly reason?: string | undefined;
  readonly warning?: string | undefined;
}

/**
 * Replays the histories on standard input, one after the other, and prints a line with the result of each. A history is two blocks, each
 * after its length (4 bytes, big-endian): the ID of the process, and a protobuf message `temporal.api.history.v1.History`. Nothing else is
 * kept, so that the number of processes does not matter. `main` is the URL of the worker's main module. `load` reads the settings, which only
 * confidential processes need.
 */
export async function replayInput(main: string, load: () => Settings, agent: string): Promise<0> {
  // Workflow code may print data of processes.
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) console[method] = () => undefined;
  const logging = { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } as const;
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), telemetryOptions: { logging } });
  const keys = openKeys(load, agent);
  try {
    const { codec, takeFailure } = watched(encryption((id) => keys.find(id)));
    for await (const { workflowId: id, failure, lastItem, changedTimer } of replayHistories(
      modulePath('workflows', main),
      codec,
      readHistories(process.stdin),
    )) {
      const unreadable = takeFailure();
      if (unreadable !== undefined) await print({ id, outcome: 'unreadable', reason: describeError(unreadable) });
      else if (failure !== undefined) await print({ id, outcome: 'mismatch', reason: reasonOf(failure, lastItem) });
      else await print({ id, outcome: 'match', warning: changedTimer });
    }
  } finally {
    await keys.close();
  }
  return 0;
}

function print(result: Result): Promise<void> {
  return new Promise((resolve) => void process.stdout.write(`${RESULT}${JSON.stringify(result)}\n`, () => resolve()));
}

/** Connects to KuFlow for the first key. */
function openKeys(load: () => Settings, agent: string): { readonly find: EncryptionKeys; readonly close: () => Promise<void> } {
  let rest: RestClient | undefined;
  let keys: EncryptionKeys | undefined;
  return {
    find: async (id) => {
      rest ??= createRestClient(load(), noMetrics, agent);
      keys ??= createEncryptionKeys(rest);
      return keys(id);
    },
    close: async () => rest?.close(),
  };
}

/** Remembers why a payload could not be decrypted. Temporal reports that like an error of the workflow code. */
function watched(codec: PayloadCodec): { readonly codec: PayloadCodec; readonly takeFailure: () => unknown } {
  let failure: unknown;
  const watch = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      failure ??= error;
      throw error;
    }
  };
  return {
    codec: { encode: (payloads) => watch(codec.encode(payloads)), decode: (payloads) => watch(codec.decode(payloads)) },
    takeFailure: () => {
      const taken = failure;
      failure = undefined;
      return taken;
    },
  };
}

/** The failure in what Temporal's SDK writes. */
const CORE_FAILURE = /\bFailure \{[^]*/;
/** An event, which may be written with all its data. */
const EVENT = /(?:(?:this )?event:? )?\bHistoryEvent(?:\((?:id: \d+, )?(\w+)\)?| \{[^]*?\bevent_type: (\w+)[^]*)/;
/** What differs between processes that have the same problem. */
const IDS = /\(\d+\)?$|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/gi;

function reasonOf(error: Error, lastItem: string | undefined): string {
  if (error instanceof ItemsDiffer) return error.message;
  const subject = lastItem === undefined ? 'The workflow code' : `After ${lastItem}, the workflow code`;
  const text = CORE_FAILURE.exec(error.message)?.[0] ?? error.message;
  const message = parseCoreFailure(text)?.message ?? text;
  const [, difference] = /Nondeterminism (?:error: |\("?)([^]*?)"?\)?$/i.exec(message) ?? [];
  // Names of activities and commands, but no data.
  if (difference !== undefined) {
    const named = difference.replace(EVENT, (_, one: string | undefined, other?: string) => `the event ${one ?? other ?? ''}`);
    return `${subject} does not match the history: ${named.replace(IDS, '')}`;
  }
  const place = placeOf(text);
  const at = place === undefined ? '' : ` at ${relative(process.cwd(), place)}`;
  return `${subject} fails${at}: ${redact(message).replace(IDS, '…')}`;
}

async function* readHistories(input: AsyncIterable<Buffer>): AsyncGenerator<WorkflowHistory> {
  const { History } = protocol.temporal.api.history.v1;
  const read = blocksOf(input);
  for (let id = await read(); id !== undefined; id = await read()) {
    const history = await read();
    if (history === undefined) throw new Error('The histories on standard input are incomplete');
    yield { workflowId: id.toString(), history: History.decode(history) };
  }
}

/** Reads one block after the other. Keeps no more than one of them. */
function blocksOf(input: AsyncIterable<Buffer>): () => Promise<Buffer | undefined> {
  const chunks = input[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const take = async (length: number): Promise<Buffer | undefined> => {
    const parts = [rest];
    for (let size = rest.length; size < length; ) {
      const { done, value } = await chunks.next();
      if (done === true) return undefined;
      parts.push(value);
      size += value.length;
    }
    const all = Buffer.concat(parts);
    rest = all.subarray(length);
    return all.subarray(0, length);
  };
  return async () => {
    const length = await take(LENGTH_BYTES);
    return length === undefined ? undefined : take(length.readUInt32BE());
  };
}
