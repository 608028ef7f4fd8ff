import { once } from 'node:events';
import { join } from 'node:path';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import { isoTime } from '../../../../src/base/clock.ts';
import type { JsonObject } from '../../../../src/base/json.ts';
import { packageVersion } from '../../../../src/base/package-root.ts';
import { uuid7 } from '../../../../src/base/uuid.ts';
import type {
  ClockStatus,
  ExampleData,
  LocalPeople,
  PlatformStatus,
  ProcessWaitResult,
  ActionsOfProcess,
  ServedDefinitions,
  ServedProcess,
  SkipResult,
  WebhookDelivery,
  WebhookDeliveryDetail,
  WebhookDeliveryList,
  WorkersStatus,
  WorkersWaitResult,
} from '../../../../src/platform/shared/dev-contract.ts';
import { createProcess } from '../../../../src/platform/domain/process-creation.ts';
import { claimTask, updateTaskData } from '../../../../src/platform/domain/process-items.ts';
import type { Operation } from '../../../../src/kuflow/contract/operation.ts';
import { devOperationIds, devOperations } from '../../../../src/platform/shared/dev-operations.ts';
import type { ProcessDefinition } from '../../../../src/process/definition.ts';
import type { FailingWork } from '../../../../src/platform/temporal/failing-work.ts';
import { startAnsweringServer } from '../../../support/answering-server.ts';
import { until } from '../../../support/until.ts';
import { LOAN } from '../domain/world.ts';
import { createRest, createTask, ENGINE_TOKEN, refusal, RUN, startLoan, type Rest } from './server.ts';

let rest: Rest;
let failing: readonly FailingWork[] = [];
/** `skips`: until when time was to be skipped. They last until `end`, or end at once without it. */
let clock: { obstacle: string | undefined; skips: (number | undefined)[]; end: Promise<void> | undefined };
const NOW = Date.UTC(2026, 0, 1);
const clockStatus = (): ClockStatus => {
  const { obstacle, end } = clock;
  const skipping = end === undefined ? {} : { skipping: { from: isoTime(NOW) } };
  return { now: isoTime(NOW), aheadMs: 0, ...(obstacle === undefined ? {} : { obstacle }), ...skipping };
};
const recordSkip = async (until: number | undefined, cancel: AbortSignal): Promise<SkipResult> => {
  clock.skips.push(until);
  if (clock.end !== undefined) await Promise.race([clock.end, once(cancel, 'abort')]);
  const end = cancel.aborted ? 'canceled' : 'reached';
  return { end, from: isoTime(NOW), now: isoTime(NOW), aheadMs: 0, events: [], behind: [] };
};
const skipDay = (): void => {
  const { clock: platformClock } = rest.world.domain;
  platformClock.advanceTo(platformClock.now() + 24 * 3_600_000);
};
beforeEach(() => {
  failing = [];
  clock = { obstacle: undefined, skips: [], end: undefined };
  rest = createRest({ failing: () => failing, workersEveryMs: 5, time: { status: clockStatus, skip: recordSkip } });
});
afterEach(() => rest.stop());

const send = (
  method: InjectOptions['method'],
  url: string,
  authorization: string | undefined = rest.asUser,
  more: InjectOptions = {},
): Promise<LightMyRequestResponse> =>
  rest.app.inject({
    ...more,
    ...{ method: method ?? 'GET', url },
    headers: { host: '127.0.0.1:1', ...(authorization === '' ? {} : { authorization }), ...more.headers },
  });

async function read<T>(url: string): Promise<T> {
  const answer = await send('GET', url);
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json<T>();
}

/** The kinds of the events that `work` causes, except for requests. */
async function published(work: () => Promise<unknown>): Promise<readonly string[]> {
  const kinds: string[] = [];
  const unsubscribe = rest.hub.subscribe(({ kind }) => kind !== 'request' && kinds.push(kind));
  await work();
  unsubscribe();
  return kinds;
}

const EXAMPLE_PATH = { id: uuid7(), code: 'LOAN' } as const;

const OPERATIONS = devOperationIds.map((id) => {
  const { method, path, access }: Operation = devOperations[id];
  const url = path.replaceAll(/\{(id|code)\}/g, (_all, name: 'id' | 'code') => EXAMPLE_PATH[name]);
  return { id, access, method: method.toUpperCase() as 'GET' | 'POST' | 'DELETE', path, url };
});

