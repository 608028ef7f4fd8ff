import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid7 } from '../../../../src/base/uuid.ts';
import type { Json } from '../../../../src/base/json.ts';
import type { ProcessAction, ProcessActionCreateParams } from '../../../../src/kuflow/contract/process-actions.ts';
import type { OperationContext } from '../../../../src/platform/domain/context.ts';
import { downloadDocument, uploadDocument } from '../../../../src/platform/domain/documents.ts';
import {
  cancelProcessAction,
  createProcessAction,
  listAvailableActions,
  retrieveProcessAction,
  uploadProcessActionDocument,
  uploadUserActionDocument,
} from '../../../../src/platform/domain/process-actions.ts';
import { createProcess } from '../../../../src/platform/domain/process-creation.ts';
import { retrieveProcessItem } from '../../../../src/platform/domain/process-items.ts';
import { requireProcess } from '../../../../src/platform/domain/process-view.ts';
import {
  cancelProcess,
  completeProcess,
  deleteProcess,
  getProcessTimeline,
  listOpenWorkflows,
  recordWorkflowOutcome,
  retrieveProcess,
} from '../../../../src/platform/domain/processes.ts';
import type { WorkflowOutcome } from '../../../../src/platform/temporal/outcome.ts';
import { refused, thrown } from './refusals.ts';
import { createWorld, LOAN, type World } from './world.ts';

let world: World;
let processId: string;
const start = (by: OperationContext): string =>
  createProcess(by, { tenantId: world.identity.tenantId, processDefinitionCode: 'LOAN' }).process.id;
beforeEach(() => {
  world = createWorld();
  processId = start(world.user);
});
afterEach(() => world.destroy());

const act = (
  code: string,
  params: Omit<ProcessActionCreateParams, 'processActionDefinitionCode'> = {},
  by = world.user,
): ProcessAction => createProcessAction(by, processId, { processActionDefinitionCode: code, ...params }).action;
const read = ({ id }: ProcessAction): ProcessAction => retrieveProcessAction(world.user, processId, id);
const end = ({ id }: ProcessAction, outcome: WorkflowOutcome): void => recordWorkflowOutcome(world.domain, id, outcome);
const completed = (result: Json): WorkflowOutcome => ({ kind: 'completed', result });
const kinds = (): readonly string[] =>
  getProcessTimeline(world.domain, processId).flatMap(({ kind, code }) =>
    kind.startsWith('action-') ? [`${code ?? ''} ${kind}`] : [],
  );
const file = { fileName: 'loan.pdf', fileContentType: 'application/pdf', bytes: Buffer.from('pdf') };

