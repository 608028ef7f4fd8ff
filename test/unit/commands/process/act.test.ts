import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessAction } from '../../../../src/kuflow/contract/process-actions.ts';
import type { Process } from '../../../../src/kuflow/contract/processes.ts';
import { recordWorkflowOutcome } from '../../../../src/platform/domain/processes.ts';
import type { ActionsOfProcess } from '../../../../src/platform/shared/dev-contract.ts';
import { until } from '../../../support/until.ts';
import { LOAN } from '../../platform/domain/world.ts';
import { startRunningKuFlow, type RunningKuFlow } from '../running-kuflow.ts';

let running: RunningKuFlow;
beforeAll(async () => {
  running = await startRunningKuFlow();
});
afterAll(() => running.close());

const NO_WORKER = '! No worker is polling LOAN_QUEUE\n  → Start the worker: npx kuflow dev exec -- <command>\n';

const start = async (): Promise<string> => (await running.kuflow(['process', 'start', 'LOAN'])).stdout.trim();

describe('kuflow process act', () => {
  it('sends the signal of an action, with the input from --set', async () => {
    await start();
    const { stdout, stderr, status } = await running.kuflow(['process', 'act', 'latest', 'WITHDRAW']);
    expect([status, stderr]).toEqual([0, `Invoked WITHDRAW: the signal was sent\n${NO_WORKER}`]);
    expect(stdout).toMatch(/^[0-9a-f-]{36}\n$/);
    const { action } = await running.json<{ action: ProcessAction }>([
      ...['process', 'act', 'latest', 'CORRECT', '--set', 'AMOUNT=5', '--wait'],
    ]);
    expect(action).toMatchObject({ status: 'COMPLETED', sendWorkflowSignal: { input: { value: { AMOUNT: 5 } } } });
    const refused = await running.kuflow(['process', 'act', 'latest', 'CORRECT', '--set', 'AMOUNT=x']);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('/AMOUNT type')]);
    const unknown = await running.kuflow(['process', 'act', 'latest', 'CORRECT', '--set', 'AMUONT=5']);
    expect([unknown.status, unknown.stderr]).toEqual([2, expect.stringContaining('"AMUONT"')]);
    for (const { stderr } of [refused, unknown]) expect(stderr).not.toContain('--allow-invalid');
  });

  it('creates what the action creates, and refuses options and actions that do not exist', async () => {
    const id = await start();
    expect((await running.kuflow(['process', 'act', id, 'SAY', '--text', 'Hello'])).stderr).toContain(
      'Created process item',
    );
    expect((await running.kuflow(['process', 'act', id, 'AGAIN', '--set', 'FIRST_NAME=Ann'])).stderr).toContain(
      'Started process',
    );
    const { action: again } = await running.json<{ action: ProcessAction }>([
      ...['process', 'act', id, 'AGAIN', '--set', 'FIRST_NAME=5'],
    ]);
    const { process } = await running.json<{ process: Process }>([
      ...['process', 'show', again.startRelatedProcess?.processId ?? ''],
    ]);
    expect(process.metadata).toMatchObject({ valid: true, value: { FIRST_NAME: '5' } });
    for (const [args, text] of [
      [['SAY'], 'pass --text <text>'],
      [['WITHDRAW', '--set', 'a=1'], '--set is not for action WITHDRAW, which is of type send-workflow-signal'],
      [['WITHDRAWN'], 'has no action WITHDRAWN; did you mean "WITHDRAW"?'],
    ] as const) {
      const { status, stderr } = await running.kuflow(['process', 'act', id, ...args]);
      expect([status, stderr], stderr).toEqual([2, expect.stringContaining(text)]);
    }
  });

  it('waits until the workflow of an action ends, and says that nobody polls its task queue', async () => {
    const id = await start();
    const waiting = running.start(['process', 'act', id, 'EXPORT', '--wait']);
    await until('the command waits', () => waiting.stderr().includes('no worker is polling the task queue EXPORTS'));
    recordWorkflowOutcome(running.rest.world.domain, waiting.stdout().trim(), { kind: 'failed', message: 'Boom' });
    expect(await waiting.ended).toBe(1);
    expect(waiting.stderr()).toContain('The action is ERROR');
    const { available, invoked } = await running.json<ActionsOfProcess>(['process', 'actions', id]);
    expect(available).toEqual(LOAN.actions);
    expect(invoked).toMatchObject([{ action: { status: 'ERROR' }, message: 'Boom' }]);
    const { stdout } = await running.kuflow(['process', 'actions', id]);
    expect(stdout).toMatch(/WITHDRAW +send-workflow-signal/);
    expect(stdout).toMatch(/EXPORT +ERROR +[0-9a-f-]{36} +EXPORTS +Boom/);
  });
});
