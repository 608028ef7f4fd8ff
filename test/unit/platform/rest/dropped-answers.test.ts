import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { uuid7 } from '../../../../src/base/uuid.ts';
import { createKuFlowClient, type KuFlowClient } from '../../../../src/kuflow/client.ts';
import type { ProcessAction } from '../../../../src/kuflow/contract/process-actions.ts';
import { operations, type OperationId } from '../../../../src/kuflow/contract/operations.ts';
import { HANDLERS } from '../../../../src/platform/rest/handlers.ts';
import { until } from '../../../support/until.ts';
import { createRest, type Rest } from './server.ts';

/** Operations that a worker calls. An end-to-end test covers them with a real worker. */
const BY_A_WORKER: readonly OperationId[] = [
  'createAuthentication',
  'createWorker',
  'createProcessItem',
  'claimProcessItemTask',
  'assignProcessItemTask',
  'appendProcessItemTaskLog',
  'completeProcessItemTask',
  'cancelProcessProcessItems',
  'changeProcessInitiator',
];

let rest: Rest;
let client: KuFlowClient;

beforeEach(async () => {
  rest = createRest();
  const address = await rest.app.listen({ host: '127.0.0.1', port: 0 });
  const { id, secret } = rest.world.identity.application;
  client = createKuFlowClient({
    endpoint: address,
    credentials: { clientId: id, clientSecret: secret },
    retry: { base: 5 },
  });
});

afterEach(async () => {
  await client.close();
  await rest.stop();
});

function dropOnce(operationId: OperationId): void {
  rest.faults.add({ operationId, times: 1, action: { kind: 'drop-answer' } });
}

async function timelineOf(processId: string): Promise<readonly string[]> {
  const answer = await rest.app.inject({
    url: `/_dev/processes/${processId}/timeline`,
    headers: { host: 'localhost', authorization: rest.asUser },
  });
  return answer.json<{ entries: { kind: string }[] }>().entries.map(({ kind }) => kind);
}

const times = (kinds: readonly string[], kind: string): number => kinds.filter((one) => one === kind).length;

async function started(): Promise<string> {
  const { tenantId } = rest.world.identity;
  return (await client.createProcess({ processDefinitionCode: 'LOAN', tenantId })).id;
}

const act = async (processId: string, processActionDefinitionCode: string): Promise<ProcessAction> =>
  await client.createProcessAction(processId, { processActionDefinitionCode });

const document = { bytes: Buffer.from('a contract'), contentType: 'text/plain', fileName: 'contract.txt' };

/** Checks that a value refers to exactly one document. KuFlow deletes documents without references. */
async function oneIsLinked(processId: string, reference: string): Promise<void> {
  expect(Buffer.from(await client.downloadProcessDocument(processId, reference)).toString()).toBe('a contract');
  const item = await client.createProcessItem({
    type: 'TASK',
    processId,
    processItemDefinitionCode: 'APPLICATION',
  });
  await client.claimProcessItemTask(item.id);
  await client.updateProcessItemTaskData(item.id, { AMOUNT: '1', DOC: reference });
  const rows = rest.world.store.sql.all('SELECT linked_to FROM documents');
  expect(rows.filter(({ linked_to: owner }) => owner !== null)).toHaveLength(1);
}