describe('GET /_dev/openapi.json', () => {
  it('describes every route below /_dev/', async () => {
    await rest.app.ready();
    const parents: string[] = [];
    const routes: string[] = [];
    for (const line of rest.app.printRoutes({ commonPrefix: false }).split('\n')) {
      const [, indent = '', name = '', methods = ''] = /^([│ ]*)[├└]── (\S+) \(([A-Z, ]+)\)/.exec(line) ?? [];
      const depth = indent.length / 4;
      parents[depth] = `${depth === 0 ? '' : (parents[depth - 1] ?? '')}${name}`;
      const path = parents[depth].replace('//', '/').replaceAll(/:(\w+)/g, '{$1}');
      if (path.startsWith('/_dev/')) routes.push(...methods.split(', ').map((method) => `${method} ${path}`));
    }
    const { paths, servers } = (await send('GET', '/_dev/openapi.json', '')).json<{
      readonly servers: readonly object[];
      readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly security?: readonly object[] }>>>>;
    }>();
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(servers).toEqual([{ url: 'http://127.0.0.1:1' }]);
    expect([...described, 'GET /_dev/openapi.json'].sort()).toEqual(routes.sort());
    expect(paths['/_dev/users']?.['get']?.security).toEqual([{ BearerAuth: [] }]);
    expect(paths['/_dev/open-codes/{code}']?.['post']?.security).toEqual([]);
  });

  it.each([
    ['GET', '/_dev/status?verbose=1', undefined, 'query.verbose is not a field'],
    ['GET', '/_dev/requests?limit=all', undefined, 'query.limit must be integer'],
    ['GET', '/_dev/processes/1/timeline', undefined, 'path.id must match format "uuid"'],
    ['POST', '/_dev/workers/wait', { queue: 'LOAN' }, 'body.queue is not a field'],
    ['POST', '/_dev/workers/wait', { timeoutSeconds: '1' }, 'body.timeoutSeconds must be number'],
    ['POST', `/_dev/processes/${uuid7()}/signals`, { input: {} }, 'body.name is required'],
    ['POST', `/_dev/processes/${uuid7()}/wait`, { states: ['DONE'] }, 'body.states[0] must be one of RUNNING'],
    ['POST', '/_dev/faults', { operationId: '*', action: { kind: 'delay', s: 1 } }, 'body.action.s is not a field'],
    ['POST', '/_dev/faults', { operationId: '*' }, 'body.action is required'],
    ['POST', '/_dev/faults', { operationId: '*', times: 0, action: { kind: 'no-answer' } }, 'body.times must be >= 1'],
    ['POST', '/_dev/faults', { operationId: '*', action: { kind: 'explode' } }, 'body.action.kind must be one of'],
    ['POST', '/_dev/faults', { operationId: '*', action: { kind: 'status', status: 200 } }, 'status must be >= 400'],
    ['POST', '/_dev/faults', { operationId: '*', action: { kind: 'delay', ms: '1' } }, 'action.ms must be integer'],
    ['POST', '/_dev/faults', { operationId: '*', action: { kind: 'delay' } }, 'action.ms is required'],
    ['POST', '/_dev/validators', undefined, 'body is required'],
    ['POST', `/_dev/process-items/${uuid7()}/release`, { force: true }, 'releaseTask does not have a body'],
  ] as const)('%s %s %j is refused: %4$s', async (method, url, payload, reason) => {
    const answer = await send(method, url, undefined, payload === undefined ? {} : { payload });
    expect(refusal(answer, 400)).toContain(reason);
  });
});

it('accepts JSON as curl sends it, whatever its type', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await send('POST', '/_dev/workers/wait', undefined, { headers, payload: '{"timeoutSeconds":0}' });
  expect([answer.statusCode, answer.json()]).toEqual([200, expect.objectContaining({ polling: false })]);
});

describe('credentials', () => {
  const withCredentials = OPERATIONS.filter(({ access }) => access !== 'everybody');

  it.each(withCredentials)('$method $path rejects missing and wrong credentials', async ({ method, url, access }) => {
    const { faults } = rest;
    faults.add({ operationId: 'findTenants', times: 1, action: { kind: 'drop-answer' } });
    const wrong = Buffer.from(`${rest.world.identity.application.id}:wrong`).toString('base64');
    for (const authorization of [
      '',
      'Bearer kfdev_wrong',
      `Bearer ${wrong}`,
      `Basic ${wrong}`,
      `Bearer ${rest.asUser}`,
    ])
      expect((await send(method, url, authorization)).statusCode, authorization).toBe(401);
    if (access === 'users')
      for (const authorization of [rest.asWorker, `Bearer ${ENGINE_TOKEN}`])
        expect((await send(method, url, authorization)).statusCode, authorization).toBe(403);
    expect(faults.list()).toHaveLength(1);
  });
});

