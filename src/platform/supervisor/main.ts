import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { KEPT_NODE_OPTIONS, type SupervisorLine, type SupervisorOrder } from './protocol.ts';

// A process of its own, started by the owner with stdin as a pipe: when the pipe ends or the owner is gone, however it
// went, the process that it keeps is ended with all its children. It lives in another session than the owner, so that
// neither Ctrl-C nor a closed terminal reaches it.

const OWNER_POLL = 500;
const windows = process.platform === 'win32';
const order = JSON.parse(process.argv[2] ?? '{}') as SupervisorOrder;
const ownerStart = startOf(order.ownerPid);

for (const signal of ['SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => undefined);
process.on('SIGTERM', stop);
process.stdout.on('error', () => undefined);
process.stdin.on('error', stop);
process.stdin.on('end', stop);
process.stdin.resume();
const poll = setInterval(() => {
  if (!ownerLives()) stop();
}, OWNER_POLL);

const output = order.logFile === undefined ? 'ignore' : openSync(order.logFile, 'a', 0o600);
let stopping = false;
const child: ChildProcess = spawn(order.command, order.args, {
  detached: !windows,
  windowsHide: true,
  env: { ...process.env, NODE_OPTIONS: process.env[KEPT_NODE_OPTIONS], [KEPT_NODE_OPTIONS]: undefined },
  stdio: order.handedOn === true ? [3, 4, 5] : ['ignore', output, output],
  ...(order.cwd === undefined ? {} : { cwd: order.cwd }),
});
child.on('error', (error: NodeJS.ErrnoException) => {
  tell({ kind: 'failed', message: error.message, ...(error.code === undefined ? {} : { code: error.code }) });
  leave(1);
});
child.on('spawn', () => {
  tell({ kind: 'started', pid: child.pid ?? 0 });
  if (stopping) endTree('SIGTERM');
});
child.on('exit', (code, signal) => {
  // What it started and left behind belongs to its group.
  if (!windows) endTree('SIGKILL');
  tell({ kind: 'exited', code, signal });
  leave(0);
});

function stop(): void {
  if (stopping) return;
  stopping = true;
  if (child.exitCode !== null || child.signalCode !== null) return;
  endTree('SIGTERM');
  setTimeout(() => endTree('SIGKILL'), order.stopGrace);
  // A process that even SIGKILL does not end (stuck in the kernel) must not keep this one.
  setTimeout(() => leave(1), order.stopGrace + 5000);
}

function endTree(signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  try {
    if (windows) spawn('taskkill', ['/PID', String(child.pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true });
    else process.kill(-child.pid, signal);
  } catch {
    // Gone already.
  }
}

function ownerLives(): boolean {
  try {
    process.kill(order.ownerPid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const start = startOf(order.ownerPid);
  return start === undefined || ownerStart === undefined || start === ownerStart;
}

/** When a process began, as Linux tells it: a reused process id has another one. */
function startOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the name, may hold spaces and parentheses; the start is the 22nd.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function tell(line: SupervisorLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function leave(status: number): void {
  clearInterval(poll);
  // After the last line is out.
  process.stdout.write('', () => process.exit(status));
}
