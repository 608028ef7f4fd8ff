import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ProcessItem } from '../../../src/kuflow/contract/process-items.ts';
import type { Process } from '../../../src/kuflow/contract/processes.ts';
import type { Ran } from '../../support/create-worker.ts';
import { runKuflow } from '../../support/run-kuflow.ts';
import { until } from '../../support/until.ts';
import { LOAN } from '../platform/domain/world.ts';
import { startRunningKuFlow, type RunningKuFlow } from './running-kuflow.ts';

/** Plays the KuFlow that is configured; the commands run in the folder of the other one. */
let remote: RunningKuFlow;
let local: RunningKuFlow;
beforeAll(async () => {
  [remote, local] = [await startRunningKuFlow(), await startRunningKuFlow()];
});
afterAll(async () => {
  await remote.close();
  await local.close();
});

const kuflow = (...args: readonly string[]): Promise<Ran> => local.kuflow(args, remote.env);
const json = <T>(...args: readonly string[]): Promise<T> => local.json<T>(args, remote.env);

interface OneTask {
  readonly task: ProcessItem;
}
interface OneProcess {
  readonly process: Process;
}

const application = () => remote.rest.world.identity.application;
const taskNow = async (id: string): Promise<ProcessItem> => (await json<OneTask>('task', 'show', id)).task;

describe('reading a configured KuFlow', () => {
  it('lists and shows processes and tasks as the application, and names the endpoint on stderr', async () => {
    const { id, processId } = await remote.createTask();
    const { status, stdout, stderr } = await kuflow('task', 'list');
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining(id) as string });
    expect(stderr).toBe(
      `Using ${remote.address}/v2024-06-14 as the application ${application().id}. To use the local KuFlow that runs here, pass --local\n`,
    );
    expect(await json('process', 'list', '--state', 'running', '--limit', '1')).toMatchObject({
      processes: [{ id: processId, code: 'LOAN', state: 'RUNNING' }],
    });
    const shown = await json<object>('process', 'show', 'latest');
    expect(Object.keys(shown)).toEqual(['process', 'items']);
    expect(shown).toMatchObject({ items: [{ id, type: 'TASK', code: 'APPLICATION', state: 'READY' }] });
    expect((await kuflow('process', 'show', processId)).stdout).toMatch(
      new RegExp(`\nCODE +TYPE +STATE +ID +CREATED\nAPPLICATION +TASK +READY +${id} `),
    );
  });

  it('is not done with --local, or by the application of the local KuFlow itself', async () => {
    await remote.createTask();
    const { id } = await local.createTask();
    expect((await local.json<{ tasks: object[] }>(['task', 'list', '--local'], remote.env)).tasks).toMatchObject([
      { id },
    ]);
    const own = await local.kuflow(['task', 'complete', id, '--fake'], local.env);
    expect(own).toEqual({
      status: 0,
      stdout: '',
      stderr: `Completed APPLICATION (${id})\n! No worker is polling LOAN_QUEUE\n  → Start the worker: npx kuflow dev exec -- <command>\n`,
    });
  });

  it('needs a connection if no local KuFlow runs for the folder, and says how to get either', async () => {
    const folder = join(local.folder, 'none');
    mkdirSync(folder);
    const { status, stderr } = await runKuflow(folder, ['task', 'list'], { HOME: folder, XDG_CONFIG_HOME: folder });
    expect(status).toBe(2);
    expect(stderr).toContain('No local KuFlow is running here');
    expect(stderr).toContain('dev');
    expect(stderr).toContain('kuflow login, or set KUFLOW_API_CLIENTID and KUFLOW_API_CLIENTSECRET');
    const elsewhere = await runKuflow(folder, ['task', 'list'], remote.env);
    expect(elsewhere).toMatchObject({ status: 0, stderr: expect.not.stringContaining('--local') as string });
  });

  it('cannot be combined with options of the local KuFlow', async () => {
    for (const option of ['--local', '--state-dir=.kuflow/dev']) {
      const { status, stderr } = await kuflow('task', 'list', option, '--profile', 'staging');
      expect(status).toBe(2);
      expect(stderr).toContain(`${option.split('=')[0] ?? ''} cannot be combined with --profile`);
    }
  });
});