describe('GET /_dev/status', () => {
  it('returns the state of each part, the endpoints and the caller', async () => {
    rest.health = {
      ready: false,
      parts: {
        store: { state: 'up' },
        temporal: { state: 'down', address: '127.0.0.1:7233', detail: 'no connection' },
        rest: { state: 'up', address: '127.0.0.1:7443' },
      },
    };
    const { user, tenantId, namespace } = rest.world.identity;
    expect(await read<PlatformStatus>('/_dev/status')).toEqual({
      version: packageVersion(),
      startedAt: RUN.startedAt,
      folder: process.cwd(),
      stateDir: RUN.stateDir,
      tenantId,
      namespace,
      parts: [
        { part: 'store', state: 'up' },
        { part: 'temporal', state: 'down', address: '127.0.0.1:7233', detail: 'no connection' },
        { part: 'gateway', state: 'down' },
        { part: 'rest', state: 'up', address: '127.0.0.1:7443' },
      ],
      endpoints: { http: RUN.endpoints.http, https: RUN.endpoints.https, engine: RUN.endpoints.engine },
      temporalUi: RUN.endpoints.temporalUi,
      clock: clockStatus(),
      principal: { id: user.principalId, name: user.name },
    });
  });
});

describe('credentials of the platform', () => {
  it('GET /_dev/environment answers the settings of a worker', async () => {
    const { application, tenantId } = rest.world.identity;
    expect(await read('/_dev/environment')).toEqual({
      variables: {
        KUFLOW_API_ENDPOINT: RUN.endpoints.https,
        KUFLOW_API_CLIENTID: application.id,
        KUFLOW_API_CLIENTSECRET: application.secret.reveal(),
        KUFLOW_API_TENANTID: tenantId,
        KUFLOW_API_CA: RUN.caFile,
        TEMPORAL_TARGET: RUN.endpoints.engine,
        NODE_EXTRA_CA_CERTS: RUN.caFile,
        REQUESTS_CA_BUNDLE: RUN.caBundleFile,
        SSL_CERT_FILE: RUN.caBundleFile,
      },
    });
  });

  it('GET /_dev/users answers the users with tokens that sign them in', async () => {
    const users = (authorization: string) => send('GET', '/_dev/users', authorization);
    const { user } = rest.world.identity;
    const { other } = rest.world;
    const people = await read<LocalPeople>('/_dev/users');
    expect(people).toEqual({
      users: [
        { ...user, token: user.token.reveal(), groups: ['LOCAL_USERS'] },
        {
          principalId: other.principal.id,
          userId: other.principal.userId,
          email: 'other@example.com',
          name: 'Other user',
          groups: ['LOCAL_USERS'],
          token: other.token,
        },
      ],
      groups: [expect.objectContaining({ code: 'LOCAL_USERS', name: 'Local users' })],
    });
    expect((await users(`Bearer ${other.token}`)).json()).toEqual(people);
    const status = await send('GET', '/_dev/status', `Bearer ${other.token}`);
    expect(status.json<PlatformStatus>().principal.id).toBe(other.principal.id);
    refusal(await users(rest.asWorker), 403);
    refusal(await users(`Bearer ${ENGINE_TOKEN}`), 403);
    refusal(await users('Bearer kfdev_unknown'), 401);
  });
});

