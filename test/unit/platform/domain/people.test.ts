import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reportUnknownCandidates } from '../../../../src/platform/domain/task-candidates.ts';
import { changeDefinitions } from '../../../../src/platform/domain/domain.ts';
import { authenticateCaller } from '../../../../src/platform/domain/credentials.ts';
import type { OperationContext } from '../../../../src/platform/domain/context.ts';
import {
  findGroups,
  findPrincipals,
  findTenantUsers,
  listPeople,
  retrievePrincipal,
} from '../../../../src/platform/domain/people.ts';
import {
  assignTask,
  claimTask,
  completeTask,
  createProcessItem,
  updateTaskData,
} from '../../../../src/platform/domain/process-items.ts';
import { createProcess } from '../../../../src/platform/domain/process-creation.ts';
import { changeProcessInitiator } from '../../../../src/platform/domain/processes.ts';
import type { ProcessDefinition } from '../../../../src/process/definition.ts';
import type { PeopleSeed } from '../../../../src/process/people.ts';
import { refused, thrown } from './refusals.ts';
import { createWorld, LOAN, type World } from './world.ts';

const ADA = { email: 'ada@example.com', name: 'Ada', groups: ['RISK'] };
const BOB = { email: 'bob@example.com', name: 'Bob', groups: [] };
const EVA = { email: 'eva@example.com', name: 'Eva', groups: ['RISK', 'SALES'] };
const RISK = { code: 'RISK', name: 'Risk' };
const SALES = { code: 'SALES', name: 'Sales' };
const PEOPLE: PeopleSeed = { users: [ADA, BOB, EVA], groups: [RISK, SALES] };

const withCandidates = (candidates: readonly string[]): ProcessDefinition => ({
  ...LOAN,
  tasks: LOAN.tasks.map((task) => (task.code === 'APPLICATION' ? { ...task, candidates } : task)),
});

const PAGE = { page: 0, size: 50 } as const;

let folder: string;
let world: World;

const open = (people: PeopleSeed, candidates: readonly string[] = ['RISK', 'bob@example.com']): World =>
  (world = createWorld({ folder, definitions: [withCandidates(candidates)], people }));

const reopen = async (people: PeopleSeed): Promise<World> => {
  await world.stop();
  return open(people);
};

const userOf = (email: string) => {
  const user = listPeople(world.domain).users.find((one) => one.email === email);
  if (user === undefined) throw new Error(`There is no user ${email}`);
  return user;
};
const as = (email: string): OperationContext => world.as(userOf(email).principalId);

const createTask = (owner: { readonly ownerId?: string; readonly ownerEmail?: string } = {}): string => {
  const { process } = createProcess(as('ada@example.com'), {
    tenantId: world.identity.tenantId,
    processDefinitionCode: 'LOAN',
  });
  return createProcessItem(world.worker, {
    processId: process.id,
    type: 'TASK',
    processItemDefinitionCode: 'APPLICATION',
    ...owner,
  }).processItem.id;
};

