import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SupervisedNetwork } from '../supervisor/protocol.ts';

/** The Temporal server has no authentication and listens on several ports: whoever can connect to one can do everything. */
export type TemporalNetwork =
  /** A network without anybody else. Its ports are Unix sockets in `folder`, which only this user can enter. Call `remove` when the server has ended. */
  | {
      readonly kind: 'private';
      readonly enter: readonly string[];
      readonly folder: string;
      readonly remove: () => void;
    }
  /** Loopback, where every user of this machine can connect. Default: any free port. */
  | { readonly kind: 'loopback'; readonly port?: number | undefined };

/** Inside a private network, every port is free. */
export const PRIVATE_PORTS = { frontend: 7233, ui: 8233 } as const;

/** The path of a Unix socket has at most 107 bytes. */
const LONGEST_FOLDER = 70;

const removals = new Set<() => void>();
/** For an exit without a stop, such as a second Ctrl-C. After kill -9, the supervisor removes the folder. */
const removeAll = (): void => removals.forEach((remove) => remove());

/** A private network if this system has them, otherwise loopback. */
export async function createTemporalNetwork(): Promise<TemporalNetwork> {
  const enter = await findNetworkCommand();
  if (enter === undefined) return { kind: 'loopback' };
  const parent = Buffer.byteLength(tmpdir()) > LONGEST_FOLDER ? '/tmp' : tmpdir();
  const folder = await mkdtemp(join(parent, 'kuflow-temporal-'));
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
    removals.delete(remove);
    if (removals.size === 0) process.off('exit', removeAll);
  };
  if (removals.size === 0) process.on('exit', removeAll);
  removals.add(remove);
  return { kind: 'private', enter, folder, remove };
}

/** `unix:<path>`, or `127.0.0.1:<port>`. */
export function temporalAddress(network: TemporalNetwork, port: number): string {
  return network.kind === 'private' ? `unix:${socketPath(network.folder, port)}` : `127.0.0.1:${port}`;
}

/** For the supervisor; undefined on loopback. */
export function supervisedNetwork(network: TemporalNetwork, ports: readonly number[]): SupervisedNetwork | undefined {
  if (network.kind === 'loopback') return undefined;
  const { enter, folder } = network;
  return { enter, folder, relays: ports.map((port) => ({ path: socketPath(folder, port), port })) };
}

/** What `node:net` connects to. */
export type SocketTarget = { readonly host: string; readonly port: number } | { readonly path: string };

export function toSocketTarget(address: string): SocketTarget {
  if (address.startsWith('unix:')) return { path: address.slice('unix:'.length) };
  const { hostname, port } = new URL(`http://${address}`);
  return { host: hostname, port: Number(port) };
}

const socketPath = (folder: string, port: number): string => join(folder, `${port}.sock`);

/**
 * The command that runs a program in a new network, in which only a privileged process can enable loopback: root, or any user in a user namespace.
 * Undefined if the system is not Linux, does not let this user create one, or lacks the programs.
 */
async function findNetworkCommand(): Promise<readonly string[] | undefined> {
  if (process.platform !== 'linux') return undefined;
  // Root would lose its access to other users' files in a user namespace.
  const options = process.getuid?.() === 0 ? ['--net'] : ['--user', '--map-root-user', '--net'];
  try {
    await promisify(execFile)('unshare', [...options, '--', 'ip', 'link', 'set', 'lo', 'up'], { timeout: 5000 });
    return ['unshare', ...options, '--'];
  } catch {
    return undefined;
  }
}
