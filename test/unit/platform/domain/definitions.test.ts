import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { changeDefinitions } from '../../../../src/platform/domain/domain.ts';
import { createProcess } from '../../../../src/platform/domain/process-creation.ts';
import {
  claimTask,
  completeTask,
  createProcessItem,
  retrieveProcessItem,
} from '../../../../src/platform/domain/process-items.ts';
import { completeProcess, deleteProcess, retrieveProcess } from '../../../../src/platform/domain/processes.ts';
import type { ActionDefinition, ProcessDefinition, TaskDefinition } from '../../../../src/process/definition.ts';
import { refused, thrown } from './refusals.ts';
import { createWorld, LOAN, type World } from './world.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.destroy());

const VERSION = '11111111-2222-4333-8444-555555555555';
const review: TaskDefinition = { code: 'REVIEW', kind: 'human' };
const [application, ...otherTasks] = LOAN.tasks as [TaskDefinition, ...TaskDefinition[]];
/** Without SCORE, with REVIEW, and AMOUNT is a number. */
const CHANGED: ProcessDefinition = {
  ...LOAN,
  tasks: [
    { ...application, data: { schema: { type: 'object', properties: { AMOUNT: { type: 'number' } } } } },
    ...otherTasks.filter(({ code }) => code !== 'SCORE'),
    review,
  ],
};
const versioned = (definition: ProcessDefinition): ProcessDefinition => ({
  ...definition,
  process: { ...definition.process, version: VERSION },
});

const start = (code = 'LOAN'): string =>
  createProcess(world.user, { tenantId: world.identity.tenantId, processDefinitionCode: code }).process.id;
const addTask = (processId: string, code: string, value: Record<string, unknown> = {}): string =>
  createProcessItem(world.worker, {
    type: 'TASK',
    processId,
    processItemDefinitionCode: code,
    task: { data: { value } },
  }).processItem.id;
const isValid = (item: string): boolean | undefined => retrieveProcessItem(world.user, item).task?.data?.valid;
const change = (definitions: readonly ProcessDefinition[] = [CHANGED]): void =>
  changeDefinitions(world.domain, definitions, []);
const restart = async (definitions: readonly ProcessDefinition[]): Promise<void> => {
  const { folder, stop } = world;
  await stop();
  world = createWorld({ folder, definitions });
};
const storedVersions = (): number => world.store.sql.all('SELECT * FROM process_definitions').length;

/** The process uses the version of LOAN: AMOUNT is a text, and SCORE exists. */
function expectFirstVersion(process: string): void {
  expect(isValid(addTask(process, 'APPLICATION', { AMOUNT: '7' }))).toBe(true);
  expect(isValid(addTask(process, 'APPLICATION', { AMOUNT: 7 }))).toBe(false);
  const score = addTask(process, 'SCORE');
  claimTask(world.worker, score);
  completeTask(world.worker, score);
  expect(retrieveProcessItem(world.user, score).task?.state).toBe('COMPLETED');
}

