import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlatformState } from '../../src/platform/state/running-state.ts';
import { describeInChromium, useBrowser } from '../support/browser.ts';
import { kuflowDev, platformReady, startCommand, type RunningCommand } from '../support/dev-command.ts';
import { installedBin } from '../support/generated-project.ts';
import { runKuflow, type KuflowRun } from '../support/kuflow-run.ts';
import { newMark } from '../support/marked-processes.ts';
import { until } from '../support/until.ts';
import { workerProject } from '../support/worker-project.ts';

const ANY_PORTS = ['--port', '0', '--https-port', '0', '--engine-port', '0'];

const mark = newMark();
let folder: string;
let platform: RunningCommand;
let worker: RunningCommand;
let state: PlatformState;
const stateDir = (): string => join(folder, 'state');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kuflow-process-task-'));
  platform = startCommand(kuflowDev('--state-dir', stateDir(), ...ANY_PORTS), { cwd: folder, mark });
  state = await platformReady(platform, stateDir());
  worker = startCommand(kuflowDev('exec', '--state-dir', stateDir(), '--', 'node', join('dist', 'main.js')), {
    cwd: workerProject(),
    mark,
    env: { WORKER_HEALTHPORT: '0', WORKER_METRICSPORT: '0' },
  });
  await until('the worker runs', () => /"state":"RUNNING"/.test(worker.output()));
});

afterAll(async () => {
  for (const command of [worker, platform]) {
    command.kill('SIGTERM');
    await command.ended;
  }
  const left = mark.killLeft();
  rmSync(folder, { recursive: true, force: true });
  expect(left).toEqual([]);
});

const kuflow = (...args: readonly string[]): KuflowRun =>
  runKuflow([...args, '--state-dir', stateDir()], { cwd: folder, env: mark.env });

const startKuflow = (...args: readonly string[]): RunningCommand =>
  startCommand([process.execPath, installedBin('kuflow'), ...args, '--state-dir', stateDir()], { cwd: folder, mark });

function json(...args: readonly string[]): unknown {
  const { status, stdout, stderr } = kuflow(...args, '--json');
  expect({ status, stderr }).toMatchObject({ status: 0 });
  return JSON.parse(stdout) as unknown;
}

interface OneProcess {
  readonly process: { readonly id: string; readonly state: string };
}

interface TaskList {
  readonly tasks: readonly { readonly id: string; readonly code: string; readonly state: string }[];
}

/** The open task with this code, once the worker has created it. */
const openTask = async (code: string, processId: string): Promise<TaskList['tasks'][number]> =>
  await until(`${code} is open`, () => (json('task', 'list', code, '--process', processId) as TaskList).tasks[0]);

