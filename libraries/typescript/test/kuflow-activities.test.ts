import type { IncomingMessage, ServerResponse } from 'node:http';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { CancelledFailure } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKuFlowActivities } from '../src/internal/activities.ts';
import { createActivityInterceptor } from '../src/internal/activity-interceptor.ts';
import { createKuFlowClient } from '../src/internal/client.ts';
import { noMetrics, type Metrics } from '../src/internal/metrics.ts';
import { renewEngineToken } from '../src/internal/authentication.ts';
import { createRestClient, type RestClient } from '../src/internal/rest-client.ts';
import { loadSettings } from '../src/internal/settings.ts';
import { APPLICATION_ID, openLoopbackKuFlow, type LoopbackKuFlow } from './support/loopback-kuflow.ts';

const ITEM = '22222222-2222-4333-8444-555555555555';

type CannedResponse = { status: number; body?: unknown; headers?: Record<string, string> };

let service: LoopbackKuFlow;
let rest: RestClient;
let seen: string[];
/** Responses to `METHOD /path`, in order. The last one repeats. */
let responses: Record<string, CannedResponse[]>;
/** Calls by status, as the metrics count them. */
let counted: (number | 'error')[];
let logged: string[];
let onRequest: (request: IncomingMessage, response: ServerResponse) => boolean;

beforeEach(async () => {
  seen = [];
  responses = {};
  counted = [];
  logged = [];
  onRequest = () => false;
  const respond = (request: IncomingMessage, response: ServerResponse): void => {
    const call = `${request.method} ${(request.url ?? '').replace('/v2024-06-14', '')}`;
    seen.push(call);
    if (onRequest(request, response)) return;
    const queue = responses[call] ?? [];
    const { status, body, headers } = (queue.length > 1 ? queue.shift() : queue[0]) ?? { status: 404 };
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body ?? { status, message: 'no', timestamp: '2025-01-01T00:00:00Z' }));
  };
  const metrics: Metrics = { ...noMetrics, restCall: (_operation, status) => void counted.push(status) };
  service = await openLoopbackKuFlow(respond, metrics);
  ({ rest } = service);
});

afterEach(async () => {
  await service.close();
});

const activities = () => createKuFlowActivities(createKuFlowClient(rest, APPLICATION_ID));
const environment = (activityType = 'KuFlow_Engine_anything') =>
  new MockActivityEnvironment(
    { activityType },
    {
      logger: new DefaultLogger('ERROR', ({ message }) => void logged.push(message)),
      interceptors: [createActivityInterceptor()],
    },
  );
const task = (state: string, ownerId?: string) => ({
  id: ITEM,
  type: 'TASK' as const,
  processId: ITEM,
  ownerId,
  task: { state },
});

