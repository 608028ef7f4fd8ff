import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { isUuid } from '../../../../src/base/is-uuid.ts';
import { uuid7 } from '../../../../src/base/uuid.ts';
import { createProcess } from '../../../../src/platform/domain/process-creation.ts';
import {
  claimTask,
  completeTask,
  createProcessItem,
  retrieveProcessItem,
} from '../../../../src/platform/domain/process-items.ts';
import {
  cancelProcess,
  cancelProcessItems,
  changeProcessInitiator,
  completeProcess,
  getProcessTimeline,
  listOpenWorkflows,
  patchProcessValue,
  retrieveProcess,
  updateProcessValue,
  recordWorkflowOutcome,
} from '../../../../src/platform/domain/processes.ts';
import { LOAN, createWorld, type World } from './world.ts';
import { refused, thrown } from './refusals.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.destroy());

const start = (more: object = {}): string =>
  createProcess(world.user, { tenantId: world.identity.tenantId, processDefinitionCode: 'LOAN', ...more }).process.id;
const task = (processId: string, more: object = {}): string =>
  createProcessItem(world.worker, { type: 'TASK', processId, processItemDefinitionCode: 'APPLICATION', ...more })
    .processItem.id;

describe('createProcess', () => {
  it('starts the workflow with the process ID as workflow ID and the input that KuFlow sends', async () => {
    const before = Date.now();
    const id = start();
    await world.outbox.whenIdle();
    expect(world.calls).toEqual([
      {
        call: 'start',
        kind: 'start-workflow',
        workflowId: id,
        workflowType: 'LoanWorkflow',
        taskQueue: 'LOAN_QUEUE',
        input: {
          processId: id,
          requestTime: expect.any(String) as string,
          requestTimeZone: 'Europe/Madrid',
          extras: {},
        },
      },
    ]);
    const { requestTime } = (world.calls[0] as unknown as { input: { requestTime: string } }).input;
    expect(requestTime).toMatch(/\+0[12]:00$/);
    expect(Math.abs(Date.parse(requestTime) - before)).toBeLessThan(60_000);
  });

  it('is idempotent by id: the second call returns the first process and does not start a workflow', async () => {
    const id = uuid7();
    const params = { id, tenantId: world.identity.tenantId, processDefinitionCode: 'LOAN' };
    expect(createProcess(world.user, params)).toMatchObject({ created: true, process: { id } });
    expect(
      createProcess(world.worker, { ...params, id: id.toUpperCase(), processDefinitionCode: 'OTHER' }),
    ).toMatchObject({
      created: false,
      process: { id, createdBy: world.user.principal.id },
    });
    await world.outbox.whenIdle();
    expect(world.calls).toHaveLength(1);
  });

  it('accepts the id of the definition, and the id or email of the initiator, and relates processes in both directions', () => {
    const definitionId = world.domain.definitions.all[0]?.ref.id ?? '';
    expect(isUuid(definitionId)).toBe(true);
    const first = createProcess(world.worker, {
      processDefinitionId: definitionId,
      initiatorEmail: world.identity.user.email.toUpperCase(),
    }).process;
    expect(first).toMatchObject({
      initiatorId: world.user.principal.id,
      createdBy: world.worker.principal.id,
      state: 'RUNNING',
      uri: `ku:process/${first.id}`,
    });
    const second = createProcess(world.worker, {
      processDefinitionId: definitionId,
      relatedProcessId: first.id,
    }).process;
    expect(second).toMatchObject({ initiatorId: world.worker.principal.id, processRelated: { outcoming: [first.id] } });
    expect(retrieveProcess(world.user, first.id).processRelated).toEqual({ incoming: [second.id] });
  });

  it('lists the definitions if the code, the id or the tenant is unknown, and does not start anything', async () => {
    const tenantId = world.identity.tenantId;
    expect(thrown(() => start({ processDefinitionCode: 'NOPE' }))).toEqual(refused(404, 'LOAN'));
    expect(thrown(() => createProcess(world.user, { processDefinitionId: uuid7() }))).toEqual(refused(404, 'LOAN'));
    expect(thrown(() => createProcess(world.user, { tenantId: uuid7(), processDefinitionCode: 'LOAN' }))).toEqual(
      refused(404, tenantId),
    );
    expect(thrown(() => start({ initiatorId: uuid7() }))).toEqual(refused(400, 'initiatorId'));
    expect(thrown(() => start({ relatedProcessId: uuid7() }))).toEqual(refused(400, 'relatedProcessId'));
    await world.outbox.whenIdle();
    expect(world.calls).toEqual([]);
  });

  it('derives the same ids and versions after a restart, and another version for other contents', async () => {
    const ref = world.domain.definitions.all[0]?.ref;
    await world.stop();
    const again = createWorld({ folder: world.folder, definitions: [{ ...LOAN, tasks: [...LOAN.tasks] }] });
    expect(again.domain.definitions.all[0]?.ref).toEqual(ref);
    expect(again.identity.tenantId).toBe(world.identity.tenantId);
    expect(again.identity.application.secret.reveal()).toBe(world.identity.application.secret.reveal());
    await again.stop();
    const changed = createWorld({ folder: world.folder, definitions: [{ ...LOAN, tasks: LOAN.tasks.slice(1) }] });
    expect(changed.domain.definitions.all[0]?.ref.id).toBe(ref?.id);
    expect(changed.domain.definitions.all[0]?.ref.version).not.toBe(ref?.version);
    world = changed;
  });
});