describe('kuflow process and kuflow task on the local KuFlow', () => {
  let processId: string;

  it('start a process and complete its tasks by hand, to the end', async () => {
    const started = kuflow('process', 'start', 'LOAN');
    expect(started).toMatchObject({ status: 0, stderr: 'Started LOAN\n' });
    processId = started.stdout.trim();
    const watching = startKuflow('process', 'show', processId, '--watch');

    const application = await openTask('LOAN_APPLICATION', processId);
    expect(application.state).toBe('READY');
    const completed = kuflow('task', 'complete', 'latest', '--fake');
    expect(completed).toMatchObject({ status: 0, stdout: '' });
    expect(completed.stderr).toBe(`Completed LOAN_APPLICATION (${application.id})\n`);

    const approval = await openTask('APPROVE_LOAN', processId);
    const end = approval.id.slice(-8);
    expect(kuflow('task', 'claim', end)).toMatchObject({
      status: 0,
      stderr: `Claimed APPROVE_LOAN (${approval.id})\n`,
    });
    expect(kuflow('task', 'save', end, '--set', 'approved=false').status).toBe(0);
    expect(json('task', 'complete', end.toUpperCase(), '--set', 'approved=true')).toMatchObject({
      task: { id: approval.id, task: { state: 'COMPLETED', data: { valid: true, value: { approved: true } } } },
    });

    expect(await watching.ended).toMatchObject({ code: 0 });
    expect(watching.output()).toContain('APPROVE_LOAN claimed by Local user');
    expect(watching.output()).toContain('The process is COMPLETED');
    const { stdout } = kuflow('process', 'show', 'latest');
    expect(stdout).toMatch(/^Process {2}LOAN\nState {4}COMPLETED\n/);
    expect(stdout).toContain('APPROVE_LOAN completed by Local user');
  });

  it('list processes and tasks, with filters', () => {
    expect(kuflow('process', 'list').stdout).toMatch(
      new RegExp(`^CODE +STATE +ID +CREATED\nLOAN +COMPLETED +${processId} +\\d{4}-`),
    );
    expect(json('process', 'list', '--state', 'running')).toEqual({ processes: [] });
    const done = json('task', 'list', '--process', processId.slice(-6), '--state', 'completed') as TaskList;
    expect(done.tasks.map(({ code }) => code)).toContain('LOAN_APPLICATION');
    expect(kuflow('task', 'list', 'NO_SUCH_CODE')).toMatchObject({
      status: 0,
      stdout: '',
      stderr: 'No open tasks\n',
    });
  });

  it('refuse invalid data before the task is claimed, complete it with --allow-invalid, and signal the process', async () => {
    const id = (json('process', 'start', 'LOAN') as OneProcess).process.id;
    const task = await openTask('LOAN_APPLICATION', id);
    const file = join(folder, 'application.yaml');
    writeFileSync(file, 'firstName: Jane\namount: a lot\n');
    const refused = kuflow('task', 'complete', task.id, '--data', file);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/Data does not match the schema of task LOAN_APPLICATION: .*\/amount type/);
    expect((await openTask('LOAN_APPLICATION', id)).state).toBe('READY');

    const allowed = kuflow('task', 'complete', task.id, '--data', file, '--allow-invalid');
    expect(allowed).toMatchObject({ status: 0 });
    expect(allowed.stderr).toContain('with data that does not match its schema');
    expect(kuflow('task', 'show', task.id).stdout).toContain('Data (does not match its schema):');

    expect(kuflow('process', 'signal', 'latest', 'withdraw', '--set', 'reason=sold')).toMatchObject({
      status: 0,
      stdout: '',
      stderr: `Sent signal withdraw to LOAN (${id})\n`,
    });
    expect(json('process', 'signal', id, 'approve', '--input', 'true')).toEqual({
      signal: { processId: id, name: 'approve' },
    });
    expect(kuflow('process', 'signal', id, 'approve', '--input', 'yes').stderr).toContain('--input is not valid JSON');
    const input = Buffer.from('{"reason":"sold"}').toString('base64');
    await until('the signal is delivered', () => kuflow('dev', 'history', id).stdout.includes(input));
    expect(kuflow('process', 'show', id).stdout).toContain('signal sent by Local user: approve');

    expect(kuflow('process', 'cancel', id)).toMatchObject({ status: 0, stderr: `Canceled LOAN (${id})\n` });
    expect(json('process', 'show', id)).toMatchObject({ process: { state: 'CANCELLED' } });
  });

  it('wait for the end of a process, and exit with 1 if it was canceled', async () => {
    const { ended, output } = startKuflow('process', 'start', 'LOAN', '--wait');
    const id = await until('the process is started', () => /[0-9a-f-]{36}/.exec(output())?.[0]);
    expect(kuflow('process', 'cancel', id).status).toBe(0);
    expect(await ended).toMatchObject({ code: 1 });
    expect(output()).toContain('The process is CANCELLED');
  });

  it('say how to start a local KuFlow when none runs', () => {
    const { status, stderr } = runKuflow(['task', 'list', '--state-dir', join(folder, 'none')], { cwd: folder });
    expect(status).toBe(2);
    expect(stderr).toContain('No local KuFlow is running here');
    expect(stderr).toContain('dev --state-dir');
    expect(state.processes).toEqual(['LOAN']);
  });
});

describeInChromium('the console of the local KuFlow', () => {
  const browser = useBrowser();

  it('starts a process and completes its tasks by hand, to the end', async () => {
    const origin = state.loopback.http;
    const page = await browser.open(`${origin}/console/#token=${state.user.token.reveal()}`);
    await page.getByRole('listitem').filter({ hasText: 'LoanWorkflow' }).getByText('online').waitFor();
    expect(await page.getByText('No worker is running').count()).toBe(0);
    await page.getByRole('link', { name: 'Start Loan' }).click();
    await page.getByLabel('First name').fill('Ada');
    await page.getByLabel('Last name').fill('Lovelace');
    await page.getByRole('button', { name: 'Start process' }).click();

    await page.getByRole('link', { name: /Loan application/ }).click();
    await page.getByRole('button', { name: 'Fill with example data' }).click();
    await page.getByText('Filled in the empty fields').waitFor();
    await page.getByLabel('Amount').fill('25000');
    await page.getByRole('button', { name: 'Claim and complete' }).click();
    await page.getByText('Completed', { exact: true }).waitFor();

    await page.getByRole('link', { name: /Loan: Ada/ }).click();
    await page
      .getByRole('link', { name: /Approve loan/ })
      .first()
      .click();
    await page.getByRole('radio', { name: 'Yes' }).check();
    await page.getByRole('button', { name: 'Claim and complete' }).click();
    await page.getByText('Completed', { exact: true }).waitFor();
    await page.getByRole('link', { name: /Loan: Ada/ }).click();
    await page.locator('.subtitle').getByText('completed').waitFor();
    expect(await page.getByRole('region', { name: 'Timeline' }).innerText()).toContain('Process completed');

    const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    expect((json('process', 'show', id) as OneProcess).process.state).toBe('COMPLETED');
  });
});
