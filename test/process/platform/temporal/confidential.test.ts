import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { createKuFlowClient, type KuFlowClient } from '../../../../src/kuflow/client.ts';
import type { ProcessAction } from '../../../../src/kuflow/contract/process-actions.ts';
import { exportState } from '../../../../src/platform/state/export.ts';
import { importState } from '../../../../src/platform/state/import.ts';
import { requestSignal } from '../../../../src/platform/rest/dev-client.ts';
import { createPlatformState, writeStateFile } from '../../../../src/platform/state/running-state.ts';
import { databasePath } from '../../../../src/platform/store/owner-lock.ts';
import { openStore } from '../../../../src/platform/store/store.ts';
import { PlatformConnection } from '../../../../src/platform/temporal/connection.ts';
import { decryptPayload, encryptPayload, isEncrypted } from '../../../../src/platform/temporal/encryption.ts';
import type { ActionDefinition } from '../../../../src/process/definition.ts';
import { sampleDefinition } from '../../../../src/process/sample.ts';
import { actionEnds } from '../../../support/loan-process.ts';
import { startTestPlatform, type TestPlatform } from '../../../support/platform.ts';
import { processUser, type ProcessUser } from '../../../support/process-user.ts';
import { until } from '../../../support/until.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { ENCRYPTION_KEYS } from '../../../../src/platform/store/encryption-keys.ts';

const CANARY = 'canary-of-a-confidential-result';
/** Values of Temporal's `CommandType`. */
const COMPLETE_WORKFLOW = 4;
const CANCEL_WORKFLOW = 7;

const ACTION_QUEUE = 'ACTION_QUEUE';
const ACTIONS: readonly ActionDefinition[] = [
  { code: 'WITHDRAW', type: 'send-workflow-signal', signal: 'Withdraw' },
  { code: 'EXPORT', type: 'downloadable', workflow: { type: 'ExportWorkflow', taskQueue: ACTION_QUEUE } },
];

let running: TestPlatform;
let user: ProcessUser;
let application: KuFlowClient;
let connection: Connection;
let processId: string;
let keyId: string;

beforeAll(async () => {
  const sample = sampleDefinition();
  const definition = { ...sample, process: { ...sample.process, confidential: true }, actions: ACTIONS };
  running = await startTestPlatform({ definitions: [definition], ephemeral: false });
  const { platform } = running;
  user = await processUser(platform);
  const { id: clientId, secret: clientSecret } = platform.identity.application;
  application = createKuFlowClient({ endpoint: platform.loopback.http, credentials: { clientId, clientSecret } });
  connection = await PlatformConnection.connect({ address: platform.endpoints.temporal });
});

afterAll(async () => {
  await connection.close();
  await application.close();
  await user.close();
  await running.remove();
});

const readKey = async (keyId: string): Promise<Uint8Array> => {
  const { body } = await application.call('retrieveKmsKey', { path: { keyId } });
  return Buffer.from(body.value, 'base64');
};

async function decoded(payload: Payload | undefined): Promise<unknown> {
  if (payload === undefined || !isEncrypted(payload)) throw new Error('The payload is missing or not encrypted');
  return defaultPayloadConverter.fromPayload(await decryptPayload(payload, readKey));
}