describe('changeDefinitions', () => {
  it('gives new processes the new version, and lets running ones finish with theirs', () => {
    const before = start();
    change();
    const after = start();
    expectFirstVersion(before);
    expect(isValid(addTask(after, 'APPLICATION', { AMOUNT: '7' }))).toBe(false);
    expect(isValid(addTask(after, 'REVIEW'))).toBe(true);
    expect(thrown(() => addTask(after, 'SCORE'))).toEqual(
      refused(400, 'Process definition LOAN does not have a process item definition SCORE'),
    );
    const [one, other] = [before, after].map((id) => retrieveProcess(world.user, id).processDefinitionRef);
    expect(one?.id).toBe(other?.id);
    expect(one?.version).not.toBe(other?.version);
  });

  it('lets a running process have a task that its version does not have, because the code of its workflow may change', () => {
    const process = start();
    const reviewed: TaskDefinition = {
      ...review,
      data: { schema: { type: 'object', properties: { GRADE: { type: 'number' } } } },
    };
    change([{ ...CHANGED, tasks: [...CHANGED.tasks.slice(0, -1), reviewed] }]);
    expect(isValid(addTask(process, 'REVIEW', { GRADE: 1 }))).toBe(true);
    expect(isValid(addTask(process, 'REVIEW', { GRADE: 'A' }))).toBe(false);
    expect(thrown(() => addTask(process, 'OTHER'))).toEqual(
      refused(400, 'LOAN does not have a process item definition OTHER; those of type TASK: APPLICATION, SCORE'),
    );
  });

  it('starts new processes on the new task queue', async () => {
    change([{ ...LOAN, workflow: { type: 'OtherWorkflow', taskQueue: 'OTHER_QUEUE' } }]);
    start();
    await world.outbox.whenIdle();
    expect(world.calls).toMatchObject([{ workflowType: 'OtherWorkflow', taskQueue: 'OTHER_QUEUE' }]);
  });

  it('lets processes of a definition that is no longer served finish, and starts no new ones', () => {
    const process = start();
    change([{ ...CHANGED, process: { code: 'OTHER' } }]);
    expectFirstVersion(process);
    expect(thrown(() => start())).toEqual(refused(404));
    expect(start('OTHER')).toBeTypeOf('string');
  });

  it('reports changes of actions, of the workflow and of the webhook', () => {
    const { actions = [] } = LOAN;
    const [first, ...others] = actions;
    const webhook = { url: 'http://localhost:8880' };
    change([{ ...LOAN, actions: [{ ...actions[1], name: 'Correct' } as ActionDefinition, ...others.slice(1)] }]);
    const { process, metadata = { schema: {} }, entity = { schema: {} }, tasks } = LOAN;
    change([{ process, metadata, entity, tasks, webhook }]);
    expect(first?.code).toBe('WITHDRAW');
    expect(world.events.filter(({ kind }) => kind === 'definitions-changed')).toEqual([
      { kind: 'definitions-changed', changes: ['LOAN: action CORRECT changed', 'LOAN: action WITHDRAW was removed'] },
      {
        kind: 'definitions-changed',
        changes: [
          ...['LOAN: the workflow was removed', 'LOAN: the webhook of the process changed'],
          ...actions.slice(1).map(({ code }) => `LOAN: action ${code} was removed`),
        ],
      },
    ]);
  });

  it('keeps the version of running processes after a restart with another content', async () => {
    const process = start();
    await restart([CHANGED]);
    expectFirstVersion(process);
    change([LOAN]);
    await restart([CHANGED]);
    expectFirstVersion(process);
  });

  it('keeps only versions that a process was started with', async () => {
    for (const name of ['a', 'b', 'c']) change([{ ...LOAN, process: { code: 'LOAN', name } }]);
    expect(storedVersions()).toBe(1);
    const process = start();
    change();
    expect(storedVersions()).toBe(2);
    completeProcess(world.worker, process);
    deleteProcess(world.user, process);
    await restart([CHANGED]);
    // A deleted process can still be read.
    expect(storedVersions()).toBe(2);
  });

  it('does not give two contents the same version, although the file names one', async () => {
    await restart([versioned(LOAN)]);
    const process = start();
    expect(retrieveProcess(world.user, process).processDefinitionRef?.version).toBe(VERSION);
    change([versioned(CHANGED)]);
    const other = start();
    expect(retrieveProcess(world.user, other).processDefinitionRef?.version).not.toBe(VERSION);
    expectFirstVersion(process);
    change([versioned(LOAN)]);
    expect(retrieveProcess(world.user, start()).processDefinitionRef?.version).toBe(VERSION);
  });

  it('uses the version in the file for an edited content while no process has it', async () => {
    await restart([versioned(LOAN)]);
    change([versioned(CHANGED)]);
    expect(retrieveProcess(world.user, start()).processDefinitionRef?.version).toBe(VERSION);
  });

  it('uses the served definition for processes whose version is not in the state file', async () => {
    const process = start();
    world.store.sql.run('DELETE FROM process_definitions');
    await restart([CHANGED]);
    expect(isValid(addTask(process, 'REVIEW'))).toBe(true);
  });

  it('adds the tenant of a new definition', () => {
    const tenant = '22222222-2222-4333-8444-555555555555';
    change([LOAN, { ...LOAN, process: { code: 'OTHER', tenant } }]);
    const { process } = createProcess(world.user, { tenantId: tenant, processDefinitionCode: 'OTHER' });
    expect(process.tenantId).toBe(tenant);
  });

  it('changes nothing if a definition is invalid or passed twice', () => {
    const broken: ProcessDefinition = { ...LOAN, metadata: { schema: { type: 'nonsense' } } };
    expect(() => change([broken])).toThrow("The JSON Schema of the metadata of LOAN can't be used");
    expect(() => change([LOAN, CHANGED])).toThrow('Process definition LOAN was passed twice');
    expect(world.domain.definitions.all.map(({ definition }) => definition)).toEqual([LOAN]);
    expect(world.events).toEqual([]);
    expect(storedVersions()).toBe(1);
  });

  it('reports that new processes are now confidential, or no longer are', () => {
    change([{ ...LOAN, process: { ...LOAN.process, confidential: true } }]);
    change([LOAN]);
    expect(world.events).toEqual([
      { kind: 'definitions-changed', changes: ['LOAN: new processes are now confidential'] },
      { kind: 'definitions-changed', changes: ['LOAN: new processes are no longer confidential'] },
    ]);
  });

  it('reports what changed, each problem once, and files without errors again', () => {
    const problem = { file: 'kuflow.process.yaml:3', message: 'tasks is missing' };
    changeDefinitions(world.domain, [LOAN], [problem]);
    expect(world.domain.definitions.problems).toEqual([problem]);
    changeDefinitions(world.domain, [LOAN], [problem]);
    changeDefinitions(world.domain, [CHANGED], [{ ...problem, file: 'kuflow.process.yaml:5' }]);
    change();
    expect(world.domain.definitions.problems).toEqual([]);
    change();
    expect(world.events).toEqual([
      { kind: 'definition-problem', ...problem },
      { kind: 'definition-problem', file: 'kuflow.process.yaml:5', message: 'tasks is missing' },
      {
        kind: 'definitions-changed',
        changes: [
          'LOAN: task REVIEW was added',
          'LOAN: task SCORE was removed',
          'LOAN: fields DOC, SMALL, REVIEWER, TEAM of task APPLICATION were removed',
          'LOAN: field AMOUNT of task APPLICATION changed from string to number',
          'LOAN: field AMOUNT of task APPLICATION is optional now',
          'LOAN: the schema of task APPLICATION changed',
        ],
      },
      { kind: 'definitions-changed', changes: ['kuflow.process.yaml no longer has errors'] },
    ]);
  });
});