describe('changing a configured KuFlow', () => {
  let task: { readonly id: string; readonly processId: string };
  beforeEach(async () => {
    task = await remote.createTask();
  });

  const changes = (): readonly (readonly [readonly string[], string])[] => [
    [['process', 'start', 'LOAN', '--set', 'FIRST_NAME=Ada'], 'start a process of LOAN'],
    [['process', 'cancel', task.processId], `cancel LOAN (${task.processId})`],
    [['task', 'claim', task.id], `claim APPLICATION (${task.id})`],
    [['task', 'assign', task.id, 'ada@example.com'], `assign APPLICATION (${task.id}) to ada@example.com`],
    [['task', 'save', task.id, '--set', 'AMOUNT=1'], `save data of APPLICATION (${task.id})`],
    [['task', 'complete', task.id, '--set', 'AMOUNT=1'], `complete APPLICATION (${task.id})`],
  ];

  it('needs --yes, and names the change, the endpoint and the application', async () => {
    const before = remote.rest.world.events.length;
    for (const [args, change] of changes()) {
      const { status, stdout, stderr } = await kuflow(...args);
      expect({ args, status, stdout }).toEqual({ args, status: 2, stdout: '' });
      expect(stderr).toContain(
        `This would ${change} at ${remote.address}/v2024-06-14 as the application ${application().id}`,
      );
      expect(stderr).toContain('pass --yes');
    }
    expect(remote.rest.world.events.slice(before).filter(({ kind }) => kind === 'process')).toEqual([]);
  });

  it('refuses --fake and --as', async () => {
    for (const args of [
      ['task', 'complete', task.id, '--fake', '--yes'],
      ['task', 'save', task.id, '--fake', '--yes'],
      ['process', 'start', 'LOAN', '--fake', '--yes'],
    ]) {
      const { status, stderr } = await kuflow(...args);
      expect({ args, status }).toEqual({ args, status: 2 });
      expect(stderr).toContain('--fake writes made-up data, so it needs the local KuFlow');
    }
    const { status, stderr } = await kuflow('task', 'claim', task.id, '--as', 'local.user@example.com', '--yes');
    expect(status).toBe(2);
    expect(stderr).toContain('--as needs the local KuFlow');
    expect((await taskNow(task.id)).task?.state).toBe('READY');
  });

  it('starts, saves, completes and cancels as the application with --yes', async () => {
    const { process } = await json<OneProcess>('process', 'start', '--set', 'FIRST_NAME=Ada', '--yes');
    expect(process).toMatchObject({ initiatorId: application().id, metadata: { valid: true } });
    const saved = await json<OneTask>('task', 'save', task.id, '--set', 'AMOUNT=1', '--yes');
    expect(saved.task).toMatchObject({ ownerId: application().id, task: { state: 'CLAIMED' } });
    expect((await json<OneTask>('task', 'complete', task.id, '-y')).task.task?.state).toBe('COMPLETED');
    expect((await json<OneProcess>('process', 'cancel', process.id, '--yes')).process.state).toBe('CANCELLED');
  });

  it('assigns a task by email address, so that a person can complete it', async () => {
    const { email, principalId } = remote.rest.world.identity.user;
    expect((await json<OneTask>('task', 'assign', task.id, email, '--yes')).task.ownerId).toBe(principalId);
    const { status, stderr } = await kuflow('task', 'complete', task.id, '--set', 'AMOUNT=1', '--yes');
    expect(status).toBe(1);
    expect(stderr).toContain(`APPLICATION (${task.id}) is claimed by Local user`);
    expect(stderr).toContain(`task assign ${task.id} ${application().id} --yes`);
    expect(stderr).not.toContain('--as');
  });

  it('cannot release a task', async () => {
    const { status, stderr } = await kuflow('task', 'release', task.id);
    expect(status).toBe(2);
    expect(stderr).toContain("KuFlow's API cannot release a task");
  });

  it('explains that the application may not claim a task', async () => {
    remote.rest.faults.add({ operationId: 'claimProcessItemTask', action: { kind: 'status', status: 403 }, times: 1 });
    const { status, stderr } = await kuflow('task', 'claim', task.id, '--yes');
    expect(status).toBe(1);
    expect(stderr).toContain(`KuFlow does not allow the application to claim APPLICATION (${task.id})`);
    expect(stderr).toContain('check that the application has a role in the process');
    expect(stderr).toContain(`task assign ${task.id} <email> --yes`);
  });

  it('validates with the definition of the folder before anything changes', async () => {
    const { status, stderr } = await kuflow('task', 'complete', task.id, '--set', 'AMOUT=1', '--yes');
    expect(status).toBe(2);
    expect(stderr).toContain('no property "AMOUT" (did you mean "AMOUNT"?)');
    expect((await taskNow(task.id)).task?.state).toBe('READY');
  });
});

