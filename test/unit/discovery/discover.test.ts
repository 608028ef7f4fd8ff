import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { discover } from '../../../src/discovery/discover.ts';
import { discoverDefinitions } from '../../../src/discovery/list-processes.ts';
import type { Discovery } from '../../../src/discovery/types.ts';
import type { SeenItem } from '../../../src/discovery/read-lists.ts';
import { chooseSamples } from '../../../src/discovery/sampling.ts';
import { CANARY, NEWEST_VERSION, TENANT, error, startLargeTenant, uuid } from '../../support/large-tenant.ts';
import type { LargeTenant, LargeTenantOptions } from '../../support/large-tenant.ts';

let tenant: LargeTenant | undefined;

afterEach(async () => {
  await tenant?.close();
  tenant = undefined;
});

async function start(options: LargeTenantOptions = {}): Promise<LargeTenant> {
  tenant = await startLargeTenant(options);
  return tenant;
}

const access = ({ endpoint }: LargeTenant) => ({
  endpoint,
  credentials: { clientId: uuid(8, 1), clientSecret: new Secret('secret') },
});

async function discoverLoan(of: LargeTenant, sample: number) {
  const discovery = await discover(access(of), { code: 'LOAN', sample });
  if (!discovery.found) throw new Error(`not found: ${discovery.reason}`);
  return discovery;
}

const tasksOf = (discovery: Discovery) =>
  discovery.found ? discovery.definition.tasks.map(({ code, kind }) => `${code}:${kind}`) : [];

const ITEM: SeenItem = {
  id: '',
  processId: uuid(1, 0),
  tenant: TENANT,
  type: 'TASK',
  code: undefined,
  createdAt: 0,
  createdBy: undefined,
  ownerId: undefined,
  completed: true,
};

const ALL_TASKS = ['APPLY:human', 'SCORE:system', 'APPROVE:human', 'NOTIFY:message', 'TALK:thread'];

