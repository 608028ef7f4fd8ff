import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { KuFlowClient } from '../../src/kuflow/client.ts';
import { platformEnvironment } from '../../src/platform/shared/platform-environment.ts';
import type { PlatformState } from '../../src/platform/state/running-state.ts';
import {
  freePorts,
  kuflowDev,
  platformReady,
  portsOf,
  quietPorts,
  samePorts,
  startCommand,
  type RunningCommand,
} from '../support/dev-command.ts';
import { answerTask, processCompletes, startLoan, taskOf, userOf } from '../support/loan-process.ts';
import { newMark, type MarkedProcess } from '../support/marked-processes.ts';
import { until } from '../support/until.ts';
import { workerProject } from '../support/worker-project.ts';

const WORKER_PORTS = { WORKER_HEALTHPORT: '0', WORKER_METRICSPORT: '0' };

// The tests build on each other: they use the same folder and ports.
describe.runIf(process.platform !== 'win32')('kill -9 during a process', () => {
  const mark = newMark();
  let folder: string;
  let stateDir: string;
  let project: string;
  let platform: RunningCommand;
  let state: PlatformState;
  let user: KuFlowClient;
  let worker: RunningCommand;

  beforeAll(async () => {
    project = workerProject();
    folder = mkdtempSync(join(tmpdir(), 'kuflow-kills-'));
    stateDir = join(folder, 'state');
    await startPlatform(await quietPorts());
    worker = await startWorker();
  });

  afterEach(async () => {
    await user.close();
    user = userOf(state);
  });

  afterAll(async () => {
    await user.close();
    for (const { pid } of mark.alive()) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  async function startPlatform(ports: readonly string[]): Promise<void> {
    platform = startCommand(kuflowDev('--state-dir', stateDir, ...ports), { cwd: project, mark });
    state = await platformReady(platform, stateDir);
    user = userOf(state);
  }

  async function startWorker(): Promise<RunningCommand> {
    const started = startCommand([process.execPath, 'dist/main.js'], {
      cwd: project,
      mark,
      env: { ...platformEnvironment(state), ...WORKER_PORTS },
    });
    await until('the worker has started', () => {
      failIfExited(started)();
      return started.output().includes('Worker started');
    });
    return started;
  }

  /** Throws if the worker has ended, so that waiting for it fails early. */
  const failIfExited = (started: RunningCommand) => (): void => {
    if (!alive(started.pid)) throw new Error(`The worker ended: ${started.output()}\n${platform.output()}`);
  };
  const alive = (pid: number): boolean => mark.alive().some((process) => process.pid === pid);
  const temporals = (): readonly MarkedProcess[] =>
    mark.alive().filter(({ command }) => command.includes('server start-dev'));
  const supervisors = (): readonly MarkedProcess[] =>
    mark.alive().filter(({ command }) => command.includes('supervisor.js'));

  it('of the Temporal server restarts it on the same port, and delivers the signals sent in the meantime', async () => {
    const id = await startLoan(user, state);
    const application = await taskOf(user, id, 'LOAN_APPLICATION', failIfExited(worker));
    const [temporal] = temporals();
    process.kill(temporal?.pid ?? 0, 'SIGKILL');
    // The server is down. The REST API must still answer, and the signal must be kept.
    await answerTask(user, application, 'LOAN_APPLICATION');
    const approval = await taskOf(user, id, 'APPROVE_LOAN', failIfExited(worker));
    const now = temporals();
    expect(now).toHaveLength(1);
    expect(now[0]?.pid).not.toBe(temporal?.pid);
    expect(now[0]?.command).toBe(temporal?.command);
    expect(supervisors()).toHaveLength(1);
    expect(platform.output()).toContain('The Temporal server exited unexpectedly (SIGKILL) and is being restarted');
    await answerTask(user, approval, 'APPROVE_LOAN');
    await processCompletes(user, id, failIfExited(worker));
  });

  it('of the worker lets another one take over its workflows', async () => {
    const id = await startLoan(user, state);
    const application = await taskOf(user, id, 'LOAN_APPLICATION', failIfExited(worker));
    worker.kill('SIGKILL');
    await worker.ended;
    await answerTask(user, application, 'LOAN_APPLICATION');
    worker = await startWorker();
    await answerTask(user, await taskOf(user, id, 'APPROVE_LOAN', failIfExited(worker)), 'APPROVE_LOAN');
    await processCompletes(user, id, failIfExited(worker));
  });

  it('of the platform ends its server and supervisor and frees its ports, and the same worker completes the process later', async () => {
    const id = await startLoan(user, state);
    const application = await taskOf(user, id, 'LOAN_APPLICATION', failIfExited(worker));
    platform.kill('SIGKILL');
    await platform.ended;
    await until('all processes except the worker have ended', () =>
      mark.alive().every(({ pid }) => pid === worker.pid),
    );
    expect(await freePorts(portsOf(state))).toEqual(portsOf(state));
    const before = state;
    await startPlatform(samePorts(state));
    expect(state.application.secret.reveal()).toBe(before.application.secret.reveal());
    await answerTask(user, application, 'LOAN_APPLICATION');
    await answerTask(user, await taskOf(user, id, 'APPROVE_LOAN', failIfExited(worker)), 'APPROVE_LOAN');
    await processCompletes(user, id, failIfExited(worker));
  });

  it('of the platform, with an immediate restart, makes the new one wait for the old server to end', async () => {
    const id = await startLoan(user, state);
    await taskOf(user, id, 'LOAN_APPLICATION', failIfExited(worker));
    const [temporal] = temporals();
    platform.kill('SIGKILL');
    await platform.ended;
    expect(temporals()).toEqual([temporal]);
    await startPlatform(samePorts(state));
    expect(temporals()).toHaveLength(1);
    await answerTask(user, await taskOf(user, id, 'LOAN_APPLICATION'), 'LOAN_APPLICATION');
    await answerTask(user, await taskOf(user, id, 'APPROVE_LOAN', failIfExited(worker)), 'APPROVE_LOAN');
    await processCompletes(user, id, failIfExited(worker));
  });

  it('of the platform and the supervisor leaves the server running, which the next platform ends and replaces', async () => {
    const id = await startLoan(user, state);
    const application = await taskOf(user, id, 'LOAN_APPLICATION', failIfExited(worker));
    const [temporal] = temporals();
    for (const { pid } of supervisors()) process.kill(pid, 'SIGSTOP');
    platform.kill('SIGKILL');
    for (const { pid } of supervisors()) process.kill(pid, 'SIGKILL');
    await platform.ended;
    expect(temporals()).toEqual([temporal]);
    await startPlatform(samePorts(state));
    expect(temporals()).toHaveLength(1);
    expect(temporals()[0]?.pid).not.toBe(temporal?.pid);
    await answerTask(user, application, 'LOAN_APPLICATION');
    await answerTask(user, await taskOf(user, id, 'APPROVE_LOAN', failIfExited(worker)), 'APPROVE_LOAN');
    await processCompletes(user, id, failIfExited(worker));
  });

  it('of `kuflow dev exec` ends the worker too, and the next `exec` completes the process', async () => {
    worker.kill('SIGTERM');
    await worker.ended;
    platform.kill('SIGINT');
    expect(await platform.ended).toEqual({ code: 130, signal: null });
    await until('all processes have ended', () => mark.alive().length === 0);
    const words = kuflowDev(
      'exec',
      '--state-dir',
      stateDir,
      ...samePorts(state),
      '--',
      process.execPath,
      'dist/main.js',
    );
    const exec = async (): Promise<RunningCommand> => {
      const started = startCommand(words, { cwd: project, mark, env: WORKER_PORTS });
      state = await platformReady(started, stateDir);
      user = userOf(state);
      return started;
    };

    platform = await exec();
    const id = await startLoan(user, state);
    const application = await taskOf(user, id, 'LOAN_APPLICATION', failIfExited(platform));
    platform.kill('SIGKILL');
    await platform.ended;
    await until('all processes have ended', () => mark.alive().length === 0, 15_000);
    expect(await freePorts(portsOf(state))).toEqual(portsOf(state));

    platform = await exec();
    await answerTask(user, application, 'LOAN_APPLICATION');
    await answerTask(user, await taskOf(user, id, 'APPROVE_LOAN', failIfExited(platform)), 'APPROVE_LOAN');
    await processCompletes(user, id, failIfExited(platform));
    platform.kill('SIGINT');
    expect(await platform.ended).toEqual({ code: 130, signal: null });
    const output = platform.output();
    expect(output).toContain('Shutting down: polling has stopped, waiting for running tasks');
    expect(mark.alive()).toEqual([]);
    expect(await freePorts(portsOf(state))).toEqual(portsOf(state));
  });
});
