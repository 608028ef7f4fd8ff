import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { addToPidFile, releasePidFile, claimPidFile } from './pid-file.ts';
import { isSameProcess, processStartId } from '../../base/process-identity.ts';
import { signalTree } from '../../base/process-tree.ts';
import {
  KEPT_NODE_OPTIONS,
  SHUTDOWN_PORT,
  type SupervisedNetwork,
  type SupervisorMessage,
  type SupervisorRequest,
} from './protocol.ts';
import { startRelay } from './relay.ts';

// A separate process that the owner starts with a pipe as its stdin. When the pipe ends or the owner is gone, for
// whatever reason, it ends the supervised process with all its children. It runs in another session than the owner, so
// that neither Ctrl-C nor a closed terminal reaches it. On Windows, a command with inherited streams shares the console of the owner instead.

/** Milliseconds between two checks of the owner. */
const OWNER_POLL = 500;
const windows = process.platform === 'win32';
const request = JSON.parse(process.argv[2] ?? '{}') as SupervisorRequest;
const ownerStart = processStartId(request.ownerPid);
const isOwnerAlive = (): boolean => isSameProcess(request.ownerPid, ownerStart);

for (const signal of ['SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => undefined);
process.on('SIGTERM', stop);
process.stdout.on('error', () => undefined);
process.stdin.on('error', stop);
process.stdin.on('end', stop);
// On Windows, the owner asks for a shutdown.
process.stdin.on('data', requestShutdown);
const poll = setInterval(() => {
  if (!isOwnerAlive()) stop();
}, OWNER_POLL);

const state = { stopping: false };
let child: ChildProcess | undefined;
/** Of processes that shut down when it ends. */
const connections = new Set<Socket>();

try {
  if (request.pidFile !== undefined) await claimPidFile(request.pidFile, request.stopGrace * 2);
  if (request.network !== undefined) await openNetwork(request.network);
  const port = windows ? await listenForConnections() : undefined;
  // Checked after claiming the file: while this owner is alive, no other owner can start.
  if (state.stopping || !isOwnerAlive()) exitWith(0);
  else start(port);
} catch (error) {
  send({ kind: 'failed', message: (error as Error).message });
  exitWith(1);
}

async function openNetwork({ relays }: SupervisedNetwork): Promise<void> {
  execFileSync('ip', ['link', 'set', 'lo', 'up'], { stdio: 'pipe' });
  await Promise.all(relays.map(startRelay));
}

async function listenForConnections(): Promise<number> {
  const server = createServer((connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('close', () => connections.delete(connection));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function start(shutdownPort: number | undefined): void {
  const output = request.logFile === undefined ? 'ignore' : openSync(request.logFile, 'a', 0o600);
  child = spawn(request.command, request.args, {
    detached: !windows,
    // It shares the owner's console.
    windowsHide: !request.inheritStdio,
    env: {
      ...process.env,
      NODE_OPTIONS: process.env[KEPT_NODE_OPTIONS],
      [KEPT_NODE_OPTIONS]: undefined,
      [SHUTDOWN_PORT]: shutdownPort?.toString(),
    },
    stdio: request.inheritStdio ? [3, 4, 5] : ['ignore', output, output],
    cwd: request.cwd,
    shell: request.shell ?? false,
    windowsVerbatimArguments: request.isQuoted ?? false,
  });
  const { pid } = child;
  if (request.pidFile !== undefined && pid !== undefined) addToPidFile(request.pidFile, pid);
  child.on('error', (error: NodeJS.ErrnoException) => {
    send({ kind: 'failed', message: error.message, code: error.code });
    exitWith(1);
  });
  child.on('spawn', () => {
    send({ kind: 'started', pid: pid ?? 0 });
    if (state.stopping) requestShutdown();
  });
  child.on('exit', (code, signal) => {
    // Children that it left behind are in its process group.
    if (!windows) endTree('SIGKILL');
    send({ kind: 'exited', code, signal });
    exitWith(0);
  });
}

function stop(): void {
  if (state.stopping) return;
  state.stopping = true;
  if (child === undefined) {
    exitWith(0);
    return;
  }
  if (child.exitCode !== null || child.signalCode !== null) return;
  requestShutdown();
  setTimeout(() => endTree('SIGKILL'), request.stopGrace);
  // Do not wait for a process that even SIGKILL does not end, because it is stuck in the kernel.
  setTimeout(() => exitWith(1), request.stopGrace + 5000);
}

/** A command that has no connection is terminated on Windows. */
function requestShutdown(): void {
  if (connections.size === 0) endTree('SIGTERM');
  for (const connection of connections) connection.end();
}

function endTree(signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child?.pid !== undefined) signalTree(child.pid, signal);
}

function send(message: SupervisorMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function exitWith(status: number): void {
  clearInterval(poll);
  if (request.pidFile !== undefined) releasePidFile(request.pidFile);
  if (!isOwnerAlive())
    for (const folder of [request.network?.folder, request.temporaryFolder])
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  // After the last line has been written.
  process.stdout.write('', () => process.exit(status));
}