describe("KuFlow's activities", () => {
  it('return the result in the field that KuFlow uses', async () => {
    responses[`GET /process-items/${ITEM}`] = [{ status: 200, body: task('READY') }];
    const result = await environment().run(activities().KuFlow_Engine_retrieveProcessItem, { processItemId: ITEM });
    expect(result).toEqual({ processItem: task('READY') });
  });

  it('accept only a successful response with a body, not a redirect', async () => {
    responses['POST /process-items'] = [
      { status: 302, body: {}, headers: { location: 'https://login.example.com/?x' } },
    ];
    const item = { id: ITEM, type: 'TASK' as const, processId: ITEM, processItemDefinitionCode: 'A' };
    await expect(environment().run(activities().KuFlow_Engine_createProcessItem, item)).rejects.toMatchObject({
      type: 'KuFlowActivities.RestFailure',
      cause: {
        message: expect.stringContaining('302 to https://login.example.com is not a KuFlow API response') as string,
      },
    });
    expect(seen).toEqual(['POST /process-items']);
    onRequest = (_request, response) => {
      response.writeHead(200).end();
      return true;
    };
    await expect(environment().run(activities().KuFlow_Engine_createProcessItem, item)).rejects.toMatchObject({
      cause: { message: 'createProcessItem: the response has no body' },
    });
    await expect(
      environment().run(activities().KuFlow_Engine_completeProcessItemTask, { processItemId: ITEM }),
    ).rejects.toMatchObject({ cause: { message: 'completeProcessItemTask: the response has no body' } });
  });

  it('reject an invalid request with a failure that is not retried', async () => {
    const run = environment().run(activities().KuFlow_Engine_createProcessItem, {
      id: ITEM,
      type: 'TASK' as const,
      processId: ITEM,
    });
    await expect(run).rejects.toMatchObject({
      type: 'KuFlowActivities.ValidationFailure',
      nonRetryable: true,
      message: "'processItemDefinitionCode' is required",
    });
    expect(seen).toEqual([]);
  });

  it.each([
    ['7', 7_000],
    ['86400', 300_000],
    ['Tue, 31 Dec 2999 23:59:59 GMT', 300_000],
  ])("fail with KuFlow's error and retry after the time that KuFlow asks for: %s", async (retryAfter, delay) => {
    responses[`GET /process-items/${ITEM}`] = [{ status: 429, headers: { 'retry-after': retryAfter } }];
    const run = environment().run(activities().KuFlow_Engine_retrieveProcessItem, { processItemId: ITEM });
    await expect(run).rejects.toMatchObject({
      type: 'KuFlowActivities.RestFailure',
      nonRetryable: false,
      nextRetryDelay: delay,
      details: [{ message: 'no' }],
    });
    expect(seen).toHaveLength(1);
  });

  it('log and count each call that KuFlow rejects', async () => {
    responses[`GET /process-items/${ITEM}`] = [{ status: 404 }];
    const run = environment().run(activities().KuFlow_Engine_retrieveProcessItem, { processItemId: ITEM });
    await expect(run).rejects.toMatchObject({ type: 'KuFlowActivities.RestFailure' });
    expect(counted).toEqual([404]);
    expect(logged).toEqual(['KuFlow rejected a call']);
  });

  it('retry a call at most once', async () => {
    responses[`GET /process-items/${ITEM}`] = [{ status: 503 }];
    await expect(
      environment().run(activities().KuFlow_Engine_retrieveProcessItem, { processItemId: ITEM }),
    ).rejects.toMatchObject({ type: 'KuFlowActivities.RestFailure' });
    expect(seen).toHaveLength(2);
  });

  it.each([
    ['claim', 409, task('CLAIMED', APPLICATION_ID), true],
    ['claim', 409, task('CLAIMED', 'somebody'), false],
    ['claim', 409, task('COMPLETED', APPLICATION_ID), false],
    ['complete', 403, task('COMPLETED', APPLICATION_ID), true],
    ['complete', 409, task('COMPLETED', 'somebody'), false],
    ['complete', 409, task('READY'), false],
    ['assign', 409, task('CLAIMED', APPLICATION_ID), true],
    ['assign', 409, task('CLAIMED', 'somebody'), false],
  ])(
    'treat a %s that is refused with %i as done only if this application has done it: %j',
    async (action, status, item, success) => {
      responses[`POST /process-items/${ITEM}/task/~actions/${action}`] = [{ status }];
      responses[`GET /process-items/${ITEM}`] = [{ status: 200, body: item }];
      const { KuFlow_Engine_claimProcessItemTask: claim, KuFlow_Engine_completeProcessItemTask: complete } =
        activities();
      const run =
        action === 'assign'
          ? environment().run(activities().KuFlow_Engine_assignProcessItemTask, {
              processItemId: ITEM,
              ownerId: APPLICATION_ID,
            })
          : environment().run(action === 'claim' ? claim : complete, { processItemId: ITEM });
      if (success) await expect(run).resolves.toEqual({ processItem: item });
      else await expect(run).rejects.toMatchObject({ type: 'KuFlowActivities.RestFailure' });
    },
  );

  it('send the same generated id in every attempt to create something', async () => {
    const ids: unknown[] = [];
    onRequest = (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        ids.push((JSON.parse(Buffer.concat(chunks).toString()) as { id: unknown }).id);
        // The first response is lost after KuFlow has processed the request.
        if (ids.length === 1) response.destroy();
        else response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
      return true;
    };
    await environment().run(activities().KuFlow_Engine_createBusinessArtifact, { businessArtifactDefinitionCode: 'X' });
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('abort the call when they are canceled', async () => {
    const running = environment();
    const arrived = new Promise<IncomingMessage>((resolve) => {
      onRequest = (request) => {
        resolve(request);
        return true;
      };
    });
    const run = running.run(activities().KuFlow_Engine_retrieveProcessItem, { processItemId: ITEM });
    const request = await arrived;
    const closed = new Promise((resolve) => request.socket.once('close', resolve));
    running.cancel();
    await expect(run).rejects.toBeInstanceOf(CancelledFailure);
    await closed;
  });
});

describe('the transfer of documents', () => {
  const URI = `ku:process/${ITEM}/document/1`;
  let folder: string;
  let file: string;
  const documents = () => createKuFlowClient(rest, APPLICATION_ID).documents;
  const download = (document: string) => environment('archive').run(() => documents().download(document, file));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kuflow-'));
    file = join(folder, 'report.pdf');
  });
  afterEach(async () => {
    vi.useRealTimers();
    await rm(folder, { recursive: true });
  });

  it('uploads the content of a file, and returns the document', async () => {
    await writeFile(file, 'content');
    let received = '';
    onRequest = (request, response) => {
      request.on('data', (chunk: Buffer) => (received += chunk.toString()));
      request.on('end', () => response.end(JSON.stringify({ documentUri: 'kuflow-file:uri=x;' })));
      return true;
    };
    const upload = () => documents().upload(file, { processId: ITEM, contentType: 'application/pdf' });
    await expect(environment('archive').run(upload)).resolves.toBe('kuflow-file:uri=x;');
    expect(received).toBe('content');
    expect(seen).toEqual([
      `POST /processes/${ITEM}/~actions/upload-document?fileName=report.pdf&fileContentType=application%2Fpdf`,
    ]);
  });

  it('does not upload an empty file or retry an upload', async () => {
    const upload = () => environment('archive').run(() => documents().upload(file, { processId: ITEM }));
    await writeFile(file, '');
    await expect(upload()).rejects.toThrow('report.pdf is empty');
    expect(seen).toEqual([]);
    await writeFile(file, 'content');
    onRequest = (request, response) => {
      request.resume().on('end', () => response.writeHead(503).end());
      return true;
    };
    await expect(upload()).rejects.toMatchObject({ cause: { status: 503 } });
    expect(seen).toHaveLength(1);
  });

  it('leaves no file when a download is cut or has another size', async () => {
    onRequest = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => response.destroy());
      return true;
    };
    await expect(download(URI)).rejects.toThrow();
    onRequest = (_request, response) => {
      response.end('half');
      return true;
    };
    await expect(download(`kuflow-file:uri=${URI};type=text/plain;size=100;name=a.txt;`)).rejects.toThrow(
      `${URI} has 4 bytes instead of 100`,
    );
    expect(await readdir(folder)).toEqual([]);
    await download(`kuflow-file:uri=${URI};type=text/plain;size=4;name=a.txt;`);
    expect(await readFile(file, 'utf8')).toBe('half');
  });

  it('sends heartbeats, and ends when the activity is canceled', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await writeFile(file, 'content');
    const arrived = new Promise<IncomingMessage>((resolve) => {
      onRequest = (request) => {
        resolve(request);
        return true;
      };
    });
    const running = environment('archive');
    let heartbeats = 0;
    running.on('heartbeat', () => (heartbeats += 1));
    const run = running.run(async () => {
      const transfer = documents().upload(file, { processId: ITEM });
      await arrived;
      vi.advanceTimersByTime(30_000);
      return transfer;
    });
    const request = await arrived;
    await vi.waitUntil(() => heartbeats === 3);
    const closed = new Promise((resolve) => request.socket.once('close', resolve));
    running.cancel();
    await expect(run).rejects.toBeInstanceOf(CancelledFailure);
    await closed;
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the client secret', () => {
  it('is read again from its file when the token is renewed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'secret-'));
    const file = join(folder, 'secret');
    await writeFile(file, 'first\n');
    const settings = loadSettings(folder, {
      KUFLOW_API_ENDPOINT: service.endpoint,
      KUFLOW_API_CLIENTID: APPLICATION_ID,
      KUFLOW_API_CLIENTSECRET_FILE: 'secret',
      TEMPORAL_KUFLOWQUEUE: 'Q',
    });
    const sent: string[] = [];
    responses['POST /authentications'] = [{ status: 200, body: { engineToken: { token: 't' } } }];
    onRequest = ({ headers }) => {
      const credentials = Buffer.from(headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString();
      sent.push(credentials.slice(APPLICATION_ID.length + 1));
      return false;
    };
    const client = createRestClient(settings, noMetrics);
    // While a file is being replaced, it may be empty or missing.
    for (const text of ['first\n', 'second\n', '', undefined]) {
      await (text === undefined ? rm(file) : writeFile(file, text));
      await renewEngineToken(client, settings, new DefaultLogger('ERROR'));
    }
    await client.close();
    await rm(folder, { recursive: true });
    expect(sent).toEqual(['first', 'second', 'second', 'second']);
  });
});
