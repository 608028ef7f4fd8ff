import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid7 } from '../../../../src/base/uuid.ts';
import {
  downloadDocument,
  parseDocumentUri,
  uploadDocument,
  uploadProcessDocument,
} from '../../../../src/platform/domain/documents.ts';
import { everybodyGroup } from '../../../../src/platform/domain/apply-people.ts';
import { createProcess } from '../../../../src/platform/domain/process-creation.ts';
import {
  appendTaskLog,
  assignTask,
  claimTask,
  completeTask,
  createProcessItem,
  findProcessItems,
  patchTaskData,
  retrieveProcessItem,
  updateTaskContextData,
  updateTaskData,
} from '../../../../src/platform/domain/process-items.ts';
import {
  cancelProcess,
  cancelProcessItems,
  completeProcess,
  getProcessTimeline,
} from '../../../../src/platform/domain/processes.ts';
import { createWorld, type World } from './world.ts';
import { refused, thrown } from './refusals.ts';

let world: World;
let processId: string;
beforeEach(() => {
  world = createWorld();
  processId = createProcess(world.user, { tenantId: world.identity.tenantId, processDefinitionCode: 'LOAN' }).process
    .id;
});
afterEach(() => world.destroy());

type Params = Parameters<typeof createProcessItem>[1];
const create = (more: Partial<Params> = {}): ReturnType<typeof createProcessItem>['processItem'] =>
  createProcessItem(world.worker, { type: 'TASK', processId, processItemDefinitionCode: 'APPLICATION', ...more })
    .processItem;

describe('createProcessItem', () => {
  it('creates a READY task with empty data, and is idempotent by id even after the process has ended', () => {
    const id = uuid7();
    const params: Params = { id, type: 'TASK', processId, processItemDefinitionCode: 'APPLICATION' };
    expect(createProcessItem(world.worker, params)).toMatchObject({
      created: true,
      processItem: {
        id,
        task: {
          state: 'READY',
          data: { valid: false, value: {}, errors: [{ propertyPath: '/AMOUNT', type: 'required' }] },
          logs: [],
        },
        processItemDefinitionRef: { code: 'APPLICATION' },
      },
    });
    completeProcess(world.worker, processId);
    expect(createProcessItem(world.worker, params)).toMatchObject({ created: false, processItem: { id } });
    expect(thrown(() => create())).toEqual(refused(403));
  });

  it('creates a CLAIMED task if it has an owner', () => {
    expect(create({ ownerId: world.worker.principal.id })).toMatchObject({
      ownerId: world.worker.principal.id,
      task: { state: 'CLAIMED' },
    });
    expect(create({ ownerEmail: world.identity.user.email })).toMatchObject({
      ownerId: world.user.principal.id,
      task: { state: 'CLAIMED' },
    });
    expect(thrown(() => create({ ownerEmail: 'no@example.com' }))).toEqual(refused(400, 'ownerEmail'));
  });

  it('creates threads, and messages with or without their own definition', async () => {
    expect(create({ type: 'MESSAGE', processItemDefinitionCode: 'NOTE', message: { text: 'Hi' } })).toMatchObject({
      message: { text: 'Hi' },
      processItemDefinitionRef: { code: 'NOTE' },
    });
    const bare: Params = {
      type: 'MESSAGE',
      processId,
      message: { data: { value: { a: 1 } }, dataStructureDataDefinitionCode: 'D' },
    };
    expect(createProcessItem(world.worker, bare).processItem).toMatchObject({
      message: { data: { valid: true, value: { a: 1 } }, dataStructureDataDefinitionCode: 'D' },
    });
    expect(create({ type: 'THREAD', processItemDefinitionCode: 'TALK' })).not.toHaveProperty('task');
    await world.outbox.whenIdle();
    expect(world.calls.map(({ call }) => call)).toEqual(['start']);
    createProcessItem(world.user, { type: 'MESSAGE', processId, message: { text: 'From a person' } });
    await world.outbox.whenIdle();
    expect(world.calls[1]).toMatchObject({ call: 'signal', payload: { type: 'MESSAGE' } });
  });

  it('rejects invalid requests and names the valid codes', () => {
    expect(thrown(() => create({ processItemDefinitionCode: 'NOPE' }))).toEqual(refused(400, 'APPLICATION, SCORE'));
    expect(thrown(() => create({ processItemDefinitionCode: 'NOTE' }))).toEqual(refused(400, 'message'));
    expect(thrown(() => create({ type: 'MESSAGE', processItemDefinitionCode: 'NOTE' }))).toEqual(
      refused(400, 'message.text'),
    );
    expect(
      thrown(() => create({ type: 'MESSAGE', processItemDefinitionCode: 'NOTE', message: { data: { value: {} } } })),
    ).toEqual(refused(400, 'dataStructureDataDefinitionCode'));
    expect(thrown(() => createProcessItem(world.worker, { type: 'THREAD', processId }))).toEqual(
      refused(400, 'processItemDefinitionCode'),
    );
    expect(thrown(() => create({ processId: uuid7() }))).toEqual(refused(404));
  });

  it('attaches tasks and messages to a thread of the same process', () => {
    const thread = create({ type: 'THREAD', processItemDefinitionCode: 'TALK' });
    expect(thread.processItemThreadId).toBeUndefined();
    const inThread = { processItemThreadId: thread.id.toUpperCase() };
    const message: Partial<Params> = { type: 'MESSAGE', processItemDefinitionCode: 'NOTE', message: { text: 'Hi' } };
    for (const { id } of [create(inThread), create({ ...message, ...inThread })])
      expect(retrieveProcessItem(world.user, id).processItemThreadId).toBe(thread.id);
    const found = findProcessItems(world.user, { size: 25, page: 0, type: ['TASK', 'MESSAGE'] }).content;
    expect(found.map(({ processItemThreadId }) => processItemThreadId)).toEqual([thread.id, thread.id]);
    const other = createProcess(world.user, { tenantId: world.identity.tenantId, processDefinitionCode: 'LOAN' });
    for (const wrong of [
      { processItemThreadId: uuid7() },
      { processItemThreadId: create().id },
      { ...inThread, processId: other.process.id },
      { ...inThread, type: 'THREAD', processItemDefinitionCode: 'TALK' },
    ] as const)
      expect(thrown(() => create(wrong))).toEqual(refused(400, 'processItemThreadId'));
  });

  it('refuses the content of another type', () => {
    expect(thrown(() => create({ message: { text: 'Hi' } }))).toEqual(refused(400, 'message'));
    const note: Partial<Params> = { type: 'MESSAGE', processItemDefinitionCode: 'NOTE', message: { text: 'Hi' } };
    expect(thrown(() => create({ ...note, task: {} }))).toEqual(refused(400, 'task'));
  });
});

