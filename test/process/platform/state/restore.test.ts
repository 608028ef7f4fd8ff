import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createKuFlowClient } from '../../../../src/kuflow/client.ts';
import { readClock } from '../../../../src/platform/rest/dev-client.ts';
import { exportState } from '../../../../src/platform/state/export.ts';
import { importState } from '../../../../src/platform/state/import.ts';
import { removeState } from '../../../../src/platform/state/reset.ts';
import { createPlatformState } from '../../../../src/platform/state/running-state.ts';
import { createProcessEngine } from '../../../../src/platform/temporal/workflows.ts';
import { sampleDefinition } from '../../../../src/process/sample.ts';
import { startTestPlatform, type TestPlatform } from '../../../support/platform.ts';
import { beginSkip } from '../../../support/skip-time.ts';

const DAY = 24 * 3_600_000;

it('a process that was running when its state was exported continues in the folder where it was imported, at the time it had reached', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kuflow-restore-'));
  const file = join(folder, 'state.tar.gz');
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  const asUser = ({ platform }: TestPlatform) =>
    createKuFlowClient({
      endpoint: platform.loopback.http,
      credentials: { token: platform.identity.user.token },
      tenantId: platform.identity.tenantId,
    });
  let running = await startTestPlatform({ stateDir: first });
  try {
    const { identity } = running.platform;
    const definition = sampleDefinition();
    const code = definition.tasks.find(({ kind }) => kind === 'human')?.code ?? '';
    let user = asUser(running);
    expect(await beginSkip(createPlatformState(running.platform), 3)).toMatchObject({ end: 'reached', behind: [] });
    const process = await user.createProcess({
      processDefinitionCode: definition.process.code,
      tenantId: identity.tenantId,
    });
    const task = await user.createProcessItem({
      processId: process.id,
      type: 'TASK',
      processItemDefinitionCode: code,
    });
    await running.platform.engineIdle();
    await user.close();
    await running.platform.stop();

    await exportState({ stateDir: first, file, replace: false, version: '1.0.0' });
    await removeState(first);
    await importState({ stateDir: second, file, replace: false });

    // This server cannot skip time. What was skipped stays.
    const dynamicConfig = { 'frontend.WorkflowTimeSkippingEnabled': false };
    running = await startTestPlatform({ stateDir: second, dynamicConfig });
    const state = createPlatformState(running.platform);
    expect((await readClock(state)).aheadMs).toBeGreaterThan(2.9 * DAY);
    await expect(beginSkip(state, 1)).rejects.toThrow('The local KuFlow did not skip time');
    const warnings = running.events.flatMap((event) => (event.kind === 'warning' ? event.message : []));
    expect(warnings[0]).toBe('The clock is 3 d ahead, because time was skipped');
    expect(warnings[1]).toMatch(/^New workflows start with the time of this machine/);
    expect(running.platform.identity.user.token.reveal()).toBe(identity.user.token.reveal());
    user = asUser(running);
    await user.createProcess({ processDefinitionCode: definition.process.code, tenantId: identity.tenantId });
    expect((await user.retrieveProcess(process.id)).state).toBe('RUNNING');
    await user.claimProcessItemTask(task.id);
    await user.completeProcessItemTask(task.id);
    await running.platform.engineIdle();
    await user.close();
    const engine = await createProcessEngine({
      address: running.platform.endpoints.temporal,
      namespace: identity.namespace,
    });
    const history = await engine.fetchHistory(process.id);
    await engine.close();
    const { events } = JSON.parse(history) as { events: { eventType: string; eventTime: string }[] };
    const scheduled = events.find(({ eventType }) => eventType === 'EVENT_TYPE_WORKFLOW_TASK_SCHEDULED');
    expect(Date.parse(scheduled?.eventTime ?? '') - Date.parse(process.createdAt ?? '')).toBeGreaterThanOrEqual(0);
    // The workflow of the first platform gets the signal of the second one.
    expect(history).toMatch(/WorkflowExecutionStarted|WORKFLOW_EXECUTION_STARTED/);
    expect(history).toMatch(/WorkflowExecutionSignaled|WORKFLOW_EXECUTION_SIGNALED/);
  } finally {
    await running.remove();
    await rm(folder, { recursive: true, force: true });
  }
});