describe('metadata and entity', () => {
  it('start as an empty object, so that a patch can add to it, and may be invalid', () => {
    const id = start();
    expect(retrieveProcess(world.user, id).metadata).toEqual({
      valid: false,
      value: {},
      errors: [{ propertyPath: '/FIRST_NAME', type: 'required' }],
    });
    expect(
      patchProcessValue(world.worker, id, 'metadata', [{ op: 'add', path: '/FIRST_NAME', value: 'Ann' }]).metadata,
    ).toEqual({ valid: true, value: { FIRST_NAME: 'Ann' } });
    expect(
      updateProcessValue(world.worker, id, 'metadata', { value: { FIRST_NAME: 'Ann', AMOUNT: 0 } }).metadata,
    ).toEqual({
      valid: false,
      value: { FIRST_NAME: 'Ann', AMOUNT: 0 },
      errors: [{ propertyPath: '/AMOUNT', type: 'minimum' }],
    });
    expect(updateProcessValue(world.worker, id, 'entity', { value: { a: { b: 1 } } }).entity?.errors).toEqual([
      { propertyPath: '/a/b', type: 'type' },
    ]);
  });

  it('reject a patch as a whole if one operation fails, without quoting values', () => {
    const id = start({ metadata: { value: { FIRST_NAME: 'Secretname' } } });
    const error = thrown(() =>
      patchProcessValue(world.worker, id, 'metadata', [
        { op: 'add', path: '/LAST_NAME', value: 'Lee' },
        { op: 'remove', path: '/NONE/DEEP' },
      ]),
    );
    expect(error).toEqual(refused(400, 'operation 1'));
    expect(String(error)).not.toContain('Secretname');
    expect(
      thrown(() => patchProcessValue(world.worker, id, 'metadata', [{ op: 'replace', path: '', value: [1] }])),
    ).toEqual(refused(400, 'object'));
    expect(
      thrown(() =>
        patchProcessValue(world.worker, id, 'metadata', [{ op: 'test', path: '/FIRST_NAME', value: 'Other' }]),
      ),
    ).toEqual(refused(400));
    expect(retrieveProcess(world.user, id).metadata?.value).toEqual({ FIRST_NAME: 'Secretname' });
  });
});

