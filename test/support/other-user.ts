import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';

/** The user `nobody`. */
const OTHER_USER = 65_534;

/** Tests that run a program as another user of this machine. If they are skipped, the title says why. */
export function describeWithOtherUser(title: string, tests: () => void): void {
  const canSwitch = process.platform === 'linux' && process.getuid?.() === 0;
  describe.skipIf(!canSwitch)(
    canSwitch ? title : `${title} (skipped: only root on Linux can run programs as another user)`,
    tests,
  );
}

/** Runs JavaScript with Node as another user, and returns what it prints as JSON. */
export function runAsOtherUser(script: string, args: readonly string[] = []): unknown {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script, ...args], {
    uid: OTHER_USER,
    gid: OTHER_USER,
    cwd: '/',
    env: {},
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`The program of the other user ended with status ${status}: ${stderr}`);
  return JSON.parse(stdout);
}