const CASES: Readonly<Partial<Record<OperationId, () => Promise<void>>>> = {
  createProcess: async () => {
    const processId = await started();
    expect((await client.findProcesses()).metadata.totalElements).toBe(1);
    expect((await client.retrieveProcess(processId)).state).toBe('RUNNING');
    await until('the engine has received the call', () => rest.world.calls.length > 0);
    expect(rest.world.calls.map(({ call }) => call)).toEqual(['start']);
    expect(times(await timelineOf(processId), 'process-started')).toBe(1);
  },
  completeProcess: async () => {
    const processId = await started();
    expect((await client.completeProcess(processId)).state).toBe('COMPLETED');
    expect(times(await timelineOf(processId), 'process-completed')).toBe(1);
  },
  cancelProcess: async () => {
    const processId = await started();
    expect((await client.cancelProcess(processId)).state).toBe('CANCELLED');
    await until('the engine has received the call', () => rest.world.calls.length > 1);
    expect(rest.world.calls.map(({ call }) => call)).toEqual(['start', 'cancel']);
    expect(times(await timelineOf(processId), 'process-cancelled')).toBe(1);
  },
  createProcessAction: async () => {
    const processId = await started();
    await act(processId, 'WITHDRAW');
    await rest.world.outbox.whenIdle();
    expect(rest.world.calls.map(({ call }) => call)).toEqual(['start', 'signal']);
    expect(times(await timelineOf(processId), 'action-completed')).toBe(1);
  },
  cancelProcessAction: async () => {
    const processId = await started();
    const { id } = await act(processId, 'EXPORT');
    const answer = await client.call('cancelProcessAction', { path: { id: processId, actionId: id } });
    expect(answer.body.status).toBe('CANCELED');
    await rest.world.outbox.whenIdle();
    expect(rest.world.calls.map(({ call }) => call).toSorted()).toEqual(['cancel', 'start', 'start']);
    expect(times(await timelineOf(processId), 'action-canceled')).toBe(1);
  },
  uploadProcessActionDocument: async () => {
    const processId = await started();
    const { id } = await act(processId, 'PRINT');
    const { bytes, fileName, contentType } = document;
    const query = { fileName, fileContentType: contentType };
    const path = { id: processId, actionId: id };
    const { downloadable } = (await client.call('uploadProcessActionDocument', { path, query, body: bytes })).body;
    const documentUri = downloadable?.documentUri ?? '';
    const download = await client.call('downloadDocument', { query: { documentUri } });
    expect(Buffer.from(download.body).toString()).toBe('a contract');
    expect(rest.world.store.sql.all('SELECT id FROM documents')).toHaveLength(1);
  },
  uploadProcessUserActionDocument: async () => {
    const processId = await started();
    const { id } = await act(processId, 'PRINT');
    const { bytes, fileName, contentType } = document;
    const query = { fileName, fileContentType: contentType, userActionValueId: id };
    // The repetition is answered with 304.
    await client.call('uploadProcessUserActionDocument', { path: { id: processId }, query, body: bytes });
    expect((await client.retrieveProcessAction(processId, id)).status).toBe('COMPLETED');
    expect(rest.world.store.sql.all('SELECT id FROM documents')).toHaveLength(1);
  },
  uploadProcessDocument: async () => {
    const processId = await started();
    const { documentUri } = await client.uploadProcessDocument(processId, document);
    await oneIsLinked(processId, documentUri);
  },
  uploadDocument: async () => {
    const processId = await started();
    const { bytes, fileName, contentType } = document;
    const query = { targetUri: `ku:process/${processId}`, fileName, fileContentType: contentType };
    const { documentUri } = (await client.call('uploadDocument', { query, body: bytes })).body;
    await oneIsLinked(processId, documentUri);
  },
};

describe('a POST whose answer is lost once', () => {
  it('is tested for every operation, here or with a real worker', () => {
    const posts = (Object.keys(HANDLERS) as OperationId[]).filter((id) => operations[id].method === 'post');
    expect(posts.toSorted()).toEqual([...BY_A_WORKER, ...Object.keys(CASES)].toSorted());
  });

  it.each(Object.entries(CASES))(
    '%s: the client succeeds, and the operation was executed once',
    async (operationId, work) => {
      dropOnce(operationId as OperationId);
      await work();
      // Its answer was dropped, so it succeeded because it was repeated.
      expect(rest.faults.list().map(({ left }) => left)).toEqual([0]);
    },
  );

  it('createProcess with an id: a second call returns the first process', async () => {
    dropOnce('createProcess');
    const request = { id: uuid7(), processDefinitionCode: 'LOAN', tenantId: rest.world.identity.tenantId };
    const first = await client.createProcess(request);
    const second = await client.createProcess(request);
    expect([first.id, second.id]).toEqual([request.id, request.id]);
    expect((await client.findProcesses()).metadata.totalElements).toBe(1);
  });
});
