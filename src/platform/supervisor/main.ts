import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';
import { addToPidFile, releasePidFile, claimPidFile } from './pid-file.ts';
import { isSameProcess, processStartId } from '../../base/process-identity.ts';
import { KEPT_NODE_OPTIONS, type SupervisorMessage, type SupervisorRequest } from './protocol.ts';

// A process of its own, started by the owner with stdin as a pipe: when the pipe ends or the owner is gone, however it
// went, the process that it keeps is ended with all its children. It lives in another session than the owner, so that
// neither Ctrl-C nor a closed terminal reaches it.

const OWNER_POLL = 500;
const windows = process.platform === 'win32';
const order = JSON.parse(process.argv[2] ?? '{}') as SupervisorRequest;
const ownerStart = processStartId(order.ownerPid);
const ownerLives = (): boolean => isSameProcess(order.ownerPid, ownerStart);

for (const signal of ['SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => undefined);
process.on('SIGTERM', stop);
process.stdout.on('error', () => undefined);
process.stdin.on('error', stop);
process.stdin.on('end', stop);
process.stdin.resume();
const poll = setInterval(() => {
  if (!ownerLives()) stop();
}, OWNER_POLL);

const state = { stopping: false };
let child: ChildProcess | undefined;

try {
  if (order.pidFile !== undefined) await claimPidFile(order.pidFile, order.stopGrace * 2);
  // Asked after the file was taken: an owner that lives now is not followed by another one that has not seen it.
  if (state.stopping || !ownerLives()) leave(0);
  else start();
} catch (error) {
  tell({ kind: 'failed', message: (error as Error).message });
  leave(1);
}

function start(): void {
  const output = order.logFile === undefined ? 'ignore' : openSync(order.logFile, 'a', 0o600);
  child = spawn(order.command, order.args, {
    detached: !windows,
    windowsHide: true,
    env: { ...process.env, NODE_OPTIONS: process.env[KEPT_NODE_OPTIONS], [KEPT_NODE_OPTIONS]: undefined },
    stdio: order.inheritStdio === true ? [3, 4, 5] : ['ignore', output, output],
    ...(order.cwd === undefined ? {} : { cwd: order.cwd }),
  });
  const { pid } = child;
  if (order.pidFile !== undefined && pid !== undefined) addToPidFile(order.pidFile, pid);
  child.on('error', (error: NodeJS.ErrnoException) => {
    tell({ kind: 'failed', message: error.message, ...(error.code === undefined ? {} : { code: error.code }) });
    leave(1);
  });
  child.on('spawn', () => {
    tell({ kind: 'started', pid: pid ?? 0 });
    if (state.stopping) endTree('SIGTERM');
  });
  child.on('exit', (code, signal) => {
    // What it started and left behind belongs to its group.
    if (!windows) endTree('SIGKILL');
    tell({ kind: 'exited', code, signal });
    leave(0);
  });
}

function stop(): void {
  if (state.stopping) return;
  state.stopping = true;
  if (child === undefined) {
    leave(0);
    return;
  }
  if (child.exitCode !== null || child.signalCode !== null) return;
  endTree('SIGTERM');
  setTimeout(() => endTree('SIGKILL'), order.stopGrace);
  // A process that even SIGKILL does not end (stuck in the kernel) must not keep this one.
  setTimeout(() => leave(1), order.stopGrace + 5000);
}

function endTree(signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child?.pid === undefined) return;
  try {
    if (windows) spawn('taskkill', ['/PID', String(child.pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true });
    else process.kill(-child.pid, signal);
  } catch {
    // Gone already.
  }
}

function tell(line: SupervisorMessage): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function leave(status: number): void {
  clearInterval(poll);
  if (order.pidFile !== undefined) releasePidFile(order.pidFile);
  // After the last line is out.
  process.stdout.write('', () => process.exit(status));
}