describe('createProcessAction', () => {
  it('sends the signal of the action, with an input only if the action declares one', async () => {
    const withdrawn = act('WITHDRAW');
    expect(withdrawn).toMatchObject({
      ...{ status: 'COMPLETED', type: 'SEND_WORKFLOW_SIGNAL', sendWorkflowSignal: { signalName: 'Withdraw' } },
      processActionDefinitionRef: { code: 'WITHDRAW', id: expect.any(String) as string },
    });
    const corrected = act('CORRECT', { sendWorkflowSignal: { input: { AMOUNT: 5 } } });
    expect(corrected.sendWorkflowSignal?.input).toEqual({ valid: true, value: { AMOUNT: 5 } });
    await world.outbox.whenIdle();
    const time = {
      ...{ requestTimeZone: 'Europe/Madrid', requestTime: expect.stringMatching(/[+]0[12]:00$/) as string },
      requestInstant: expect.stringMatching(/Z$/) as string,
    };
    const signals = world.calls.filter(({ call }) => call === 'signal');
    expect(signals).toMatchObject([{ workflowId: processId, signalName: 'Withdraw' }, { signalName: 'Correct' }]);
    expect(signals.map((call) => 'payload' in call && call.payload)).toEqual([
      { userActionDefinitionCode: 'WITHDRAW', ...time },
      { userActionDefinitionCode: 'CORRECT', ...time, input: { AMOUNT: 5 } },
    ]);
    const withInput = (code: string, input: Record<string, unknown>) => () =>
      act(code, { sendWorkflowSignal: { input } });
    expect(thrown(withInput('WITHDRAW', {}))).toEqual(refused(400, 'does not have an input'));
    expect(thrown(withInput('CORRECT', { AMOUNT: 'x' }))).toEqual(refused(400, '/AMOUNT (type)'));
    expect(thrown(() => act('CORRECT'))).toEqual(refused(400, '/AMOUNT (required)'));
    expect(thrown(withInput('CORRECT', { AMOUNT: 1, x: 'x'.repeat(200 * 1024) }))).toEqual(refused(400, '200 KiB'));
  });

  it('starts a separate workflow, whose outcome decides the status of the action', async () => {
    const [done, failed, canceled] = [act('EXPORT'), act('EXPORT'), act('EXPORT')];
    expect(done).toMatchObject({ status: 'REQUESTED', type: 'START_WORKFLOW' });
    await world.outbox.whenIdle();
    expect(world.calls.at(-3)).toMatchObject({
      ...{ call: 'start', workflowId: done.id, workflowType: 'ExportWorkflow', taskQueue: 'EXPORTS' },
      input: {
        ...{ processId, userActionDefinitionType: 'START_WORKFLOW', userActionDefinitionCode: 'EXPORT' },
        ...{ userActionId: done.id, requestorPrincipalId: world.user.principal.id, extras: {} },
        requestTimeZone: 'Europe/Madrid',
      },
    });
    expect(listOpenWorkflows(world.domain)).toEqual([processId, done.id, failed.id, canceled.id]);
    end(done, completed({ message: 'Sent' }));
    end(done, completed({ message: 'Sent' }));
    end(failed, { kind: 'failed', message: 'Boom' });
    end(canceled, { kind: 'canceled', message: 'The workflow was canceled' });
    expect([done, failed, canceled].map((action) => read(action).status)).toEqual(['COMPLETED', 'ERROR', 'CANCELED']);
    expect(listOpenWorkflows(world.domain)).toEqual([processId]);
    expect(kinds().slice(3)).toEqual(['EXPORT action-completed', 'EXPORT action-failed', 'EXPORT action-canceled']);
    expect(getProcessTimeline(world.domain, processId).at(-3)).toMatchObject({ detail: 'Sent' });
    expect(retrieveProcess(world.user, processId).state).toBe('RUNNING');
  });

  it('creates a task, a message, a thread and a related process', () => {
    const thread = act('DISCUSS').createProcessItemThread?.processItemId ?? '';
    const task = act('ASK', { createTask: { processItemThreadId: thread } }).createTask?.processItemId ?? '';
    const text = { text: 'Hello', processItemThreadId: thread };
    const message = act('SAY', { createProcessItemMessage: text }).createProcessItemMessage?.processItemId ?? '';
    const item = (id: string) => retrieveProcessItem(world.user, id);
    expect(item(task)).toMatchObject({ type: 'TASK', processItemThreadId: thread, task: { state: 'READY' } });
    expect(item(message)).toMatchObject({
      ...{ type: 'MESSAGE', message: { text: 'Hello' }, processItemDefinitionRef: { code: '__KF_MESSAGE__' } },
      processItemThreadId: thread,
    });
    expect(item(thread).type).toBe('THREAD');
    const { startRelatedProcess: started } = act('AGAIN', {
      startRelatedProcess: { metadata: { FIRST_NAME: 'Ann' }, entity: { a: { b: 'c' } } },
    });
    expect(retrieveProcess(world.user, started?.processId ?? '')).toMatchObject({
      ...{ metadata: { value: { FIRST_NAME: 'Ann' } }, entity: { value: { a: { b: 'c' } } } },
      ...{ processRelated: { outcoming: [processId] }, processDefinitionRef: { id: started?.processDefinitionId } },
    });
    expect(kinds()).toEqual(['DISCUSS', 'ASK', 'SAY', 'AGAIN'].map((code) => `${code} action-completed`));
  });

  it('returns the existing action for a repeated id, and refuses the id of something else', () => {
    const id = uuid7();
    const first = act('DISCUSS', { id });
    expect(act('ASK', { id: id.toUpperCase() })).toEqual(first);
    const other = start(world.user);
    const inOther = (): unknown =>
      createProcessAction(world.user, other, { id, processActionDefinitionCode: 'DISCUSS' });
    expect(thrown(inOther)).toEqual(refused(409, 'another process'));
    expect(thrown(() => act('EXPORT', { id: processId }))).toEqual(refused(409, 'ID of a process'));
  });

  it('refuses an unknown action, parts of another type, a missing text and an ended process', () => {
    expect(thrown(() => act('NOPE'))).toEqual(refused(404, 'NOPE'));
    expect(thrown(() => act('EXPORT', { createTask: {} }))).toEqual(refused(400, 'createTask is not for'));
    expect(thrown(() => act('SAY'))).toEqual(refused(400, 'needs a text'));
    completeProcess(world.user, processId);
    expect(thrown(() => act('ASK'))).toEqual(refused(403, 'COMPLETED'));
  });
});