describe('the user actions in a configured KuFlow', () => {
  it('are those of the definition file, and need a confirmation', async () => {
    const { processId } = await remote.createTask();
    expect(await json('process', 'actions', processId)).toEqual({ available: LOAN.actions });
    const refused = await kuflow('process', 'act', processId, 'DISCUSS');
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('pass --yes')]);
    expect((await kuflow('process', 'act', processId, 'DISCUSS', '--yes')).stderr).toContain('Created process item');
  });

  it('can be invoked without a definition file, but not listed', async () => {
    const { processId } = await remote.createTask();
    const folder = join(local.folder, 'no-definition');
    mkdirSync(folder);
    const elsewhere = (...args: readonly string[]): Promise<Ran> =>
      runKuflow(folder, args, { HOME: folder, XDG_CONFIG_HOME: folder, ...remote.env });
    const listed = await elsewhere('process', 'actions', processId);
    expect([listed.status, listed.stderr]).toEqual([2, expect.stringContaining('API does not list actions')]);
    const invoked = await elsewhere('process', 'act', processId, 'CORRECT', '--set', 'AMOUNT=5', '--yes');
    expect([invoked.status, invoked.stderr]).toEqual([0, expect.stringContaining('COMPLETED')]);
  });
});

describe('without the definition in the folder', () => {
  beforeAll(() => {
    rmSync(join(local.folder, 'kuflow.process.yaml'));
  });

  it('does not complete a task whose data KuFlow finds invalid, unless --allow-invalid is passed', async () => {
    const { id } = await remote.createTask();
    const args = ['task', 'complete', id, '--set', 'AMOUT=1', '--yes'];
    const { status, stderr } = await kuflow(...args);
    expect(status).toBe(1);
    expect(stderr).toContain(`APPLICATION (${id}) was not completed`);
    expect(stderr).toContain('/AMOUNT required');
    // The data is saved, so there is nothing to pass again.
    expect((await kuflow('task', 'complete', id, '--yes')).status).toBe(1);
    expect((await taskNow(id)).task?.state).toBe('CLAIMED');
    expect((await kuflow(...args, '--allow-invalid')).status).toBe(0);
  });

  it('needs the code of the process to start', async () => {
    const { status, stderr } = await kuflow('process', 'start', '--yes');
    expect(status).toBe(2);
    expect(stderr).toContain('Pass the code of the process: this folder does not define one');
    expect((await json<OneProcess>('process', 'start', 'LOAN', '--yes')).process.state).toBe('RUNNING');
  });
});

describe('kuflow process show --watch in a configured KuFlow', () => {
  it('prints the state of each item once, and exits with 1 when the process is canceled', async () => {
    const { id, processId } = await remote.createTask();
    const watching = local.start(['process', 'show', processId, '--watch'], remote.env);
    await until('the task is printed', () => watching.stdout().includes(`APPLICATION READY (${id})`));
    await json('process', 'cancel', processId, '--yes');
    expect(await watching.ended).toBe(1);
    expect(
      watching
        .stdout()
        .split('\n')
        .filter((line) => line.startsWith('APPLICATION')),
    ).toEqual([`APPLICATION READY (${id})`, `APPLICATION CANCELLED (${id})`]);
    expect(watching.stderr()).toContain('The process is CANCELLED');
  });
});