describe('a task', () => {
  it('goes from READY to CLAIMED to COMPLETED, and signals the workflow only when it is completed', async () => {
    const { id } = create();
    expect(claimTask(world.user, id)).toMatchObject({ ownerId: world.user.principal.id, task: { state: 'CLAIMED' } });
    expect(updateTaskData(world.user, id, { value: { AMOUNT: '7' } }).task?.data).toEqual({
      valid: true,
      value: { AMOUNT: '7' },
    });
    await world.outbox.whenIdle();
    expect(world.calls.map(({ call }) => call)).toEqual(['start']);
    expect(completeTask(world.user, id).task?.state).toBe('COMPLETED');
    await world.outbox.whenIdle();
    expect(world.calls[1]).toEqual({
      call: 'signal',
      kind: 'signal-workflow',
      workflowId: processId,
      signalName: 'KuFlow_Engine_Signal_Process_Item',
      payload: {
        id,
        type: 'TASK',
        payload: { processItemDefinitionCode: 'APPLICATION', dataStructureDataDefinitionCode: null },
        requestTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+\+0[12]:00$/) as string,
        requestTimeZone: 'Europe/Madrid',
      },
    });
    expect(getProcessTimeline(world.domain, processId).map(({ kind, principal }) => [kind, principal])).toEqual([
      ['process-started', 'Local user'],
      ['item-created', 'Local application'],
      ['item-claimed', 'Local user'],
      ['data-saved', 'Local user'],
      ['item-completed', 'Local user'],
    ]);
  });

  it('answers 409 in the wrong state and 403 to another principal', () => {
    const { id } = create();
    expect(thrown(() => completeTask(world.user, id))).toEqual(refused(409, 'claim it first'));
    claimTask(world.user, id);
    expect(thrown(() => claimTask(world.user, id))).toEqual(refused(409, 'CLAIMED'));
    expect(thrown(() => claimTask(world.otherUser, id))).toEqual(refused(409));
    expect(thrown(() => completeTask(world.otherUser, id))).toEqual(refused(403, 'another principal'));
    completeTask(world.user, id);
    const late = [
      () => claimTask(world.user, id),
      () => completeTask(world.user, id),
      () => assignTask(world.user, id, { ownerId: world.worker.principal.id }),
      () => updateTaskData(world.user, id, { value: {} }),
      () => updateTaskContextData(world.worker, id, { value: {} }),
    ];
    for (const work of late) expect(thrown(work)).toEqual(refused(409, 'COMPLETED'));
  });

  it('can be changed by an application while a user has claimed it, with a notice, but not completed', () => {
    const { id } = create();
    claimTask(world.user, id);
    updateTaskData(world.worker, id, { value: { AMOUNT: '1' } });
    patchTaskData(world.worker, id, [{ op: 'replace', path: '/AMOUNT', value: '2' }]);
    updateTaskContextData(world.worker, id, { value: { note: 'x' } });
    expect(appendTaskLog(world.worker, id, { message: 'm', level: 'INFO' })).toMatchObject({
      ownerId: world.user.principal.id,
      task: { data: { value: { AMOUNT: '2' } }, contextData: { value: { note: 'x' } }, logs: [{ message: 'm' }] },
    });
    expect(thrown(() => completeTask(world.worker, id))).toEqual(refused(403, 'another principal'));
    updateTaskData(world.user, id, { value: {} });
    appendTaskLog(world.user, id, { message: 'n', level: 'INFO' });
    const notice = 'the task is claimed by Local user';
    const changes = getProcessTimeline(world.domain, processId).slice(3);
    expect(changes.map(({ kind, principal, detail }) => [kind, principal, detail])).toEqual([
      ['data-saved', 'Local application', notice],
      ['data-saved', 'Local application', notice],
      ['context-data-saved', 'Local application', notice],
      ['log-appended', 'Local application', notice],
      ['data-saved', 'Local user', undefined],
    ]);
    expect(world.events).toContainEqual(
      expect.objectContaining({ kind: 'process', what: 'log-appended', detail: notice }),
    );
    cancelProcess(world.user, processId);
    for (const change of [
      () => updateTaskData(world.worker, id, { value: {} }),
      () => updateTaskContextData(world.worker, id, { value: {} }),
      () => appendTaskLog(world.worker, id, { message: 'm', level: 'INFO' }),
    ])
      expect(thrown(change)).toEqual(refused(403, 'CANCELLED'));
  });

  it('answers 409 if it was canceled or is a message, and 404 if it is unknown', () => {
    const { id } = create();
    cancelProcessItems(world.user, processId, [id]);
    expect(thrown(() => claimTask(world.user, id))).toEqual(refused(409, 'CANCELLED'));
    expect(thrown(() => completeTask(world.user, id))).toEqual(refused(409, 'CANCELLED'));
    expect(thrown(() => claimTask(world.user, uuid7()))).toEqual(refused(404));
    expect(thrown(() => retrieveProcessItem(world.user, uuid7()))).toEqual(refused(404));
    const message = create({ type: 'MESSAGE', processItemDefinitionCode: 'NOTE', message: { text: 'Hi' } });
    expect(thrown(() => claimTask(world.user, message.id))).toEqual(refused(409, 'MESSAGE'));
  });

  it('can be assigned by anybody while it is open', () => {
    const { id } = create();
    expect(assignTask(world.worker, id, { ownerEmail: world.other.principal.email })).toMatchObject({
      ownerId: world.other.principal.id,
      task: { state: 'CLAIMED' },
    });
    expect(assignTask(world.worker, id, { ownerId: world.user.principal.id }).ownerId).toBe(world.user.principal.id);
    expect(thrown(() => assignTask(world.worker, id, {}))).toEqual(refused(400));
    const before = retrieveProcessItem(world.user, id);
    expect(thrown(() => assignTask(world.worker, id, { ownerId: uuid7() }))).toEqual(
      refused(400, 'The principal in ownerId does not exist'),
    );
    expect(thrown(() => assignTask(world.worker, id, { ownerEmail: 'nobody@example.com' }))).toEqual(
      refused(400, 'No user has the email address in ownerEmail'),
    );
    expect(retrieveProcessItem(world.user, id)).toEqual(before);
    // It could never be completed by anybody.
    expect(thrown(() => assignTask(world.worker, id, { ownerId: world.domain.system.id }))).toEqual(
      refused(400, 'ownerId'),
    );
    expect(completeTask(world.user, id).task?.state).toBe('COMPLETED');
  });

  it('has data to prefill and patch, context data that anybody may replace, and 100 log entries', () => {
    const { id } = create({ task: { data: { value: { AMOUNT: '1' } } } });
    expect(patchTaskData(world.worker, id, [{ op: 'replace', path: '/AMOUNT', value: 5 }]).task?.data).toEqual({
      valid: false,
      value: { AMOUNT: 5 },
      errors: [{ propertyPath: '/AMOUNT', type: 'type' }],
    });
    claimTask(world.user, id);
    expect(updateTaskContextData(world.worker, id, { value: { hint: 'x' } }).task?.contextData).toEqual({
      valid: true,
      value: { hint: 'x' },
    });
    for (let number = 0; number < 103; number++)
      appendTaskLog(world.worker, id, { message: `entry ${number}`, level: 'INFO' });
    const logs = retrieveProcessItem(world.user, id).task?.logs ?? [];
    expect(logs).toHaveLength(100);
    expect([logs[0]?.message, logs[99]?.message]).toEqual(['entry 3', 'entry 102']);
  });
});

