import { createKuFlowClient, type KuFlowClient } from '../../src/kuflow/client.ts';
import type { ProcessAction } from '../../src/kuflow/contract/process-actions.ts';
import type { PlatformState } from '../../src/platform/state/running-state.ts';
import { until } from './until.ts';

const ANSWERS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  LOAN_APPLICATION: { firstName: 'Ada', lastName: 'Lovelace', currency: 'EUR', amount: 10 },
  APPROVE_LOAN: { approved: true },
};

/** A client as the platform's user; close it. */
export function userOf(state: PlatformState): KuFlowClient {
  return createKuFlowClient({ endpoint: state.loopback.http, credentials: { token: state.user.token } });
}

/** The result of this call as the platform's user. */
export async function asUser<Result>(
  state: PlatformState,
  call: (user: KuFlowClient) => Promise<Result>,
): Promise<Result> {
  const user = userOf(state);
  try {
    return await call(user);
  } finally {
    await user.close();
  }
}

/** A client as the platform's worker; close it. */
export function applicationOf(state: PlatformState): KuFlowClient {
  const { id: clientId, secret: clientSecret } = state.application;
  return createKuFlowClient({ endpoint: state.loopback.http, credentials: { clientId, clientSecret } });
}

/** The key of confidential processes with this ID, in base64, as the worker reads it. */
export async function readEncryptionKey(state: PlatformState, keyId: string): Promise<string> {
  const application = applicationOf(state);
  try {
    return (await application.call('retrieveKmsKey', { path: { keyId } })).body.value;
  } finally {
    await application.close();
  }
}

export async function startLoan(user: KuFlowClient, state: PlatformState): Promise<string> {
  const { id } = await user.createProcess({ processDefinitionCode: 'LOAN', tenantId: state.tenantId });
  return id;
}

/** Waits until the process has a task with this code. `failIfExited` throws if the worker has exited. */
export function taskOf(
  user: KuFlowClient,
  processId: string,
  code: string,
  failIfExited = (): void => undefined,
): Promise<{ readonly id: string }> {
  return until(`a task ${code}`, async () => {
    failIfExited();
    const { content } = await user.findProcessItems({ processId: [processId] });
    return content.find((item) => item.processItemDefinitionRef?.code === code);
  });
}

/** Completes a task as a person does: claim, fill in, complete. */
export async function answerTask(user: KuFlowClient, item: { readonly id: string }, code: string): Promise<void> {
  await user.claimProcessItemTask(item.id);
  await user.updateProcessItemTaskData(item.id, ANSWERS[code] ?? {});
  await user.completeProcessItemTask(item.id);
}

export async function processCompletes(
  user: KuFlowClient,
  processId: string,
  failIfExited = (): void => undefined,
): Promise<void> {
  await until('the process completes', async () => {
    failIfExited();
    return (await user.retrieveProcess(processId)).state === 'COMPLETED';
  });
}

/** Waits until an invoked user action has ended. `failIfExited` throws if the worker has exited. */
export function actionEnds(
  user: KuFlowClient,
  processId: string,
  actionId: string,
  failIfExited = (): void => undefined,
): Promise<ProcessAction> {
  return until('the user action has ended', async () => {
    failIfExited();
    const action = await user.retrieveProcessAction(processId, actionId);
    return action.status !== 'REQUESTED' && action;
  });
}
