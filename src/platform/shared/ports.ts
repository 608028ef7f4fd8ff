import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, KnownError, messageOf } from '../../base/errors.ts';
import { lazy } from '../../base/lazy.ts';
import type { PortRequest } from './types.ts';

/** Where the parts listen unless other ports are requested. */
export const DEFAULT_PORTS = { http: 7480, https: 7443, engine: 7483, temporalUi: 7484 } as const;

export interface HeldPort {
  readonly port: number;
  /** Set if the preferred port was taken and another one was chosen. */
  readonly moved?: { readonly wanted: number; readonly holder?: string | undefined } | undefined;
  /**
   * Lets `server` listen on 127.0.0.1 with the socket that holds the port, so that no other program can get it in between. From then on, the port is
   * in use until `server` closes.
   */
  listen(server: Server): Promise<void>;
  /** Resolves when the port is no longer held. Safe to call twice. */
  close(): Promise<void>;
}

const LOOPBACK = ['127.0.0.1', '::1'] as const;
const MAX_ATTEMPTS = 100;
const TAKEN = 'taken';

/** The "bad ports" of the Fetch standard, to which browsers and Node.js's fetch do not connect. */
const BLOCKED_BY_FETCH = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

const OWN_PART = 'another part of this local KuFlow';
/** The ports that this process holds. */
const ownPorts = new Set<number>();

/**
 * Occupies a port that is free for IPv4 and IPv6 loopback, until the part that needs it listens. `exact` occupies that port or throws
 * KnownError with its holder. `preferred` occupies that port or the next free one; without a request, `fallback` is preferred. Port 0 is any free
 * port.
 */
export async function holdPort(request: PortRequest | undefined, fallback: number): Promise<HeldPort> {
  const { kind, port: wanted } = request ?? { kind: 'preferred', port: fallback };
  if (wanted === 0) return await holdAnyPort();
  const held = await tryToHold(wanted);
  if ('port' in held) return held;
  const { problem } = held;
  const isTaken = problem === TAKEN;
  const isOwn = ownPorts.has(wanted);
  const holder = isOwn ? OWN_PART : isTaken ? await findPortHolder(wanted) : undefined;
  if (kind === 'exact') {
    throw new KnownError({
      message: `Port ${wanted} ${isTaken ? 'is not free' : 'cannot be used'}`,
      seen: isTaken ? `it is used by ${holder ?? 'an unknown process'}` : problem,
      next: [
        isOwn
          ? 'Choose another port'
          : isTaken
            ? 'Stop that process, or choose another port'
            : 'Choose another port, or omit the option to use the next free one',
      ],
    });
  }
  const moved = { wanted, holder };
  for (let port = wanted + 1; port <= Math.min(wanted + MAX_ATTEMPTS, 65_535); port++) {
    const next = await tryToHold(port);
    if ('port' in next) return { ...next, moved };
  }
  return { ...(await holdAnyPort()), moved };
}

async function holdAnyPort(): Promise<HeldPort> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await once(server.close(), 'close');
    const held = await tryToHold(port);
    if ('port' in held) return held;
  }
  throw new KnownError({ message: 'No free port was found on 127.0.0.1' });
}

/** The problem is `TAKEN` or a message. */
async function tryToHold(port: number): Promise<HeldPort | { readonly problem: string }> {
  if (BLOCKED_BY_FETCH.has(port)) return { problem: 'browsers and Node.js block this port' };
  const servers: Server[] = [];
  let problem: string | undefined;
  for (const host of LOOPBACK) {
    // First, because on macOS a listener on all addresses does not prevent another one on loopback.
    problem = (await acceptsConnections(port, host)) ? TAKEN : await listen(port, host, servers);
    if (problem !== undefined) break;
  }
  const closeAll = async (): Promise<void> => {
    await Promise.all(servers.map((server) => once(server.close(), 'close')));
  };
  if (problem !== undefined) {
    await closeAll();
    return { problem };
  }
  ownPorts.add(port);
  const close = lazy(async () => {
    ownPorts.delete(port);
    await closeAll();
  });
  return {
    port,
    listen: async (server) => {
      const holder = servers.shift();
      // `listen(undefined)` would open any port on all addresses.
      if (holder === undefined) throw new Error(`Port ${port} is no longer held`);
      await once(server.listen(holder), 'listening');
      await close();
    },
    close,
  };
}

function acceptsConnections(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const done = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.setTimeout(300, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}

/** Listens and adds the server to `servers`, or returns why the port cannot be had. Skips `::1` if the system does not have IPv6. */
async function listen(port: number, host: string, servers: Server[]): Promise<string | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    await once(server.listen({ port, host, exclusive: true }), 'listening');
    servers.push(server);
    return undefined;
  } catch (error) {
    const code = codeOf(error) ?? messageOf(error);
    if (code === 'EADDRINUSE') return TAKEN;
    if (code === 'EACCES') return 'permission denied (EACCES); ports below 1024 need more privileges';
    return host === '::1' && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') ? undefined : code;
  }
}

/** Such as `node (pid 4242)`; undefined if the system does not reveal it. */
async function findPortHolder(port: number): Promise<string | undefined> {
  try {
    return process.platform === 'linux' ? await findHolderInProc(port) : await findHolderWithLsof(port);
  } catch {
    return undefined;
  }
}

async function findHolderInProc(port: number): Promise<string | undefined> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const LISTEN = '0A';
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const lines = (await readFile(table, 'utf8').catch(() => '')).split('\n');
    for (const line of lines) {
      const columns = line.trim().split(/\s+/);
      if (columns[1]?.endsWith(suffix) === true && columns[3] === LISTEN) inodes.add(`socket:[${columns[9] ?? ''}]`);
    }
  }
  if (inodes.size === 0) return undefined;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    // The descriptors of other users' processes cannot be read.
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const descriptor of descriptors) {
      if (!inodes.has(await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => ''))) continue;
      // Only the program and its script, because further arguments may be confidential.
      const [program = '', script = ''] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
      const words = [program, script.startsWith('-') ? '' : script]
        .filter((word) => word !== '')
        .map((word) => basename(word));
      return `${words.join(' ')} (pid ${pid})`;
    }
  }
  return undefined;
}

async function findHolderWithLsof(port: number): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined;
  const { stdout } = await promisify(execFile)('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], {
    timeout: 5000,
  });
  const pid = /^p(\d+)$/m.exec(stdout)?.[1];
  const command = /^c(.+)$/m.exec(stdout)?.[1];
  return pid === undefined ? undefined : `${command ?? 'a process'} (pid ${pid})`;
}