describe('findProcessItems', () => {
  it('filters by every parameter, sorts and pages', () => {
    const [ready, claimed] = [
      create(),
      create({ ownerId: world.user.principal.id, processItemDefinitionCode: 'SCORE' }),
    ];
    const note = create({ type: 'MESSAGE', processItemDefinitionCode: 'NOTE', message: { text: 'Hi' } });
    const elsewhere = createProcess(world.user, { tenantId: world.identity.tenantId, processDefinitionCode: 'LOAN' })
      .process.id;
    const far = create({ processId: elsewhere });
    const found = (query: object): string[] =>
      findProcessItems(world.user, { size: 25, page: 0, ...query }).content.map(({ id }) => id);
    expect(found({})).toEqual([ready.id, claimed.id, note.id, far.id]);
    expect(found({ processId: [elsewhere] })).toEqual([far.id]);
    expect(found({ type: ['MESSAGE'] })).toEqual([note.id]);
    expect(found({ taskState: ['CLAIMED'] })).toEqual([claimed.id]);
    expect(found({ processItemDefinitionCode: ['SCORE', 'NOTE'] })).toEqual([claimed.id, note.id]);
    expect(found({ processDefinitionCode: ['NOPE'] })).toEqual([]);
    expect(found({ processDefinitionId: [world.domain.definitions.all[0]?.ref.id ?? ''] })).toHaveLength(4);
    expect(found({ tenantId: [world.identity.tenantId.toUpperCase()] })).toHaveLength(4);
    expect(found({ sort: ['claimedAt,desc'] })[0]).toBe(claimed.id);
    expect(findProcessItems(world.user, { size: 3, page: 1 }).metadata).toEqual({
      size: 3,
      page: 1,
      totalElements: 4,
      totalPages: 2,
    });
    expect(findProcessItems(world.user, { size: 1, page: 0 }).content[0]).toMatchObject({ task: { state: 'READY' } });
    expect(findProcessItems(world.user, { size: 1, page: 0 }).content[0]?.task).not.toHaveProperty('data');
  });
});