describe('definitions', () => {
  it('lists what new processes use, and the files that could not be loaded', async () => {
    const problem = { file: 'kuflow.process.yaml:3', message: 'unknown key' };
    rest.world.domain.definitions.replace([LOAN], [problem]);
    const { definitions, problems } = await read<ServedDefinitions>('/_dev/definitions');
    expect(problems).toEqual([problem]);
    expect(definitions).toEqual([
      {
        ...rest.world.domain.definitions.all[0]?.ref,
        name: 'Loan',
        workflowType: 'LoanWorkflow',
        taskQueue: 'LOAN_QUEUE',
        metadata: LOAN.metadata,
        entity: LOAN.entity,
        tasks: LOAN.tasks,
        actions: LOAN.actions,
      },
    ]);
  });

  it('lists the user actions that the caller may invoke, and those that were invoked, with who polls their queue', async () => {
    const id = await startLoan(rest);
    const invoke = { payload: { processActionDefinitionCode: 'EXPORT' } };
    const action = (await rest.call('POST', `/processes/${id}/actions`, invoke)).json<{ id: string }>();
    await rest.call('POST', `/processes/${id}/actions`, { payload: { processActionDefinitionCode: 'DISCUSS' } });
    rest.pollers.set('EXPORTS', ['worker 1']);
    const { available, invoked } = await read<ActionsOfProcess>(`/_dev/processes/${id}/actions`);
    // The worker started the process.
    expect(available).toEqual(LOAN.actions?.filter(({ code }) => code !== 'WITHDRAW'));
    expect(invoked).toMatchObject([
      { action, workflow: { taskQueue: 'EXPORTS', ended: false, pollers: ['worker 1'] } },
      { action: { status: 'COMPLETED' } },
    ]);
  });

  it('reports whether new processes are confidential, and whether a started one is', async () => {
    const plain = await startLoan(rest);
    rest.world.domain.definitions.replace([{ ...LOAN, process: { code: 'LOAN', confidential: true } }], []);
    const secret = await startLoan(rest);
    const { definitions } = await read<ServedDefinitions>('/_dev/definitions');
    expect(definitions).toMatchObject([{ confidential: true }]);
    expect(await read<ServedProcess>(`/_dev/processes/${secret}/definition`)).toMatchObject({ confidential: true });
    expect(await read<ServedProcess>(`/_dev/processes/${plain}/definition`)).not.toHaveProperty('confidential');
  });

  it('answers the version of a process, with the tasks that were added later', async () => {
    const id = await startLoan(rest);
    const [application] = LOAN.tasks;
    const changed: ProcessDefinition = {
      ...LOAN,
      tasks: [
        { code: 'APPLICATION', kind: 'human', name: 'New form' },
        { code: 'ADDED', kind: 'human' },
      ],
    };
    rest.world.domain.definitions.replace([changed], []);
    const { tasks } = await read<ServedProcess>(`/_dev/processes/${id}/definition`);
    expect(tasks.map(({ code }) => code)).toEqual(['APPLICATION', 'SCORE', 'NOTE', 'TALK', 'ADDED']);
    expect(tasks[0]).toEqual(application);
    refusal(await send('GET', `/_dev/processes/${uuid7()}/definition`), 404);
    refusal(await send('GET', '/_dev/processes/LOAN/definition'), 400);
  });
});

describe('GET /_dev/workers', () => {
  const register = (identity: string, taskQueue: string): ReturnType<Rest['call']> =>
    rest.call('POST', '/workers', { payload: { identity, taskQueue, hostname: 'host', ip: '127.0.0.1' } });

  it('answers who is registered and who polls, for all queues of the definitions', async () => {
    await register('1@host', 'LOAN_QUEUE');
    await register('2@host', 'OTHER_QUEUE');
    expect((await read<WorkersStatus>('/_dev/workers')).queues).toEqual([
      { taskQueue: 'LOAN_QUEUE', processes: ['LOAN'], pollers: [] },
    ]);
    rest.pollers.set('LOAN_QUEUE', ['1@host', 'not registered']);
    const { workers, queues } = await read<WorkersStatus>('/_dev/workers');
    expect(queues).toEqual([{ taskQueue: 'LOAN_QUEUE', processes: ['LOAN'], pollers: ['1@host', 'not registered'] }]);
    expect(workers.map(({ identity, online }) => ({ identity, online }))).toEqual([
      { identity: '2@host', online: false },
      { identity: '1@host', online: true },
    ]);
  });

  it('publishes an event when a worker starts or stops polling, while a client reads events', async () => {
    const { streams, hub } = rest;
    let changes = 0;
    hub.subscribe(({ kind }) => (changes += kind === 'workers-changed' ? 1 : 0));
    await rest.app.listen({ host: '127.0.0.1', port: 0 });
    const address = rest.app.server.address() as { readonly port: number };
    const stop = new AbortController();
    const url = `http://127.0.0.1:${address.port}/_dev/events`;
    const stream = await fetch(url, { headers: { authorization: rest.asUser }, signal: stop.signal });
    expect([stream.status, streams.size]).toEqual([200, 1]);
    await read('/_dev/workers');
    for (const pollers of [['1@host'], [], ['1@host', '2@host']]) {
      const before = changes;
      rest.pollers.set('LOAN_QUEUE', pollers);
      await until(JSON.stringify(pollers), () => changes > before);
    }
    stop.abort();
  });
});

describe('faults', () => {
  it('are removed one by one, and each change is an event', async () => {
    const { faults } = rest;
    const rule = { operationId: 'findTenants', times: 2, action: { kind: 'drop-answer' } } as const;
    const kinds = await published(async () => {
      const first = faults.add(rule);
      const second = await send('POST', '/_dev/faults', undefined, { payload: rule });
      expect(second.statusCode).toBe(201);
      expect((await send('DELETE', `/_dev/faults/${first.id}`)).statusCode).toBe(204);
      expect(faults.list()).toEqual([second.json()]);
      refusal(await send('DELETE', `/_dev/faults/${first.id}`), 404);
      faults.take('findTenants');
      expect(faults.list()).toEqual([expect.objectContaining({ left: 1, times: 2 })]);
    });
    expect(kinds).toEqual(Array.from({ length: 4 }, () => 'faults-changed'));
  });

  it('do not affect the console, and are not used up by it', async () => {
    rest.faults.add({ operationId: '*', times: 1, action: { kind: 'status', status: 503 } });
    const marked = await send('GET', '/tenants', undefined, { headers: { 'x-kuflow-console': '1' } });
    expect(marked.statusCode).toBe(200);
    expect((await send('GET', '/tenants')).statusCode).toBe(503);
  });
});

