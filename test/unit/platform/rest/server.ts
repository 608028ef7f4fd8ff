import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';

import { expect } from 'vitest';

import { answerValidator } from '../../../../src/kuflow/contract/request-and-answer-validators.ts';
import { createOpenCodes } from '../../../../src/platform/console/open-codes.ts';
import { createRestApp } from '../../../../src/platform/rest/app.ts';
import type { HealthReport, PlatformRun, RestDeps, ServerTls } from '../../../../src/platform/rest/deps.ts';
import { createFaultRegistry, type FaultRegistry } from '../../../../src/platform/shared/faults.ts';
import {
  createEventHub,
  createEventStreams,
  type EventHub,
  type EventStreams,
} from '../../../../src/platform/console/live-events.ts';
import { readPageFiles } from '../../../../src/platform/console/page.ts';
import { createRequestRecorder } from '../../../../src/platform/console/request-recorder.ts';
import { watchWorkers } from '../../../../src/platform/console/worker-watch.ts';
import type { FailingWork } from '../../../../src/platform/temporal/failing-work.ts';
import { createWorld, type World, type WorldOptions } from '../domain/world.ts';

export interface Rest {
  readonly world: World;
  readonly app: FastifyInstance;
  readonly faults: FaultRegistry;
  readonly hub: EventHub;
  readonly streams: EventStreams;
  /** The identities that poll each task queue. */
  readonly pollers: Map<string, readonly string[]>;
  /** `Bearer base64(id:secret)` of the application. */
  readonly asWorker: string;
  readonly asUser: string;
  /** Of the files of `POST /_dev/open-codes`. */
  readonly openFolder: string;
  health: HealthReport;
  /** A request below the version segment, by the worker unless headers say otherwise, without a socket. */
  readonly call: (
    method: string,
    path: string,
    more?: Omit<InjectOptions, 'method' | 'url'>,
  ) => Promise<LightMyRequestResponse>;
  readonly stop: () => Promise<void>;
}

export interface RestOptions extends WorldOptions {
  readonly handlers?: RestDeps['handlers'];
  readonly hostNames?: readonly string[];
  readonly tls?: ServerTls;
  /** With the built page. */
  readonly pageFolder?: string;
  readonly heartbeatMs?: number;
  /** How often somebody who watches learns about workers. Default: never. */
  readonly workersEveryMs?: number;
  readonly failing?: (processId: string) => readonly FailingWork[];
  /** Default: time can't be skipped. */
  readonly time?: RestDeps['time'];
}

export const RUN: PlatformRun = {
  startedAt: '2026-01-02T03:04:05.678Z',
  stateDir: '/project/.kuflow/dev',
  endpoints: {
    http: 'http://127.0.0.1:7480',
    https: 'https://127.0.0.1:7443',
    engine: '127.0.0.1:7483',
    temporal: '127.0.0.1:7233',
    temporalUi: 'http://127.0.0.1:7484',
  },
  caFile: '/project/.kuflow/dev/pki/ca.pem',
  caBundleFile: '/project/.kuflow/dev/ca-bundle.pem',
};

/** Skipping time needs a Temporal server. */
const NO_SKIPPING: RestDeps['time'] = {
  status: () => ({ now: '2026-01-01T00:00:00.000Z', aheadMs: 0, obstacle: 'there is no Temporal server' }),
  skip: () => Promise.reject(new Error('There is no Temporal server')),
};

export const ENGINE_TOKEN = 'header.payload.signature';
export const PROBE_TOKEN = 'value-of-this-run';

export function createRest(options: RestOptions = {}): Rest {
  const world = createWorld({
    ...options,
    report: (event) => {
      rest.hub.publish(event);
      options.report?.(event);
    },
  });
  const hub = createEventHub(world.domain.clock);
  const streams = createEventStreams(hub, options.heartbeatMs);
  const faults = createFaultRegistry(() => hub.publish({ kind: 'faults-changed' }));
  const pollers = new Map<string, readonly string[]>();
  const workers = watchWorkers({
    domain: world.domain,
    listPollers: (queue) => Promise.resolve(pollers.get(queue) ?? []),
    isWatched: () => streams.size > 0,
    onChange: () => hub.publish({ kind: 'workers-changed' }),
    everyMs: options.workersEveryMs ?? 3_600_000,
  });
  const { id, secret } = world.identity.application;
  const openFolder = mkdtempSync(join(tmpdir(), 'kuflow-open-'));
  const openCodes = createOpenCodes({ folder: openFolder, clock: world.domain.clock });
  const rest: Rest = {
    world,
    faults,
    hub,
    streams,
    pollers,
    openFolder,
    health: { ready: true, parts: { rest: { state: 'up' } } },
    asWorker: `Bearer ${Buffer.from(`${id}:${secret.reveal()}`).toString('base64')}`,
    asUser: `Bearer ${world.identity.user.token.reveal()}`,
    app: createRestApp(
      {
        domain: world.domain,
        faults,
        openCodes,
        readEngineToken: (token) => (token === ENGINE_TOKEN ? id : undefined),
        health: () => rest.health,
        probeToken: PROBE_TOKEN,
        page: readPageFiles(options.pageFolder ?? 'no-such-folder'),
        streams,
        events: hub,
        workers,
        requests: createRequestRecorder(world.domain.clock),
        time: options.time ?? NO_SKIPPING,
        webhooks: world.webhooks,
        listFailingWork: (id) => Promise.resolve(options.failing?.(id) ?? []),
        identity: world.identity,
        run: RUN,
        ...(options.handlers === undefined ? {} : { handlers: options.handlers }),
        ...(options.hostNames === undefined ? {} : { hostNames: options.hostNames }),
      },
      options.tls,
    ),
    call: (method, path, more = {}) =>
      rest.app.inject({
        ...more,
        method: method as 'GET',
        url: `/v2024-06-14${path}`,
        headers: { host: '127.0.0.1:1', authorization: rest.asWorker, ...more.headers },
      }),
    stop: async () => {
      await workers.stop();
      await openCodes.close();
      await rest.app.close();
      await world.destroy();
    },
  };
  return rest;
}

export const startLoan = async (rest: Rest): Promise<string> => {
  const payload = { tenantId: rest.world.identity.tenantId, processDefinitionCode: 'LOAN' };
  const answer = await rest.call('POST', '/processes', { payload });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json<{ id: string }>().id;
};
export const createTask = async (rest: Rest, processId: string, more: object = {}): Promise<string> => {
  const payload = { type: 'TASK', processId, processItemDefinitionCode: 'APPLICATION', ...more };
  const answer = await rest.call('POST', '/process-items', { payload });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json<{ id: string }>().id;
};
/** The message of an answer whose body must be exactly KuFlow's error body. */
export const refusal = (
  answer: { statusCode: number; headers: object; json: () => unknown },
  status: number,
): string => {
  const body = answer.json() as { status: number; message: string };
  expect(answer.statusCode, body.message).toBe(status);
  expect(answerValidator('createProcess', status, 'strict')(body)).toEqual([]);
  expect(body.status).toBe(status);
  expect(answer.headers).toMatchObject({ 'content-type': expect.stringContaining('application/json') as string });
  return body.message;
};