describe('the end of a process', () => {
  it('completeProcess completes a running process once, leaves its open tasks and its workflow, and rejects a canceled process', async () => {
    const id = start();
    const item = task(id);
    expect(completeProcess(world.worker, id).state).toBe('COMPLETED');
    expect(completeProcess(world.worker, id).state).toBe('COMPLETED');
    expect(retrieveProcessItem(world.user, item).task?.state).toBe('READY');
    expect(thrown(() => cancelProcess(world.worker, id))).toEqual(refused(403, 'COMPLETED'));
    const completions = getProcessTimeline(world.domain, id).filter(({ kind }) => kind === 'process-completed');
    expect(completions).toEqual([expect.objectContaining({ detail: 'its workflow is still running' })]);
    await world.outbox.whenIdle();
    expect(world.calls.map(({ call }) => call)).toEqual(['start']);
    expect(listOpenWorkflows(world.domain)).toEqual([id]);
  });

  it('cancelProcess cancels active tasks, leaves completed ones, and cancels the workflow once, after its start', async () => {
    const id = start();
    const [ready, done] = [task(id), task(id)];
    claimTask(world.user, done);
    completeTask(world.user, done);
    expect(cancelProcess(world.user, id).state).toBe('CANCELLED');
    expect(cancelProcess(world.user, id).state).toBe('CANCELLED');
    expect(retrieveProcessItem(world.user, ready).task?.state).toBe('CANCELLED');
    expect(retrieveProcessItem(world.user, done).task?.state).toBe('COMPLETED');
    await world.outbox.whenIdle();
    expect(world.calls.map(({ call }) => call)).toEqual(['start', 'signal', 'cancel']);
    expect(world.calls[2]).toMatchObject({ workflowId: id, terminateAfterMs: 10_000 });
    expect(thrown(() => completeProcess(world.worker, id))).toEqual(refused(403, 'CANCELLED'));
  });

  it('rejects every change to a process that has ended with 403', () => {
    const id = start();
    const item = task(id);
    completeProcess(world.worker, id);
    const changes = [
      () => task(id),
      () => claimTask(world.user, item),
      () => cancelProcessItems(world.user, id, []),
      () => changeProcessInitiator(world.user, id, { initiatorId: world.other.principal.id }),
      () => updateProcessValue(world.user, id, 'metadata', { value: {} }),
      () => patchProcessValue(world.user, id, 'entity', [{ op: 'add', path: '/a', value: {} }]),
    ];
    for (const change of changes) expect(thrown(change)).toEqual(refused(403));
  });

  it('cancelProcessItems cancels some or all active tasks without a signal, and rejects completed tasks and those of other processes', async () => {
    const [id, elsewhere] = [start(), start()];
    const [one, two, done] = [task(id), task(id), task(id)];
    claimTask(world.user, one);
    claimTask(world.user, done);
    completeTask(world.user, done);
    expect(cancelProcessItems(world.user, id, [one.toUpperCase()]).state).toBe('RUNNING');
    expect([one, two].map((item) => retrieveProcessItem(world.user, item).task?.state)).toEqual(['CANCELLED', 'READY']);
    cancelProcessItems(world.user, id, [one]);
    expect(thrown(() => completeTask(world.user, one))).toEqual(refused(409, 'CANCELLED'));
    expect(thrown(() => cancelProcessItems(world.user, id, [two, done]))).toEqual(refused(409));
    expect(retrieveProcessItem(world.user, two).task?.state).toBe('READY');
    expect(thrown(() => cancelProcessItems(world.user, elsewhere, [two]))).toEqual(refused(404));
    cancelProcessItems(world.user, id, []);
    expect(retrieveProcessItem(world.user, two).task?.state).toBe('CANCELLED');
    expect(getProcessTimeline(world.domain, id).filter(({ kind }) => kind === 'item-cancelled')).toHaveLength(2);
    await world.outbox.whenIdle();
    const signals = world.calls.filter(({ call }) => call === 'signal');
    expect(signals).toEqual([expect.objectContaining({ payload: expect.objectContaining({ id: done }) as unknown })]);
  });
});