describe('the document of a downloadable action', () => {
  it('completes the action through the old or the new upload, which can be retried', async () => {
    const [first, second] = [act('PRINT'), act('PRINT')];
    const uploaded = uploadProcessActionDocument(world.worker, processId, first.id, file);
    expect(uploaded.status).toBe('COMPLETED');
    expect(uploaded.downloadable?.documentUri).toMatch(
      new RegExp(`^kuflow-file:uri=ku:process-action-value/${first.id}/document/[0-9a-f-]{36};type=application/pdf;`),
    );
    expect(uploadProcessActionDocument(world.worker, processId, first.id, file)).toEqual(uploaded);
    expect(uploadUserActionDocument(world.worker, processId, second.id, file)?.id).toBe(processId);
    expect(uploadUserActionDocument(world.worker, processId, second.id, file)).toBeUndefined();
    end(first, completed({ message: 'Printed' }));
    expect(read(first)).toMatchObject({ status: 'COMPLETED', downloadable: uploaded.downloadable });
    const { content } = downloadDocument(world.user, uploaded.downloadable?.documentUri ?? '', processId);
    expect(Buffer.concat((await content.toArray()) as Buffer[]).toString()).toBe('pdf');
    const other = start(world.user);
    const fromOther = (): unknown => downloadDocument(world.user, uploaded.downloadable?.documentUri ?? '', other);
    expect(thrown(fromOther)).toEqual(refused(404));
  });

  it('is a copy of the process document that the workflow returns', () => {
    const action = act('PRINT');
    const { documentUri } = uploadDocument(world.worker, `ku:process/${processId}`, file);
    end(action, completed({ downloadable: { documentUri } }));
    const { status, downloadable } = read(action);
    expect(status).toBe('COMPLETED');
    expect(downloadable?.documentUri).toContain(`ku:process-action-value/${action.id}/document/`);
  });

  it('fails the action if it is missing', () => {
    const [none, unknown, foreign] = [act('PRINT'), act('PRINT'), act('PRINT')];
    end(none, completed({ message: 'Nothing to print' }));
    end(unknown, completed({ downloadable: { documentUri: `ku:process/${processId}/document/${uuid7()}` } }));
    const { documentUri } = uploadDocument(world.worker, `ku:process/${start(world.user)}`, file);
    end(foreign, completed({ downloadable: { documentUri } }));
    expect([none, unknown, foreign].map((action) => read(action).status)).toEqual(['ERROR', 'ERROR', 'ERROR']);
    expect(getProcessTimeline(world.domain, processId).at(-3)).toMatchObject({
      ...{ kind: 'action-failed', detail: 'The workflow ended without a document' },
    });
    const upload = (id: string) => () => uploadProcessActionDocument(world.worker, processId, id, file);
    expect(thrown(upload(none.id))).toEqual(refused(409, 'ERROR'));
    expect(thrown(upload(act('EXPORT').id))).toEqual(refused(409, 'START_WORKFLOW'));
    expect(thrown(upload(uuid7()))).toEqual(refused(404));
  });
});