describe('POST /_dev/clock/skip', () => {
  const skip = (payload?: object) =>
    send('POST', '/_dev/clock/skip', undefined, payload === undefined ? {} : { payload });
  const DAY = 24 * 3600;
  const NEXT_YEAR = new Date().getUTCFullYear() + 1;

  it('skips seconds, until a time with a zone, or until a process changes', async () => {
    const before = Date.now();
    expect((await skip({ seconds: DAY })).json()).toMatchObject({ end: 'reached', events: [], behind: [] });
    expect((await skip({ until: `${NEXT_YEAR}-01-01T01:00+01:00` })).statusCode).toBe(200);
    expect((await skip({})).statusCode).toBe(200);
    expect((await skip()).statusCode).toBe(200);
    const [inADay = 0, ...others] = clock.skips;
    expect(inADay).toBeGreaterThanOrEqual(before + DAY * 1000);
    expect(inADay).toBeLessThanOrEqual(Date.now() + DAY * 1000);
    expect(others).toEqual([Date.UTC(NEXT_YEAR, 0, 1), undefined, undefined]);
  });

  it.each([
    [{ seconds: '3d' }, 'body.seconds'],
    [{ seconds: null }, 'body.seconds'],
    [{ seconds: -1 }, 'body.seconds'],
    [{ seconds: 4e8 }, 'body.seconds'],
    [{ until: `${NEXT_YEAR}-01-01T01:00` }, 'body.until'],
    [{ until: '2020-01-01T01:00Z' }, 'body.until'],
    [{ until: 4e12 }, 'body.until'],
    [{ seconds: 1, until: `${NEXT_YEAR}-01-01T01:00Z` }, 'body'],
    ['3d', 'body'],
  ])('refuses %j', async (body, location) => {
    const answer = await send('POST', '/_dev/clock/skip', undefined, {
      payload: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    refusal(answer, 400);
    expect(answer.json<{ errors: unknown[] }>().errors).toEqual([expect.objectContaining({ location })]);
    expect(clock.skips).toEqual([]);
  });

  it('names the reason why time cannot be skipped', async () => {
    clock.obstacle = 'the Temporal CLI is 1.4.0';
    expect(refusal(await skip({}), 409)).toBe("Time can't be skipped: the Temporal CLI is 1.4.0");
  });

  it('refuses a second skip while one is running', async () => {
    clock.end = new Promise(() => undefined);
    expect(refusal(await skip({}), 409)).toBe('Another skip of time is running');
  });
});

describe('POST /_dev/process-items/{id}/release', () => {
  it('makes a claimed task ready for others, for its owner only', async () => {
    const process = await startLoan(rest);
    const id = await createTask(rest, process);
    const release = (authorization?: string): Promise<LightMyRequestResponse> =>
      send('POST', `/_dev/process-items/${id}/release`, authorization);
    expect(refusal(await release(), 409)).toContain('READY');
    claimTask(rest.world.user, id);
    expect(refusal(await release(rest.asWorker), 403)).toContain('claimed by another principal');
    let released: LightMyRequestResponse | undefined;
    const kinds = await published(async () => {
      released = await release();
    });
    expect(released?.json()).toMatchObject({ id, task: { state: 'READY' } });
    expect(released?.json()).not.toHaveProperty('ownerId');
    expect(kinds).toEqual(['process']);
    const { entries } = await read<{ entries: { kind: string }[] }>(`/_dev/processes/${process}/timeline`);
    expect(entries.at(-1)).toMatchObject({ kind: 'item-released', processItemId: id, code: 'APPLICATION' });
    claimTask(rest.world.otherUser, id);
    refusal(await send('POST', '/_dev/process-items/x/release'), 400);
    refusal(await send('POST', `/_dev/process-items/${uuid7()}/release`), 404);
  });
});

describe('GET /_dev/processes/{id}/failing-work', () => {
  it('answers what failed, with its place relative to the folder', async () => {
    const id = await startLoan(rest);
    expect(await read(`/_dev/processes/${id}/failing-work`)).toEqual({ failing: [] });
    const work = { name: 'checkCredit', failures: 2, message: 'no credit' };
    failing = [
      { kind: 'activity', ...work, location: join(process.cwd(), 'src', 'activities.ts:7'), registered: ['a'] },
      { kind: 'workflow', ...work },
    ];
    expect(await read(`/_dev/processes/${id}/failing-work`)).toEqual({
      failing: [
        { kind: 'activity', ...work, location: join('src', 'activities.ts:7') },
        { kind: 'workflow', ...work },
      ],
    });
    refusal(await send('GET', `/_dev/processes/${uuid7()}/failing-work`), 404);
  });
});

describe('POST /_dev/definitions/{code}/examples', () => {
  const example = (code: string, payload?: object): Promise<LightMyRequestResponse> =>
    send('POST', `/_dev/definitions/${code}/examples`, undefined, payload === undefined ? {} : { payload });

  const text = (format: string): object => ({ type: 'string', format });
  const schema = {
    type: 'object',
    properties: { REVIEWER: text('kuflow-principal'), TEAM: text('kuflow-group'), DOC: text('kuflow-file') },
    required: ['REVIEWER', 'TEAM', 'DOC'],
  } as JsonObject;
  beforeEach(() => {
    const tasks = [{ code: 'APPLICATION', kind: 'human', data: { schema } }] as const;
    rest.world.domain.definitions.replace([{ ...LOAN, tasks }], []);
  });

  it('answers valid metadata, and data of a task with real references', async () => {
    expect((await example('LOAN')).json<ExampleData>()).toEqual({
      value: { FIRST_NAME: expect.any(String) as string },
      missing: [],
    });
    const process = await startLoan(rest);
    const id = await createTask(rest, process);
    const { value, missing } = (await example('LOAN', { task: 'APPLICATION', processId: process })).json<ExampleData>();
    expect(missing).toEqual([]);
    expect(value['REVIEWER']).toContain(rest.world.identity.user.principalId);
    expect(value['DOC']).toContain(`ku:process/${process}/document/`);
    claimTask(rest.world.user, id);
    const saved = updateTaskData(rest.world.user, id, { value });
    expect(saved.task?.data).toMatchObject({ valid: true });
  });

  it('leaves documents out without a process, and names what must be filled in', async () => {
    const { value, missing } = (await example('LOAN', { task: 'APPLICATION' })).json<ExampleData>();
    expect(Object.keys(value).sort()).toEqual(['REVIEWER', 'TEAM']);
    expect(missing).toEqual(['/DOC']);
  });

  it('refuses unknown codes and malformed bodies', async () => {
    expect(refusal(await example('NOPE'), 404)).toContain('NOPE');
    expect(refusal(await example('LOAN', { task: 'NOPE' }), 404)).toContain('NOPE');
    refusal(await example('LOAN', { processId: uuid7() }), 404);
    for (const payload of [{ task: 1 }, { processId: 'x' }, []]) refusal(await example('LOAN', payload), 400);
  });
});

describe('POST /_dev/workers/wait', () => {
  const wait = async (payload?: object): Promise<WorkersWaitResult> =>
    (await send('POST', '/_dev/workers/wait', undefined, payload === undefined ? {} : { payload })).json();

  it('answers when a worker polls, or after the time limit', async () => {
    expect(await wait({ process: 'LOAN', timeoutSeconds: 0 })).toMatchObject({ polling: false });
    const waiting = wait();
    rest.pollers.set(LOAN.workflow.taskQueue, ['worker 1']);
    expect(await waiting).toMatchObject({ polling: true, queues: [{ processes: ['LOAN'], pollers: ['worker 1'] }] });
    rest.pollers.set('OTHER', ['worker 2']);
    expect((await wait({ taskQueue: 'OTHER' })).queues.at(-1)).toEqual({
      taskQueue: 'OTHER',
      processes: [],
      pollers: ['worker 2'],
    });
    refusal(await send('POST', '/_dev/workers/wait', undefined, { payload: { process: 'NOPE' } }), 404);
  });

  it('keeps its time limit while time is skipped', async () => {
    const polls = vi.spyOn(rest.pollers, 'get');
    const waiting = wait();
    await vi.waitUntil(() => polls.mock.calls.length > 0);
    skipDay();
    const before = polls.mock.calls.length;
    await vi.waitUntil(() => polls.mock.calls.length > before);
    rest.pollers.set(LOAN.workflow.taskQueue, ['worker 1']);
    expect(await waiting).toMatchObject({ polling: true });
  });
});

describe('POST /_dev/processes/{id}/wait', () => {
  const wait = async (id: string, payload: object): Promise<ProcessWaitResult> =>
    (await send('POST', `/_dev/processes/${id}/wait`, undefined, { payload })).json();

  it('answers when the task exists and when the process has ended', async () => {
    const id = await startLoan(rest);
    const waiting = wait(id, { task: 'APPLICATION' });
    const item = await createTask(rest, id);
    expect(await waiting).toEqual({
      reached: true,
      process: { id, state: 'RUNNING' },
      items: [{ id: item, type: 'TASK', code: 'APPLICATION', state: 'READY' }],
      pollers: [],
      failing: [],
    });
    const ended = wait(id, {});
    const never = wait(id, { task: 'APPLICATION', taskStates: ['COMPLETED'] });
    expect((await rest.call('POST', `/processes/${id}/~actions/cancel`)).statusCode).toBe(200);
    expect(await ended).toMatchObject({ reached: true, process: { state: 'CANCELLED' } });
    expect(await never).toMatchObject({
      reached: false,
      items: [{ state: 'CANCELLED' }],
      problem: `Process LOAN ${id} does not have an open task APPLICATION: it is CANCELLED\nOpen tasks: none\nWorker: no worker is polling the task queue`,
    });
  });

  it('keeps its time limit while time is skipped', async () => {
    const id = await startLoan(rest);
    const subscribed = vi.spyOn(rest.hub, 'subscribe');
    const waiting = wait(id, { task: 'APPLICATION', taskStates: ['CLAIMED'] });
    await vi.waitUntil(() => subscribed.mock.calls.length > 0);
    skipDay();
    // Changes the process, but not as wanted.
    const item = await createTask(rest, id);
    claimTask(rest.world.user, item);
    expect(await waiting).toMatchObject({ reached: true });
  });

  it('reports who polls and what fails after the time limit', async () => {
    const id = await startLoan(rest);
    failing = [{ kind: 'activity', name: 'checkCredit', failures: 3, message: 'no answer' }];
    rest.pollers.set(LOAN.workflow.taskQueue, ['worker 1']);
    const expected = { reached: false, pollers: ['worker 1'], failing };
    expect(await wait(id, { states: ['COMPLETED'], timeoutSeconds: 0 })).toMatchObject({
      ...expected,
      problem: `Process LOAN ${id} is not COMPLETED after 0 s: it is RUNNING\nOpen tasks: none\nWorker: worker 1 polls\nLast failure: checkCredit, attempt 3: no answer`,
    });
  });
});

describe('POST /_dev/processes/{id}/signals', () => {
  it('queues a signal of a running process, and adds it to the timeline', async () => {
    const id = await startLoan(rest);
    const signal = (payload: object): Promise<LightMyRequestResponse> =>
      send('POST', `/_dev/processes/${id}/signals`, undefined, { payload });
    const sent = await signal({ name: 'approve', input: { amount: 3 } });
    expect([sent.statusCode, sent.json()]).toEqual([202, { processId: id, name: 'approve' }]);
    expect((await signal({ name: 'withdraw' })).statusCode).toBe(202);
    await rest.world.outbox.whenIdle();
    expect(rest.world.calls.slice(1)).toEqual([
      expect.objectContaining({ workflowId: id, signalName: 'approve', payload: { amount: 3 } }),
      expect.objectContaining({ workflowId: id, signalName: 'withdraw' }),
    ]);
    expect(rest.world.calls.at(-1)).not.toHaveProperty('payload');
    const { entries } = await read<{ readonly entries: readonly object[] }>(`/_dev/processes/${id}/timeline`);
    expect(entries.at(-1)).toMatchObject({ kind: 'signal-sent', detail: 'withdraw' });
    expect((await rest.call('POST', `/processes/${id}/~actions/cancel`)).statusCode).toBe(200);
    expect(refusal(await signal({ name: 'approve' }), 403)).toContain('is CANCELLED');
    refusal(await send('POST', `/_dev/processes/${uuid7()}/signals`, undefined, { payload: { name: 'a' } }), 404);
  });
});

describe('the events for webhooks', () => {
  it('are listed and shown, and sent again', async () => {
    const statuses = [500, 200, 200];
    const receiver = await startAnsweringServer((_request, response) =>
      response.writeHead(statuses.shift() ?? 204).end('an answer'),
    );
    onTestFinished(() => receiver.close());
    const { domain, webhooks, user } = rest.world;
    domain.definitions.replace([{ process: { code: 'HOOKED' }, webhook: { url: receiver.url }, tasks: [] }], []);
    expect((await read<ServedDefinitions>('/_dev/definitions')).definitions[0]?.webhookUrl).toBe(receiver.url);
    const start = (): string =>
      createProcess(user, { tenantId: domain.tenantId, processDefinitionCode: 'HOOKED' }).process.id;
    const id = start();
    await webhooks.whenIdle();
    start();
    await webhooks.whenIdle();
    const list = async (query = ''): Promise<readonly WebhookDelivery[]> =>
      (await read<WebhookDeliveryList>(`/_dev/webhooks${query}`)).deliveries;
    expect(await list()).toHaveLength(4);
    expect(await list('?limit=1')).toHaveLength(1);
    const [running, created] = await list(`?processId=${id.toUpperCase()}`);
    expect([running, created]).toMatchObject([
      { type: 'PROCESS.STATE_CHANGED', attempts: 1 },
      { type: 'PROCESS.CREATED', state: 'DELIVERED', attempts: 2, processId: id, latest: { status: 200 } },
    ]);
    const detail = await read<WebhookDeliveryDetail>(`/_dev/webhooks/${created?.id}`);
    expect(detail.answer).toEqual({ bytes: 9, text: 'an answer', truncated: false });
    expect(JSON.parse(detail.body.text ?? '')).toMatchObject({ id: created?.id, type: 'PROCESS.CREATED' });

    const replayed = await send('POST', `/_dev/webhooks/${created?.id}/replay`);
    expect([replayed.statusCode, replayed.json<WebhookDelivery>().state]).toEqual([202, 'PENDING']);
    await webhooks.whenIdle();
    expect(await read<WebhookDelivery>(`/_dev/webhooks/${created?.id}`)).toMatchObject({
      ...{ state: 'DELIVERED', attempts: 3, latest: { status: 204 } },
    });
    expect(rest.world.events.filter(({ kind }) => kind === 'webhook')[0]).toEqual({
      ...{ kind: 'webhook', deliveryId: created?.id, processId: id, type: 'PROCESS.CREATED' },
      ...{ state: 'PENDING', attempts: 1, status: 500 },
    });
    refusal(await send('GET', `/_dev/webhooks/${uuid7()}`), 404);
    refusal(await send('POST', `/_dev/webhooks/${uuid7()}/replay`), 404);
    refusal(await send('GET', '/_dev/webhooks?state=FAILED'), 400);
    refusal(await send('GET', '/_dev/webhooks?limit=5000'), 400);
    refusal(await send('GET', '/_dev/webhooks', 'Bearer wrong'), 401);

    const signal = await send('POST', `/_dev/processes/${id}/signals`, undefined, { payload: { name: 'a' } });
    expect(refusal(signal, 409)).toContain('does not have a workflow');
    const wait = await send('POST', `/_dev/processes/${id}/wait`, undefined, { payload: { timeoutSeconds: 0 } });
    expect(wait.json()).toMatchObject({ reached: false, process: { state: 'RUNNING' } });
  });
});

describe('a user', () => {
  it("lets the console work with KuFlow's own operations", async () => {
    const asUser = async (
      method: 'GET' | 'POST' | 'PUT',
      url: string,
      more: InjectOptions = {},
    ): Promise<LightMyRequestResponse> => {
      const answer = await send(method, url, undefined, more);
      expect(answer.statusCode, `${method} ${url} ${answer.body}`).toBeLessThan(300);
      return answer;
    };
    const { tenantId } = rest.world.identity;
    const created = await asUser('POST', '/processes', {
      payload: { tenantId, processDefinitionCode: 'LOAN', metadata: { value: { FIRST_NAME: 'Ada' } } },
    });
    const { id } = created.json<{ id: string }>();
    expect((await asUser('GET', '/processes?state=RUNNING')).json()).toMatchObject({ content: [{ id }] });
    const item = await createTask(rest, id);
    const other = await createTask(rest, id);
    expect((await asUser('GET', `/process-items?processId=${id}`)).json<{ content: unknown[] }>().content).toHaveLength(
      2,
    );
    await asUser('POST', `/process-items/${item}/task/~actions/claim`);
    const upload = await asUser(
      'POST',
      `/processes/${id}/~actions/upload-document?fileName=a.txt&fileContentType=text/plain`,
      { payload: 'content', headers: { 'content-type': 'application/octet-stream' } },
    );
    const { documentUri } = upload.json<{ documentUri: string }>();
    const data = { data: { value: { AMOUNT: '5', DOC: documentUri } } };
    await asUser('PUT', `/process-items/${item}/task/data`, { payload: data });
    const stored = (await asUser('GET', `/process-items/${item}`)).json<{
      task: { data: { value: { DOC: string } } };
    }>();
    const query = `documentUri=${encodeURIComponent(stored.task.data.value.DOC)}`;
    expect((await asUser('GET', `/processes/${id}/~actions/download-document?${query}`)).body).toBe('content');
    await asUser('POST', `/process-items/${item}/task/~actions/complete`);
    const { email } = rest.world.other.principal;
    await asUser('POST', `/process-items/${other}/task/~actions/assign`, { payload: { ownerEmail: email } });
    expect((await asUser('POST', `/processes/${id}/~actions/cancel`)).json()).toMatchObject({ state: 'CANCELLED' });
  });
});