describe('a confidential process', () => {
  it("is started and signaled with encrypted payloads and KuFlow's headers, and completes with an encrypted result", async () => {
    processId = await user.start('LOAN');
    const code = 'LOAN_APPLICATION';
    const item = { type: 'TASK', processId, processItemDefinitionCode: code } as const;
    const task = await user.client.createProcessItem(item);
    await user.client.claimProcessItemTask(task.id);
    await user.client.completeProcessItemTask(task.id);
    const state = createPlatformState(running.platform);
    await requestSignal(state, processId, { name: 'approve', input: { reason: CANARY } });
    await requestSignal(state, processId, { name: 'withdraw' });
    await running.platform.engineIdle();

    const { namespace } = running.platform.identity;
    const identity = 'test';
    const { taskQueue: name } = sampleDefinition().workflow;
    const work = await connection.withDeadline(Date.now() + 120_000, () =>
      connection.workflowService.pollWorkflowTaskQueue({ namespace, taskQueue: { name }, identity }),
    );
    const events = work.history?.events ?? [];
    const started = events.find((event) => event.workflowExecutionStartedEventAttributes);
    const { header, input } = started?.workflowExecutionStartedEventAttributes ?? {};
    expect(await decoded(input?.payloads?.[0])).toMatchObject({ processId, requestTime: expect.any(String) as string });
    const signals = events.flatMap((event) => event.workflowExecutionSignaledEventAttributes ?? []);
    const [signal, approval, withdrawal] = signals;
    expect([approval?.signalName, withdrawal?.signalName]).toEqual(['approve', 'withdraw']);
    expect(await decoded(approval?.input?.payloads?.[0])).toEqual({ reason: CANARY });
    expect(withdrawal?.input?.payloads ?? []).toEqual([]);
    expect(await decoded(signal?.input?.payloads?.[0])).toMatchObject({ id: task.id, type: 'TASK' });
    const fields = header?.fields ?? {};
    keyId = defaultPayloadConverter.fromPayload<string>(fields['x-kuflow-encoding-encrypted-key-id'] ?? {});
    expect(Object.keys(fields).sort()).toEqual(['x-kuflow-encoding', 'x-kuflow-encoding-encrypted-key-id']);
    expect(defaultPayloadConverter.fromPayload(fields['x-kuflow-encoding'] ?? {})).toBe(
      'binary/encrypted?vendor=KuFlow',
    );
    for (const { header: signalHeader } of [signal ?? {}, approval ?? {}])
      expect(Object.keys(signalHeader?.fields ?? {}).sort()).toEqual(Object.keys(fields).sort());

    const result = defaultPayloadConverter.toPayload({ message: CANARY });
    await connection.workflowService.respondWorkflowTaskCompleted({
      namespace,
      taskToken: work.taskToken,
      identity,
      commands: [
        {
          commandType: COMPLETE_WORKFLOW,
          completeWorkflowExecutionCommandAttributes: {
            result: { payloads: [encryptPayload(result, keyId, await readKey(keyId))] },
          },
        },
      ],
    });
    await user.completed(processId);
  });

  it('has user actions with encrypted signals and workflows, and with documents', async () => {
    const id = await user.start('LOAN');
    const act = async (code: string): Promise<ProcessAction> =>
      await user.client.createProcessAction(id, { processActionDefinitionCode: code });
    expect((await act('WITHDRAW')).status).toBe('COMPLETED');
    const exported = await act('EXPORT');
    await running.platform.engineIdle();
    const { namespace } = running.platform.identity;
    const identity = 'test';
    const poll = (taskQueue: string) =>
      connection.withDeadline(Date.now() + 120_000, () =>
        connection.workflowService.pollWorkflowTaskQueue({ namespace, taskQueue: { name: taskQueue }, identity }),
      );
    const { taskQueue } = sampleDefinition().workflow;
    const signals = (await poll(taskQueue)).history?.events?.flatMap(
      (event) => event.workflowExecutionSignaledEventAttributes ?? [],
    );
    expect(signals?.map(({ signalName }) => signalName)).toEqual(['Withdraw']);
    expect(await decoded(signals?.[0]?.input?.payloads?.[0])).toMatchObject({ userActionDefinitionCode: 'WITHDRAW' });

    const work = await poll(ACTION_QUEUE);
    expect(work.workflowExecution?.workflowId).toBe(exported.id);
    const started = work.history?.events?.[0]?.workflowExecutionStartedEventAttributes;
    expect(await decoded(started?.input?.payloads?.[0])).toMatchObject({
      ...{ processId: id, userActionId: exported.id, userActionDefinitionType: 'DOWNLOADABLE' },
    });
    const document = { bytes: Buffer.from('pdf'), contentType: 'application/pdf', fileName: 'loan.pdf' };
    const { documentUri } = await application.uploadProcessDocument(id, document);
    const result = defaultPayloadConverter.toPayload({ downloadable: { documentUri } });
    const respond = (taskToken: Uint8Array, ...commands: readonly object[]) =>
      connection.workflowService.respondWorkflowTaskCompleted({
        namespace,
        taskToken,
        identity,
        commands: [...commands],
      });
    await respond(work.taskToken, {
      commandType: COMPLETE_WORKFLOW,
      completeWorkflowExecutionCommandAttributes: {
        result: { payloads: [encryptPayload(result, keyId, await readKey(keyId))] },
      },
    });
    const { status, downloadable } = await actionEnds(user.client, id, exported.id);
    expect(status).toBe('COMPLETED');
    const bytes = await user.client.downloadProcessDocument(id, downloadable?.documentUri ?? '');
    expect(Buffer.from(bytes).toString()).toBe('pdf');

    const canceled = await act('EXPORT');
    await respond((await poll(ACTION_QUEUE)).taskToken);
    const cancellation = await user.client.call('cancelProcessAction', { path: { id, actionId: canceled.id } });
    expect(cancellation.body.status).toBe('CANCELED');
    await user.client.cancelProcess(id);
    const deletion = application.call('deleteProcess', { path: { id } });
    await expect(deletion).rejects.toMatchObject({ kind: 'conflict' });
    await respond((await poll(ACTION_QUEUE)).taskToken, {
      commandType: CANCEL_WORKFLOW,
      cancelWorkflowExecutionCommandAttributes: {},
    });
    await until('the process can be deleted', () =>
      application.call('deleteProcess', { path: { id } }).then(
        () => true,
        () => undefined,
      ),
    );
  });

  it('leaves its data only in the state of the platform, not in engine files or logs', async () => {
    const entries = await readdir(running.stateDir, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('state.db'));
    const contents = await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name))));
    expect(contents.some((bytes) => bytes.includes(processId))).toBe(true);
    expect(contents.filter((bytes) => bytes.includes(CANARY) || bytes.includes('requestTimeZone'))).toEqual([]);
  });

  it('has a history that `kuflow dev history` prints decrypted, or with --encrypted as it is stored', async () => {
    const { stateDir, platform } = running;
    await writeStateFile(stateDir, createPlatformState(platform));
    const history = async (...options: readonly string[]): ReturnType<typeof runKuflow> =>
      await runKuflow(stateDir, ['dev', 'history', processId, '--state-dir', stateDir, ...options]);
    const canary = Buffer.from(JSON.stringify({ message: CANARY })).toString('base64');
    const clear = await history();
    expect(clear.status).toBe(0);
    expect(clear.stderr.split('\n')[0]).toContain('this history is decrypted');
    expect(clear.stdout).toContain(canary);
    expect(clear.stdout).not.toContain('x-kuflow-encoding');
    expect(historyFromJSON(JSON.parse(clear.stdout)).events).not.toEqual([]);
    const stored = await history('--encrypted');
    expect(stored.stderr).toBe('');
    expect(stored.stdout).not.toContain(canary);
    expect(stored.stdout).toContain('x-kuflow-encoding-encrypted-key-id');
  });

  it('has a key that `kuflow doctor` can read, without showing it', async () => {
    const { stateDir, platform } = running;
    const args = ['doctor', '--only', 'KF-PROC-002', '--process', processId, '--json', '--timeout', '60'];
    const { status, stdout } = await runKuflow(stateDir, args, {
      KUFLOW_API_ENDPOINT: platform.loopback.http,
      KUFLOW_API_CLIENTID: platform.identity.application.id,
      KUFLOW_API_CLIENTSECRET: platform.identity.application.secret.reveal(),
      TEMPORAL_TARGET: platform.endpoints.engine.replace(/^.*:/, '127.0.0.1:'),
    });
    const { results } = JSON.parse(stdout) as { results: { id: string; state: string; summary: string }[] };
    expect(results.find(({ id }) => id === 'KF-PROC-002')).toMatchObject({
      ...{ state: 'pass', summary: `the application can read key ${keyId} of process ${processId}` },
    });
    expect(status).toBe(0);
    expect(stdout).not.toContain(Buffer.from(await readKey(keyId)).toString('base64'));
  });

  it('keeps its key when the state is exported and imported', async () => {
    const { stateDir, platform } = running;
    const key = await readKey(keyId);
    await platform.stop();
    const file = join(stateDir, 'export.tar.gz');
    const copy = join(stateDir, 'copy');
    await exportState({ stateDir, file, replace: false, version: '1.0.0' });
    await importState({ stateDir: copy, file, replace: false });
    const store = openStore({ path: databasePath(copy), clock: systemClock });
    const found = ENCRYPTION_KEYS.findById(store.sql, keyId);
    store.close();
    expect(found?.value).toBe(Buffer.from(key).toString('base64'));
  });
});