const signIn = async (token: string): Promise<string | undefined> =>
  (await authenticateCaller(world.store, `Bearer ${token}`, () => undefined))?.id;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kuflow-people-'));
});
afterEach(async () => {
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('users and groups', () => {
  it('are those of the seed, in its order, and the first user is the default one', async () => {
    open(PEOPLE);
    const { users, groups } = listPeople(world.domain);
    expect(users.map(({ email, name, groups: codes }) => ({ email, name, groups: codes }))).toEqual([
      { ...ADA, groups: ['LOCAL_USERS', 'RISK'] },
      { ...BOB, groups: ['LOCAL_USERS'] },
      { ...EVA, groups: ['LOCAL_USERS', 'RISK', 'SALES'] },
    ]);
    expect(groups.map(({ code }) => code)).toEqual(['LOCAL_USERS', 'RISK', 'SALES']);
    const { user } = world.identity;
    expect({ ...user, token: user.token.reveal() }).toMatchObject({ email: ADA.email, token: users[0]?.token });
    for (const { token, principalId } of users) expect(await signIn(token)).toBe(principalId);
    expect(new Set(users.map(({ token }) => token)).size).toBe(3);
  });

  it('can be found by group in the API', () => {
    open(PEOPLE);
    const names = (query: Parameters<typeof findPrincipals>[1]): unknown =>
      findPrincipals(world.user, query).content.map(({ name }) => name);
    expect(names({ ...PAGE, groupCode: ['RISK'], sort: ['name'] })).toEqual(['Ada', 'Eva']);
    const sales = findGroups(world.user, { ...PAGE, groupCode: ['SALES'] }).content[0];
    expect(sales).toEqual({ id: sales?.id, code: 'SALES', name: 'Sales', tenantId: world.identity.tenantId });
    expect(names({ ...PAGE, groupId: [sales?.id.toUpperCase() ?? ''] })).toEqual(['Eva']);
    const groupsOf = (email: string): unknown =>
      findGroups(world.user, { ...PAGE, principalId: userOf(email).principalId }).content.map(({ code }) => code);
    expect(groupsOf(EVA.email)).toEqual(['LOCAL_USERS', 'RISK', 'SALES']);
    expect(groupsOf(BOB.email)).toEqual(['LOCAL_USERS']);
    expect(findGroups(world.user, { page: 1, size: 2 })).toMatchObject({ content: [{ code: 'SALES' }] });
    expect(findTenantUsers(world.user, { ...PAGE, groupCode: ['RISK', 'SALES'] }).content).toHaveLength(2);
  });

  it('keep ids and tokens over restarts, matched by email in any case, with new names and groups', async () => {
    open(PEOPLE);
    const before = userOf(BOB.email);
    await reopen({
      users: [{ email: 'BOB@example.com', name: 'Robert', groups: ['SALES'] }, ADA],
      groups: [SALES, RISK],
    });
    expect(userOf('BOB@example.com')).toEqual({
      ...before,
      ...{ email: 'BOB@example.com', name: 'Robert', groups: ['LOCAL_USERS', 'SALES'] },
    });
    expect(world.identity.user).toMatchObject({ principalId: before.principalId, name: 'Robert' });
  });

  it('are disabled when the seed does not contain them, and enabled again when it does', async () => {
    open(PEOPLE);
    const bob = userOf(BOB.email);
    const own = createTask({ ownerEmail: BOB.email });
    await reopen({ users: [ADA, EVA], groups: [RISK, SALES] });
    expect(await signIn(bob.token)).toBeUndefined();
    expect(
      await authenticateCaller(world.store, 'Bearer a.b.c', () => bob.principalId),
      'with an engine token',
    ).toBeUndefined();
    expect(findPrincipals(world.user, PAGE).content.map(({ name }) => name)).not.toContain('Bob');
    expect(findTenantUsers(world.user, { ...PAGE, email: [BOB.email] }).content).toEqual([]);
    // What Bob did still names him.
    expect(retrievePrincipal(world.user, bob.principalId)).toMatchObject({ name: 'Bob' });
    for (const [owner, field] of [
      [{ ownerEmail: BOB.email }, 'ownerEmail'],
      [{ ownerId: bob.principalId }, 'ownerId'],
    ] as const)
      expect(thrown(() => assignTask(world.worker, own, owner))).toEqual(
        refused(400, `The user in ${field} is disabled`),
      );
    // Somebody else can go on with his task.
    expect(assignTask(world.worker, own, { ownerEmail: EVA.email }).ownerId).toBe(userOf(EVA.email).principalId);
    await reopen(PEOPLE);
    expect(userOf(BOB.email)).toEqual(bob);
    expect(await signIn(bob.token)).toBe(bob.principalId);
  });

  it('are one local user and one group without a seed', () => {
    world = createWorld({ folder, people: 'none' });
    expect(listPeople(world.domain)).toMatchObject({
      users: [{ email: 'local.user@example.com', name: 'Local user', groups: ['LOCAL_USERS'] }],
      groups: [{ code: 'LOCAL_USERS', name: 'Local users' }],
    });
  });
});

describe('candidates', () => {
  const CAN_CLAIM = 'It can be claimed by group RISK (ada@example.com, eva@example.com) or bob@example.com';

  it('are the only ones who may claim a task; the error names them', () => {
    open({ ...PEOPLE, users: [...PEOPLE.users, { email: 'max@example.com', name: 'Max', groups: ['SALES'] }] });
    for (const email of [ADA.email, BOB.email, EVA.email]) {
      const id = createTask();
      expect(claimTask(as(email), id)).toMatchObject({ ownerId: userOf(email).principalId });
      updateTaskData(as(email), id, { value: { AMOUNT: '1' } });
      expect(completeTask(as(email), id)).toMatchObject({ task: { state: 'COMPLETED' } });
    }
    const id = createTask();
    expect(thrown(() => claimTask(as('max@example.com'), id))).toEqual(
      refused(403, `Max is not a candidate of task ${id}. ${CAN_CLAIM}`),
    );
    expect(thrown(() => claimTask(world.worker, id))).toEqual(refused(403, CAN_CLAIM));
  });

  it('can be everybody, as without candidates', () => {
    open(PEOPLE, ['LOCAL_USERS']);
    expect(claimTask(as(BOB.email), createTask())).toMatchObject({ task: { state: 'CLAIMED' } });
    changeDefinitions(world.domain, [LOAN], []);
    expect(claimTask(world.worker, createTask())).toMatchObject({ task: { state: 'CLAIMED' } });
    expect(userOf(EVA.email).groups).toEqual(['LOCAL_USERS', 'RISK', 'SALES']);
  });

  it('are the only ones a task can be assigned to, by an application or a user', () => {
    open(PEOPLE, ['RISK']);
    const id = createTask();
    expect(assignTask(world.worker, id, { ownerEmail: ADA.email }).ownerId).toBe(userOf(ADA.email).principalId);
    expect(assignTask(as(BOB.email), id, { ownerEmail: EVA.email }).ownerId).toBe(userOf(EVA.email).principalId);
    const message =
      'Bob is not a candidate of this task. It can be assigned to group RISK (ada@example.com, eva@example.com)';
    const bob = userOf(BOB.email).principalId;
    const detail = (location: string): unknown =>
      expect.objectContaining({ status: 400, message, details: [expect.objectContaining({ location })] });
    expect(thrown(() => assignTask(world.worker, id, { ownerEmail: BOB.email }))).toEqual(detail('body.ownerEmail'));
    expect(thrown(() => createTask({ ownerId: bob }))).toEqual(detail('body.ownerId'));
    expect(createTask({ ownerEmail: EVA.email })).toBeTruthy();
  });

  it('do not restrict who initiates a process', () => {
    open(PEOPLE, ['RISK']);
    const { process } = createProcess(as(BOB.email), {
      tenantId: world.identity.tenantId,
      processDefinitionCode: 'LOAN',
    });
    expect(changeProcessInitiator(as(BOB.email), process.id, { initiatorEmail: EVA.email }).initiatorId).toBe(
      userOf(EVA.email).principalId,
    );
  });

  it('that do not exist are reported at the start and for a changed definition, and nobody may claim the task', async () => {
    const { domain, events } = open(PEOPLE, ['RISK', 'TAX', 'max@example.com']);
    const warnings = (): unknown => events.flatMap((event) => (event.kind === 'warning' ? [event.message] : []));
    reportUnknownCandidates(domain);
    expect(warnings()).toEqual([
      'LOAN: task APPLICATION has candidates that the people file does not contain: TAX, max@example.com',
    ]);
    changeDefinitions(domain, [withCandidates(['TAX'])], []);
    expect(warnings()).toContain('LOAN: task APPLICATION has a candidate that the people file does not contain: TAX');
    const id = createTask();
    expect(thrown(() => claimTask(as(ADA.email), id))).toEqual(
      refused(403, 'It can be claimed by TAX (does not exist here)'),
    );
    await reopen({ users: [BOB], groups: [RISK] });
    changeDefinitions(world.domain, [withCandidates(['RISK'])], []);
    expect(thrown(() => assignTask(world.worker, id, { ownerEmail: BOB.email }))).toEqual(refused(400));
  });
});