describe('discover', () => {
  it('sends at most 30 requests in a tenant of 100,000 processes and keeps no values', async () => {
    const large = await start();
    const events: unknown[] = [];
    const discovery = await discover(access(large), {
      code: 'LOAN',
      sample: 25,
      report: (event) => events.push(event),
    });
    expect(large.requests.length).toBeLessThanOrEqual(30);
    expect(large.requests.length).toBeGreaterThan(25);
    expect(JSON.stringify({ discovery, events })).not.toMatch(
      new RegExp(`${CANARY}|777\\d{4}|@example|${uuid(7, 1).slice(0, 20)}`),
    );
    expect(tasksOf(discovery)).toEqual(ALL_TASKS);
    const { definition, evidence } = await discoverLoan(large, 25);
    expect(definition.process).toEqual({ code: 'LOAN', id: uuid(2, 0), version: NEWEST_VERSION, tenant: TENANT });
    expect(definition.metadata?.schema).toMatchObject({
      type: 'object',
      properties: {
        APPLICANT: { type: 'string' },
        AMOUNT: { type: 'integer' },
        CONTACTS: { type: 'object', additionalProperties: { type: 'object' } },
        SINCE: { type: 'string', format: 'date' },
        FILE: { type: 'string', format: 'kuflow-file' },
      },
      required: ['APPLICANT', 'AMOUNT', 'CONTACTS', 'FILE', 'SINCE'],
    });
    expect(definition.entity?.schema).toMatchObject({
      properties: { customer: { properties: { email: { type: 'string', format: 'email' } } } },
    });
    expect(definition.tasks[1]?.data?.schema).toMatchObject({ properties: { SCORE_NAME: { type: 'string' } } });
    expect(definition.tasks[3]?.data?.schema).toMatchObject({ properties: { TOTAL: { type: 'integer' } } });
    expect(evidence).toMatchObject({ read: 25, orderAgreement: 1, principalsKnown: true, items: { seen: 1000 } });
    // Spread over codes and processes.
    expect(evidence.tasks.map((task) => task.data?.samples)).toEqual([5, 5, 5, 5, undefined]);
    const processes = large.requests.filter((line) => line.startsWith('GET /v2024-06-14/process-items/')).length;
    expect(new Set(large.requests).size).toBe(processes / 2 + 5 + 3);
  });

  it('does not read values by default', async () => {
    const large = await start();
    const { definition, notes } = await discoverLoan(large, 0);
    expect(large.requests.filter((line) => /process(es|-items)\/[^?]/.test(line))).toEqual([]);
    expect(definition.tasks.some((task) => task.data !== undefined)).toBe(false);
    expect(definition).not.toHaveProperty('metadata');
    expect(notes.join('\n')).toMatch(/--sample/);
  });

  it('reads more instances on demand', async () => {
    const large = await start();
    expect((await discoverLoan(large, 60)).evidence.read).toBe(60);
    expect(large.requests.length).toBeLessThanOrEqual(65);
  });

  it.each([
    [1, 1, undefined, undefined],
    [2, 1, undefined, 1],
    [4, 3, undefined, 1],
    [5, 3, 1, 1],
  ])(
    'reads tasks first, one of each code in turn, if it may read %i instances',
    async (sample, tasks, messages, processes) => {
      const { evidence, notes } = await discoverLoan(await start({ processes: 30 }), sample);
      expect(evidence.tasks.filter(({ kind, data }) => kind !== 'message' && data?.samples === 1)).toHaveLength(tasks);
      expect(evidence.tasks[3]?.data?.samples).toBe(messages);
      expect(evidence.metadata?.samples).toBe(processes);
      expect(notes).toContain(`Data shapes are based on the keys and types of ${sample} instance(s)`);
      const unread = evidence.tasks.filter(({ kind, data }) => /human|system/.test(kind) && data === undefined);
      const codes = unread.map(({ code }) => code).join(', ');
      const explained = notes.filter((note) =>
        note.startsWith(`The data shape of ${codes} is unknown, because the ${sample}`),
      );
      expect(explained).toHaveLength(unread.length === 0 ? 0 : 1);
    },
  );

  it('does not derive shapes from instances without data', async () => {
    const bare = { id: uuid(3, 1), processId: uuid(1, 0), tenantId: TENANT, type: 'TASK', task: { state: 'READY' } };
    const large = await start({
      processes: 30,
      intercept: (operation) =>
        operation === 'process-items/{id}' ? { status: 200, body: JSON.stringify(bare) } : undefined,
    });
    const { notes } = await discoverLoan(large, 1);
    expect(notes).toContain('None of the 1 instance(s) read contains data, so the shape of the data is unknown');
  });

  it('stays within its budget if KuFlow fails occasionally', async () => {
    let count = 0;
    const large = await start({
      intercept: (operation) =>
        operation.endsWith('{id}') && ++count % 2 === 0 ? { status: 503, body: error(503) } : undefined,
    });
    const discovery = await discoverLoan(large, 25);
    expect(large.requests.length).toBeLessThanOrEqual(30);
    expect(discovery.evidence.read).toBeGreaterThan(5);
  });

  it('reports that nothing is visible, or which other codes are', async () => {
    const empty = await start({ processes: 0 });
    expect(await discover(access(empty), { code: 'LOAN', sample: 25 })).toEqual({
      found: false,
      code: 'LOAN',
      reason: 'nothing-visible',
      otherCodes: [],
      requests: 3,
    });
    await empty.close();
    const other = await start();
    expect(await discover(access(other), { code: 'LOANS', sample: 25 })).toMatchObject({
      found: false,
      reason: 'others-visible',
      otherCodes: ['EXPENSE', 'HOLIDAY', 'LOAN'],
    });
  });

  it('distinguishes a missing permission from no processes', async () => {
    const refusing = await start({ intercept: () => ({ status: 403, body: error(403) }) });
    expect(await discover(access(refusing), { code: 'LOAN', sample: 25 })).toMatchObject({
      found: false,
      reason: 'not-allowed',
    });
  });

  it('infers kinds from creator and owner if principals cannot be listed', async () => {
    const large = await start({
      intercept: (operation) => (operation === 'principals' ? { status: 403, body: error(403) } : undefined),
    });
    const discovery = await discoverLoan(large, 0);
    expect(tasksOf(discovery)).toEqual(ALL_TASKS);
    expect(discovery.evidence.tasks.map((task) => task.kindReason)).toEqual([
      'owner-unknown',
      'owned-by-its-creator',
      'owner-unknown',
      'item-type',
      'item-type',
    ]);
  });

  it('continues if items cannot be listed', async () => {
    const large = await start({
      intercept: (operation) => (operation === 'process-items' ? { status: 403, body: error(403) } : undefined),
    });
    const discovery = await discoverLoan(large, 25);
    expect(discovery.definition.tasks).toEqual([]);
    expect(discovery.definition.metadata).toBeDefined();
    expect(discovery.notes.join('\n')).toMatch(/--task/);
  });

  it('skips forbidden instances, and stops after five failures', async () => {
    const large = await start({
      intercept: (operation) => (operation === 'process-items/{id}' ? { status: 403, body: error(403) } : undefined),
    });
    const discovery = await discoverLoan(large, 25);
    expect(discovery.evidence).toMatchObject({ read: 5 });
    expect(discovery.evidence.unreadable).toBeLessThan(10);
    expect(discovery.definition.metadata).toBeDefined();
  });

  it('rejects wrong credentials and answers that are not from KuFlow', async () => {
    const refusing = await start({ intercept: () => ({ status: 401, body: error(401) }) });
    await expect(discover(access(refusing), { code: 'LOAN', sample: 25 })).rejects.toMatchObject({
      kind: 'unauthorized',
    });
    await refusing.close();
    for (const body of [
      '{"content":[{"id":7}],"metadata":',
      '[1,2]',
      '{"metadata":{},"content":{}}',
      '<html></html>',
    ]) {
      const garbage = await start({ intercept: () => ({ status: 200, body }) });
      await expect(discover(access(garbage), { code: 'LOAN', sample: 25 })).rejects.toMatchObject({
        name: 'KuFlowApiError',
      });
      await garbage.close();
    }
  });
});

