import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

export interface PrivateKeychain {
  /** What `secret-tool` needs to find it. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const PROGRAMS = ['dbus-daemon', 'gnome-keyring-daemon', 'secret-tool'] as const;

/** Why a keychain cannot be started here; undefined when it can. */
export function missingForKeychain(): string | undefined {
  if (process.platform !== 'linux') return `the Secret Service is of Linux, and this is ${process.platform}`;
  const missing = PROGRAMS.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
  return missing.length === 0
    ? undefined
    : `not installed: ${missing.join(', ')} (dbus, gnome-keyring, libsecret-tools)`;
}

/** A bus that does not start services: unanswered calls fail, and no window asks for a password. */
const BUS = (
  socket: string,
): string => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=${socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy></busconfig>`;

/** A separate, unlocked Secret Service on its own session bus; the user's keychain is not touched. */
export async function startPrivateKeychain(): Promise<PrivateKeychain> {
  const folder = mkdtempSync(join(tmpdir(), 'kc-'));
  const socket = join(folder, 'bus');
  writeFileSync(join(folder, 'bus.conf'), BUS(socket));
  for (const name of ['home', 'run', 'data']) mkdirSync(join(folder, name), { mode: 0o700 });
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: join(folder, 'home'),
    XDG_RUNTIME_DIR: join(folder, 'run'),
    XDG_DATA_HOME: join(folder, 'data'),
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}`,
  };
  const children: ChildProcess[] = [];
  const start = (program: string, args: readonly string[]): ChildProcess => {
    const child = spawn(program, args, { env, stdio: ['pipe', 'ignore', 'ignore'] });
    children.push(child);
    return child;
  };
  const stop = async (): Promise<void> => {
    for (const child of [...children].reverse()) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const works = (): boolean =>
    spawnSync('secret-tool', ['store', '--label=probe', 'probe', 'probe'], { env, input: 'x', timeout: 5_000 })
      .status === 0;
  try {
    start('dbus-daemon', ['--nofork', '--nopidfile', `--config-file=${join(folder, 'bus.conf')}`]);
    await until('a session bus', () => spawnSync('test', ['-S', socket]).status === 0);
    start('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets']).stdin?.end('of a test');
    await until('an unlocked keychain', works);
  } catch (error) {
    await stop();
    throw error;
  }
  return { env, stop };
}