describe('documents', () => {
  const upload = { fileName: 'a=b; ünï+1.pdf', fileContentType: 'application/pdf', bytes: Buffer.from('%PDF') };

  const downloaded = ({ user }: World, reference: string, owner?: string): Promise<Buffer> =>
    buffer(downloadDocument(user, reference, owner).content);

  it('get a reference that every SDK can parse, and can be downloaded with it or its URI', async () => {
    const { documentUri } = uploadProcessDocument(world.worker, processId, upload);
    const uri = parseDocumentUri(documentUri) ?? '';
    expect(uri).toMatch(new RegExp(`^ku:process/${processId}/document/[0-9a-f-]{36}$`));
    expect(documentUri).toBe(
      `kuflow-file:uri=${uri};type=application/pdf;size=4;name=a%3Db%3B%20%C3%BCn%C3%AF%2B1.pdf;`,
    );
    for (const reference of [documentUri, uri, `kuflow-file:uri=${encodeURIComponent(uri)};type=x;size=4;name=n;`]) {
      const { content, ...document } = downloadDocument(world.user, reference);
      expect(document).toMatchObject({ name: upload.fileName, size: 4 });
      // An open file would keep its folder on Windows.
      expect(await buffer(content)).toEqual(upload.bytes);
      expect(await downloaded(world, reference, processId)).toEqual(upload.bytes);
    }
  });

  it('are copied into a new item, which refers to the copy, and are kept after a restart', async () => {
    const { documentUri } = uploadDocument(world.worker, `ku:process/${processId}`, upload);
    const { id, task } = create({
      task: { data: { value: { AMOUNT: '1', DOC: documentUri, deep: [{ also: documentUri }] } } },
    });
    const copied = task?.data?.value as { DOC: string; deep: [{ also: string }] };
    expect(copied.DOC).not.toBe(documentUri);
    expect(await downloaded(world, copied.DOC)).toEqual(upload.bytes);
    expect(updateTaskData(world.worker, id, { value: { AMOUNT: '1', DOC: documentUri } }).task?.data).toEqual({
      valid: true,
      value: { AMOUNT: '1', DOC: documentUri },
    });
    expect(
      world.store.sql.get('SELECT linked_to FROM documents WHERE uri = ?', [parseDocumentUri(documentUri) ?? '']),
    ).toEqual({ linked_to: `ku:process-item/${id}` });
    await world.stop();
    const again = createWorld({ folder: world.folder });
    expect(await downloaded(again, copied.deep[0].also)).toEqual(upload.bytes);
    world = again;
  });

  it('must exist and match the schema of the task that refers to them, whatever the reference says', () => {
    const { documentUri } = uploadProcessDocument(world.worker, processId, upload);
    const { id } = create();
    const check = (value: object) => updateTaskData(world.worker, id, { value: { AMOUNT: '1', ...value } }).task?.data;
    expect(check({ SMALL: documentUri })).toMatchObject({
      valid: false,
      errors: [{ propertyPath: '/SMALL', type: 'maxSize' }],
    });
    const smaller = documentUri.replace('size=4', 'size=1');
    expect(check({ SMALL: smaller })?.errors).toEqual([{ propertyPath: '/SMALL', type: 'maxSize' }]);
    const lost = documentUri.replace(/document\/[^;]+/, `document/${uuid7()}`);
    expect(check({ DOC: lost })?.errors).toEqual([{ propertyPath: '/DOC', type: 'notFound' }]);
    expect(check({ DOC: 'kuflow-file:uri=x' })?.errors).toEqual([{ propertyPath: '/DOC', type: 'format' }]);
  });

  it('are rejected if they are empty, or if their owner is unknown or has ended', () => {
    const unknown = uuid7();
    expect(thrown(() => uploadProcessDocument(world.worker, processId, { ...upload, bytes: Buffer.alloc(0) }))).toEqual(
      refused(400, 'file is empty'),
    );
    expect(thrown(() => uploadProcessDocument(world.worker, unknown, upload))).toEqual(refused(404));
    expect(thrown(() => uploadDocument(world.worker, `ku:process/${unknown}`, upload))).toEqual(refused(404));
    expect(thrown(() => uploadDocument(world.worker, 'ku:business-artifact/1', upload))).toEqual(refused(404));
    expect(thrown(() => downloadDocument(world.worker, `ku:process/${processId}/document/${unknown}`))).toEqual(
      refused(404),
    );
    expect(thrown(() => downloadDocument(world.worker, 'file.pdf'))).toEqual(refused(404));
    const { documentUri } = uploadProcessDocument(world.worker, processId, upload);
    const elsewhere = createProcess(world.user, { tenantId: world.identity.tenantId, processDefinitionCode: 'LOAN' })
      .process.id;
    expect(thrown(() => downloadDocument(world.worker, documentUri, elsewhere))).toEqual(refused(404));
    completeProcess(world.worker, processId);
    expect(thrown(() => uploadProcessDocument(world.worker, processId, upload))).toEqual(refused(403));
  });
});