describe('chooseSamples', () => {
  it('chooses completed tasks before open ones, and both before messages', () => {
    const seen = (code: string, over: Partial<SeenItem>): [string, SeenItem[]] => [
      code,
      [{ ...ITEM, id: code, code, ...over }],
    ];
    const items = [
      seen('RESULT', { type: 'MESSAGE', completed: false }),
      seen('APPROVE', { completed: false }),
      seen('APPLY', {}),
      seen('TALK', { type: 'THREAD' }),
    ];
    const order = chooseSamples([], new Map(items), 9, { classOf: () => 'newest' }).map(({ id }) => id);
    expect(order).toEqual(['APPLY', 'APPROVE', 'RESULT']);
  });
});

describe('discoverDefinitions', () => {
  it('lists the definitions of a large tenant in 10 requests as incomplete', async () => {
    const large = await start();
    const listing = await discoverDefinitions(access(large), {});
    expect(listing.definitions.map(({ code }) => code)).toEqual(['LOAN', 'EXPENSE', 'HOLIDAY']);
    expect(listing.definitions[0]).toMatchObject({
      id: uuid(2, 0),
      tenant: TENANT,
      version: NEWEST_VERSION,
      versions: 2,
    });
    expect(listing).toMatchObject({ complete: false, processes: { total: 100_000 } });
    expect(large.requests.length).toBeLessThanOrEqual(10);
    // The oldest page is read too.
    expect(large.requests.at(-1)).toMatch(/page=99(&|$)/);
    expect(JSON.stringify(listing)).not.toContain(CANARY);
  });

  it('lists a small or empty tenant completely', async () => {
    const small = await start({ processes: 5 });
    expect(await discoverDefinitions(access(small), {})).toMatchObject({
      complete: true,
      requests: 1,
      processes: { seen: 5, total: 5 },
    });
    await small.close();
    const empty = await start({ processes: 0 });
    expect(await discoverDefinitions(access(empty), {})).toMatchObject({ complete: true, definitions: [] });
  });
});
