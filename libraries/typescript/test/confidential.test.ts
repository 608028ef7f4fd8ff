import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { fileURLToPath } from 'node:url';
import { CompleteAsyncError } from '@temporalio/activity';
import { Client, type WorkflowHandle } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { historyToJSON, JSONToPayload, payloadToJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createActivityInterceptor } from '../src/internal/activity-interceptor.ts';
import { createEncryptionKeys, encryption } from '../src/internal/encryption.ts';
import { payloadLimit } from '../src/internal/payload-limit.ts';
import { callConfidential, TEST_KEY, TEST_KEY_ID, testEncryption } from '../src/internal/testing/confidential.ts';
import { workflowSources } from '../src/internal/workflow-code.ts';
import { openTestEnvironment, replay, type FakeKuFlow, type TestEnvironment } from '../src/testing.ts';
import { openLoopbackKuFlow, type LoopbackKuFlow } from './support/loopback-kuflow.ts';

const workflows = new URL('./support/trial-workflows.ts', import.meta.url);
/** A part of every value that must not be readable. */
const CANARY = 'CANARY';
/** Headers, and what Temporal notes about a local activity or a version, such as its ID. */
const STAYS_PLAIN = /\.header\.|^markerRecordedEventAttributes\.details\.(?:data|patch-data)\./;
const LIMIT = 120_000;
const TIMEOUT = { timeout: LIMIT };

let environment: TestEnvironment;
let workflowBundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  environment = await openTestEnvironment({ workflows });
  const logger = new DefaultLogger('ERROR');
  workflowBundle = await bundleWorkflowCode({ ...workflowSources(fileURLToPath(workflows)), logger });
});

afterAll(async () => {
  await environment?.close();
});

const historyOf = async (handle: WorkflowHandle): Promise<unknown> =>
  JSON.parse(historyToJSON(await handle.fetchHistory())) as unknown;

/** All texts in a history, including those in payloads. */
function textsIn(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'string' ? `${part} ${Buffer.from(part, 'base64').toString()}` : part,
  );
}

/** Where a history has payloads that are not encrypted. */
function plainPayloads(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { metadata, data } = value as { metadata?: { encoding?: string }; data?: unknown };
  if (metadata?.encoding === undefined || data === undefined)
    return Object.entries(value).flatMap(([name, part]) =>
      plainPayloads(part, Array.isArray(value) ? path : `${path}.${name}`),
    );
  const isEncrypted = Buffer.from(metadata.encoding, 'base64').toString().startsWith('binary/encrypted');
  return isEncrypted ? [] : [path.replace('.events.', '')];
}

/** A history in clear text, without the headers of a confidential process. */
async function inClearText(value: unknown): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map(inClearText));
  if (typeof value !== 'object' || value === null) return value;
  if ('metadata' in value && 'data' in value) {
    const [payload = expect.fail()] = await testEncryption.decode([JSONToPayload(value as never)]);
    return payloadToJSON(payload);
  }
  const fields = Object.entries(value).filter(([name]) => !name.startsWith('x-kuflow-'));
  return Object.fromEntries(
    await Promise.all(fields.map(async ([name, part]) => [name, await inClearText(part)] as const)),
  );
}

describe('a confidential process', () => {
  it('runs to its end, and nothing that people or activities enter can be read in its history', async () => {
    const kuflow: FakeKuFlow = environment.fakeKuFlow((code) =>
      code === 'SECOND' || (code === 'REVIEW' && kuflow.logs.length === 0) ? 'wait' : { ok: true, note: CANARY },
    );
    const activities = { check: async () => ({ score: 7, note: CANARY }) };
    const run = await environment.startProcess('EverythingWorkflow', kuflow, activities, { confidential: true });
    expect(await run.result({ limit: LIMIT })).toEqual({ message: 'true {"score":7}' });

    const history = await run.history();
    expect(textsIn(history)).not.toContain(CANARY);
    expect(plainPayloads(history).filter((path) => !STAYS_PLAIN.test(path))).toEqual([]);
    await replay(history, workflows);
    const clearText = await inClearText(history);
    expect(textsIn(clearText)).toContain(CANARY);
    expect(JSON.stringify(clearText)).not.toContain('x-kuflow');
    await replay(clearText, workflows);
  });

  it('encrypts all payloads of its workflow, in both directions', async () => {
    const { client } = environment.temporal;
    const kuflow = environment.fakeKuFlow(() => 'wait');
    const activities = { echo: async (value: unknown) => value };
    const run = await environment.startProcess('SecretsWorkflow', kuflow, activities, { confidential: true });
    const handle = client.workflow.getHandle(run.processId);
    const withoutKey = new Client({ connection: client.connection }).workflow.getHandle(run.processId);
    const meanwhile = async () => {
      const isSecondRun = async () => (await handle.describe()).runId !== run.handle.firstExecutionRunId;
      await vi.waitUntil(isSecondRun, TIMEOUT);
      expect(await handle.query('ask', 'CANARY query')).toEqual({ asked: 'CANARY query' });
      await expect(withoutKey.query('ask', 'plain')).rejects.toThrow('binary/encrypted');
      expect(await handle.executeUpdate('change', { args: ['CANARY update'] })).toEqual({ changed: 'CANARY update' });
      await kuflow.signal(run.processId, 'Tell', 'CANARY signal');
    };
    expect(await run.result({ meanwhile, limit: LIMIT })).toEqual({
      told: 'CANARY signal',
      activity: 'CANARY activity',
      local: 'CANARY local activity',
      child: ['CANARY child', 'CANARY child signal'],
      bytes: [0, 255],
      null: null,
      isUndefined: true,
    });
    const firstRun = client.workflow.getHandle(run.processId, run.handle.firstExecutionRunId);
    const child = client.workflow.getHandle(`${run.processId}-child`);
    for (const one of [firstRun, handle, child]) {
      const history = await historyOf(one);
      expect(textsIn(history)).not.toContain(CANARY);
      expect(plainPayloads(history).filter((path) => !STAYS_PLAIN.test(path))).toEqual([]);
    }
  });
});