describe('references to principals and groups', () => {
  const check = (value: object) => {
    const { id } = create();
    return updateTaskData(world.worker, id, { value: { AMOUNT: '1', ...value } }).task?.data;
  };

  it('are valid if the principal or group exists, in whatever case its id is written', () => {
    const reviewer = `kuflow-principal:id=${world.other.principal.id.toUpperCase()};type=USER;name=Other;`;
    const team = `kuflow-group:id=${everybodyGroup(world.identity.tenantId).id};type=OTHERS;name=Team;`;
    expect(check({ REVIEWER: reviewer, TEAM: team })).toMatchObject({ valid: true });
  });

  it('name the property in the error otherwise', () => {
    const value = {
      REVIEWER: `kuflow-principal:id=${uuid7()};type=USER;name=Nobody;`,
      TEAM: `kuflow-group:id=${uuid7()};type=OTHERS;name=Team;`,
    };
    expect(check(value)?.errors).toEqual([
      { propertyPath: '/REVIEWER', type: 'notFound' },
      { propertyPath: '/TEAM', type: 'notFound' },
    ]);
    expect(check({ REVIEWER: 'kuflow-principal:id=1;type=USER;name=Nobody;' })?.errors).toEqual([
      { propertyPath: '/REVIEWER', type: 'format' },
    ]);
  });
});
