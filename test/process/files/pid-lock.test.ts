import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pidLockHolder, acquirePidLock } from '../../../src/files/pid-lock.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const folder = temporaryFolders();
const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;
const left = (pid: number, kind: '' | 'dead-' = ''): string => `lock.${kind}${pid}-0123456789ab`;

describe('acquirePidLock', () => {
  it('locks out other callers, and takes over the lock of a dead process', () => {
    const path = join(folder(), 'lock');
    const first = acquirePidLock(path);
    expect(first.kind).toBe('taken');
    expect(pidLockHolder(path)).toBe(process.pid);
    expect(acquirePidLock(path)).toEqual({ kind: 'held', pid: process.pid });
    if (first.kind === 'taken') first.release();
    expect(existsSync(path)).toBe(false);
    for (const dead of [JSON.stringify({ pid: deadPid(), start: 'linux:another-boot:1' }), '', '{']) {
      writeFileSync(path, dead);
      const taking = acquirePidLock(path);
      expect(taking.kind, dead).toBe('taken');
      if (taking.kind === 'taken') taking.release();
    }
    expect(pidLockHolder(path)).toBeUndefined();
  });

  it('removes the temporary files of dead processes, and keeps those of running ones', () => {
    const at = folder();
    const living = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    try {
      const [dead, alive] = [deadPid(), living.pid ?? 0];
      const others = [left(alive), left(alive, 'dead-'), 'lock.txt', `other.${dead}-0123456789ab`];
      // A killed run of a container has the pid of the next one.
      const gone = [left(dead), left(dead, 'dead-'), left(process.pid), left(process.pid, 'dead-')];
      for (const name of [...others, ...gone]) writeFileSync(join(at, name), '{}');
      const taking = acquirePidLock(join(at, 'lock'));
      expect(readdirSync(at).sort()).toEqual([...others, 'lock'].sort());
      if (taking.kind === 'taken') taking.release();
      expect(readdirSync(at).sort()).toEqual(others.sort());
    } finally {
      living.kill('SIGKILL');
    }
  });
});

describe('a process killed while it acquires or releases a lock', () => {
  const built = mkdtempSync(join(tmpdir(), 'kuflow-lock-'));
  const child = join(built, 'lock-child.cjs');
  afterAll(() => rmSync(built, { recursive: true, force: true }));
  beforeAll(async () => {
    await build({
      entryPoints: [join(import.meta.dirname, '..', '..', 'support', 'lock-child.ts')],
      outfile: child,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'error',
    });
  });

  it.each(['no lock', 'the lock of a dead process'])(
    'leaves nothing behind permanently, starting from %s',
    (before) => {
      const dead = JSON.stringify({ pid: deadPid(), start: 'linux:another-boot:1' });
      const run = (step: string) => {
        const at = folder();
        const lock = join(at, 'lock');
        if (before !== 'no lock') writeFileSync(lock, dead);
        const ended = spawnSync(process.execPath, [child, lock, step], { encoding: 'utf8' });
        return { at, lock, ended };
      };
      const whole = run('none').ended;
      expect(whole.status, whole.stderr).toBe(0);
      const { count } = JSON.parse(whole.stdout) as { count: number };
      expect(count).toBeGreaterThan(4);
      const remains = new Set<string>();
      for (let step = 0; step < count; step++) {
        const { at, lock, ended } = run(String(step));
        expect(ended.signal, `${step}: ${ended.stderr}`).toBe('SIGKILL');
        for (const name of readdirSync(at)) remains.add(name.replace(/\d+-[0-9a-f]{12}$/, 'PID'));
        const taking = acquirePidLock(lock);
        expect(taking.kind, String(step)).toBe('taken');
        expect(readdirSync(at), String(step)).toEqual(['lock']);
        expect(readFileSync(lock, 'utf8')).toContain(`"pid":${process.pid},`);
        if (taking.kind === 'taken') taking.release();
        expect(readdirSync(at), String(step)).toEqual([]);
      }
      expect([...remains].sort()).toEqual(
        before === 'no lock' ? ['lock', 'lock.PID'] : ['lock', 'lock.PID', 'lock.dead-PID'],
      );
    },
    180_000,
  );
});