describe('cancelProcessAction', () => {
  it('cancels the workflow of a requested action, and leaves every other action', async () => {
    const action = act('EXPORT');
    expect(cancelProcessAction(world.worker, processId, action.id).status).toBe('CANCELED');
    expect(cancelProcessAction(world.worker, processId, action.id).status).toBe('CANCELED');
    await world.outbox.whenIdle();
    expect(world.calls.filter(({ call }) => call === 'cancel')).toMatchObject([{ workflowId: action.id }]);
    end(action, completed({}));
    expect(read(action).status).toBe('CANCELED');
    const signal = act('WITHDRAW');
    expect(cancelProcessAction(world.user, processId, signal.id)).toEqual(signal);
  });
});

describe('a process with a running workflow of an action', () => {
  it('can be deleted only when the workflow has ended', () => {
    const action = act('EXPORT');
    cancelProcess(world.user, processId);
    expect(thrown(() => deleteProcess(world.user, processId))).toEqual(refused(409, action.id));
    cancelProcessAction(world.user, processId, action.id);
    expect(thrown(() => deleteProcess(world.user, processId))).toEqual(refused(409, action.id));
    end(action, { kind: 'canceled', message: 'The workflow was canceled' });
    deleteProcess(world.user, processId);
  });
});

describe('the people who may invoke an action', () => {
  it('are its initiator, process managers and the application', async () => {
    await world.destroy();
    world = createWorld({
      people: {
        users: [
          { email: 'ann@example.com', name: 'Ann', groups: [] },
          { email: 'bob@example.com', name: 'Bob', groups: ['BOSS'] },
        ],
        groups: [{ code: 'BOSS', name: 'Bosses' }],
        processManagers: ['BOSS'],
      },
    });
    processId = start(world.user);
    expect(thrown(() => act('WITHDRAW', {}, world.otherUser))).toEqual(
      refused(403, 'Bob may not invoke action WITHDRAW: it is available to the initiator of the process'),
    );
    expect(thrown(() => act('PRINT'))).toEqual(refused(403, 'process managers'));
    expect(act('PRINT', {}, world.otherUser).status).toBe('REQUESTED');
    expect(act('WITHDRAW', {}, world.worker).status).toBe('COMPLETED');
    const codesFor = (by: OperationContext): readonly string[] =>
      listAvailableActions(by, requireProcess(world.domain, processId)).map(({ code }) => code);
    expect(codesFor(world.user)).toEqual(['WITHDRAW', 'CORRECT', 'EXPORT', 'ASK', 'SAY', 'DISCUSS', 'AGAIN']);
    expect(codesFor(world.otherUser)).toEqual(['CORRECT', 'EXPORT', 'PRINT', 'ASK', 'SAY', 'DISCUSS', 'AGAIN']);
    const print = act('PRINT', {}, world.worker);
    expect(thrown(() => cancelProcessAction(world.user, processId, print.id))).toEqual(refused(403, 'Ann may not'));
  });
});

describe('a process without a workflow', () => {
  it('starts, signals and cancels nothing, and can be completed', async () => {
    await world.destroy();
    world = createWorld({ definitions: [{ process: { code: 'LOAN' }, tasks: LOAN.tasks }] });
    processId = start(world.user);
    cancelProcess(world.user, processId);
    const second = start(world.user);
    completeProcess(world.user, second);
    expect(getProcessTimeline(world.domain, second).at(-1)?.detail).toBeUndefined();
    await world.outbox.whenIdle();
    expect(world.calls).toEqual([]);
    expect(listOpenWorkflows(world.domain)).toEqual([]);
  });
});