async function echo(value: unknown): Promise<unknown> {
  if (value === 'later') throw new CompleteAsyncError();
  return value === 'large' ? '1'.repeat(1_573_000) : value;
}

describe('a worker with a key service', () => {
  let service: LoopbackKuFlow;
  let respond: RequestListener;

  beforeAll(async () => {
    service = await openLoopbackKuFlow((request, response) => respond(request, response));
  });

  afterAll(() => service.close());

  const sendKey =
    (value: Buffer): RequestListener =>
    (_request, response) =>
      void response.end(JSON.stringify({ id: TEST_KEY_ID, value: value.toString('base64') }));

  /** Starts an `EchoWorkflow` for each argument, every second one for a confidential process, and runs a worker for all. */
  const runWorker = async <Result>(
    args: readonly unknown[],
    work: (handles: readonly WorkflowHandle[]) => Promise<Result>,
  ): Promise<Result> => {
    const { connection, nativeConnection } = environment.temporal;
    const taskQueue = randomUUID();
    const ids = args.map((_, at) => `${taskQueue}-${at}`);
    const client = new Client({
      connection,
      dataConverter: { payloadCodecs: [testEncryption] },
      interceptors: { workflow: [callConfidential(new Set(ids.filter((_, at) => at % 2 === 0)))] },
    });
    const handles = await Promise.all(
      args.map((arg, at) =>
        client.workflow.start('EchoWorkflow', { taskQueue, workflowId: ids[at] ?? '', args: [arg] }),
      ),
    );
    const payloadCodecs: PayloadCodec[] = [payloadLimit(), encryption(createEncryptionKeys(service.rest))];
    const worker = await Worker.create({
      connection: nativeConnection,
      taskQueue,
      workflowBundle,
      activities: { echo },
      dataConverter: { payloadCodecs },
      interceptors: { activity: [createActivityInterceptor()] },
    });
    return worker.runUntil(() => work(handles));
  };

  it('runs confidential and other processes at the same time, and waits for the key only in the former', async () => {
    let calls = 0;
    respond = (request, response) => {
      calls += 1;
      if (calls > 3) return sendKey(TEST_KEY.export())(request, response);
      response.writeHead(503).end();
    };
    const [confidential, ordinary] = await runWorker(['CANARY', 'readable'], async (handles) => {
      const results = await Promise.all(handles.map((handle) => handle.result() as Promise<unknown>));
      expect(results).toEqual(['CANARY', 'readable']);
      return Promise.all(handles.map(historyOf));
    });
    expect(calls).toBe(4);
    expect(textsIn(confidential)).not.toContain(CANARY);
    expect(textsIn(ordinary)).toContain('readable');
    const failed = textsIn(confidential);
    expect(failed).toContain(`Could not read the encryption key ${TEST_KEY_ID}: GET `);
    expect(textsIn(ordinary)).not.toContain('x-kuflow');
  });

  it('retries the workflow task and reports the reason if it has another key', async () => {
    respond = sendKey(Buffer.alloc(32, 'other'));
    const reason = `Could not decrypt a payload with the key ${TEST_KEY_ID}: it is damaged, or encrypted with another key`;
    await runWorker(['CANARY'], async ([handle = expect.fail()]) => {
      await vi.waitUntil(async () => textsIn(await historyOf(handle)).includes(reason), TIMEOUT);
      expect((await handle.describe()).status.name).toBe('RUNNING');
      await handle.terminate();
    });
  });

  it('rejects an activity that is completed later, because nothing would encrypt its result', async () => {
    respond = sendKey(TEST_KEY.export());
    await runWorker(['later'], async ([handle = expect.fail()]) => {
      const failure = async () => (await handle.describe()).raw.pendingActivities?.[0]?.lastFailure?.message;
      await vi.waitUntil(async () => (await failure())?.includes('cannot be completed later'), TIMEOUT);
      await handle.terminate();
    });
  });

  it("limits the encrypted size of an activity's result", async () => {
    respond = sendKey(TEST_KEY.export());
    const [confidential, ordinary] = await runWorker(['large', 'large'], (handles) =>
      Promise.allSettled(handles.map((handle) => handle.result() as Promise<unknown>)),
    );
    expect(ordinary?.status).toBe('fulfilled');
    expect(confidential).toMatchObject({
      reason: { cause: { cause: { message: expect.stringMatching(/result of activity echo is 2097\d\d\d bytes/) as unknown } } },
    });
  });
});