describe('recordWorkflowOutcome', () => {
  it('completes the process once when the workflow has completed, however often it is called', () => {
    const id = start();
    const item = task(id);
    expect(listOpenWorkflows(world.domain)).toEqual([id]);
    recordWorkflowOutcome(world.domain, id, { kind: 'completed', result: null });
    recordWorkflowOutcome(world.domain, id, { kind: 'completed', result: null });
    expect(retrieveProcess(world.user, id)).toMatchObject({
      state: 'COMPLETED',
      lastModifiedBy: world.domain.system.id,
    });
    expect(retrieveProcessItem(world.user, item).task?.state).toBe('READY');
    expect(getProcessTimeline(world.domain, id).map(({ kind }) => kind)).toEqual([
      'process-started',
      'item-created',
      'workflow-completed',
      'process-completed',
    ]);
    expect(listOpenWorkflows(world.domain)).toEqual([]);
  });

  it('completes the process even if the result of the workflow cannot be read, with the reason in the timeline', () => {
    const id = start();
    recordWorkflowOutcome(world.domain, id, { kind: 'completed', result: null, message: 'Wrong key' });
    expect(retrieveProcess(world.user, id).state).toBe('COMPLETED');
    const details = getProcessTimeline(world.domain, id).map(({ kind, detail }) => [kind, detail]);
    expect(details).toContainEqual(['workflow-completed', 'Wrong key']);
  });

  it.each(['failed', 'timed-out', 'canceled', 'terminated'] as const)(
    'leaves the process RUNNING when the workflow has %s, with the reason in the timeline, until it completes',
    (kind) => {
      const id = start();
      recordWorkflowOutcome(world.domain, id, { kind, message: 'Boom' });
      expect(retrieveProcess(world.user, id).state).toBe('RUNNING');
      expect(getProcessTimeline(world.domain, id).at(-1)).toMatchObject({ kind: `workflow-${kind}`, detail: 'Boom' });
      recordWorkflowOutcome(world.domain, id, { kind: 'completed', result: {} });
      expect(retrieveProcess(world.user, id).state).toBe('COMPLETED');
    },
  );

  it('does not change a canceled process, and ignores a continued workflow and one without a process', () => {
    const id = start();
    recordWorkflowOutcome(world.domain, id, { kind: 'continued' });
    expect(listOpenWorkflows(world.domain)).toEqual([id]);
    cancelProcess(world.user, id);
    recordWorkflowOutcome(world.domain, id, { kind: 'completed', result: null });
    expect(retrieveProcess(world.user, id).state).toBe('CANCELLED');
    recordWorkflowOutcome(world.domain, uuid7(), { kind: 'completed', result: null });
  });
});

describe('changeProcessInitiator', () => {
  it('accepts an id or an email, and requires one of them', () => {
    const id = start();
    expect(changeProcessInitiator(world.user, id, { initiatorId: world.worker.principal.id }).initiatorId).toBe(
      world.worker.principal.id,
    );
    expect(changeProcessInitiator(world.user, id, { initiatorEmail: world.other.principal.email }).initiatorId).toBe(
      world.other.principal.id,
    );
    expect(thrown(() => changeProcessInitiator(world.user, id, {}))).toEqual(refused(400));
    expect(thrown(() => changeProcessInitiator(world.user, id, { initiatorEmail: 'no@example.com' }))).toEqual(
      refused(400),
    );
    expect(
      thrown(() =>
        changeProcessInitiator(world.user, id, {
          initiatorId: world.worker.principal.id,
          initiatorEmail: world.other.principal.email,
        }),
      ),
    ).toEqual(refused(400, 'are different principals'));
    expect(
      thrown(() => changeProcessInitiator(world.user, uuid7(), { initiatorEmail: world.other.principal.email })),
    ).toEqual(refused(404));
  });
});
