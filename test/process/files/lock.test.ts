import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pidLockHolder, acquirePidLock } from '../../../src/files/lock.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const IS_SOAK = process.env['KUFLOW_SOAK'] === '1';
const folder = temporaryFolders();
const deadPid = spawnSync(process.execPath, ['-e', '']).pid;
const left = (pid: number): string => `lock.${pid}-0123456789ab`;

describe('acquirePidLock', () => {
  it('locks out other callers, and takes over the lock of a dead process', () => {
    const path = join(folder(), 'lock');
    const first = acquirePidLock(path);
    expect(first.kind).toBe('taken');
    expect(pidLockHolder(path)).toBe(process.pid);
    expect(acquirePidLock(path)).toEqual({ kind: 'held', pid: process.pid });
    if (first.kind === 'taken') first.release();
    expect(existsSync(path)).toBe(false);
    for (const dead of [JSON.stringify({ pid: deadPid, start: 'linux:another-boot:1' }), '', '{']) {
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
      const [dead, alive] = [deadPid, living.pid ?? 0];
      const others = [left(alive), 'lock.txt', `other.${dead}-0123456789ab`];
      // A killed run of a container has the pid of the next one.
      const gone = [left(dead), left(process.pid)];
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

const built = mkdtempSync(join(tmpdir(), 'kuflow-lock-'));
const [child, contender] = ['lock-child', 'lock-contender'].map((name) => join(built, `${name}.cjs`)) as [
  string,
  string,
];
afterAll(() => rmSync(built, { recursive: true, force: true }));
beforeAll(async () => {
  await build({
    entryPoints: ['lock-child', 'lock-contender'].map((name) =>
      join(import.meta.dirname, '..', '..', 'support', `${name}.ts`),
    ),
    outdir: built,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
});

describe('a process killed while it acquires or releases a lock', () => {
  it.each(['no lock', 'the lock of a dead process'])(
    'leaves nothing behind permanently, starting from %s',
    (before) => {
      const dead = JSON.stringify({ pid: deadPid, start: 'linux:another-boot:1' });
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
      const removal = before === 'no lock' ? [] : ['lock.removal', 'lock.removal.PID'];
      expect([...remains].sort()).toEqual(['lock', 'lock.PID', ...removal]);
    },
    180_000,
  );
});

/** A process that waits before each file system call with which it acquires the lock. */
function startStepping(
  lock: string,
  links: string,
): { readonly step: () => Promise<boolean>; readonly output: () => string; readonly kill: () => void } {
  const stepping = spawn(process.execPath, [child, lock, 'each', links], { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  let calls = 0;
  let changed = (): void => undefined;
  stepping.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    changed();
  });
  let ended = false;
  stepping.on('close', () => {
    ended = true;
    changed();
  });
  const next = async (): Promise<boolean> => {
    while (!ended && (text.match(/^\.*/)?.[0].length ?? 0) <= calls)
      await new Promise<void>((resolve) => (changed = resolve));
    calls += 1;
    return !ended;
  };
  return {
    step: async () => {
      if (calls > 0) stepping.stdin.write('x');
      return await next();
    },
    output: () => text.replace(/^\.*/, ''),
    kill: () => stepping.kill('SIGKILL'),
  };
}

describe.each(['hard links', 'no hard links'])('a lock on a file system with %s', (links) => {
  it.each(['no lock', 'the lock of a dead process'])(
    'has one holder, whenever another process acquires it, starting from %s',
    async (before) => {
      const run = async (from: number): Promise<boolean> => {
        const lock = join(folder(), 'lock');
        if (before !== 'no lock') writeFileSync(lock, JSON.stringify({ pid: deadPid, start: 'linux:another-boot:1' }));
        const other = startStepping(lock, links);
        try {
          let isRunning = true;
          for (let step = 0; step <= from && isRunning; step++) isRunning = await other.step();
          if (!isRunning) return false;
          const mine = acquirePidLock(lock);
          while (isRunning) {
            // A live lock is never moved aside.
            if (mine.kind === 'taken') expect(acquirePidLock(lock).kind, `${from}`).toBe('held');
            isRunning = await other.step();
          }
          const { kind } = JSON.parse(other.output()) as { kind: string };
          expect([mine.kind, kind].filter((one) => one === 'taken').length, `${from}: ${mine.kind}, ${kind}`).toBe(1);
          if (mine.kind === 'taken') mine.release();
          return true;
        } finally {
          other.kill();
        }
      };
      // Without hard links, there are many steps: a sample.
      const stride = links === 'hard links' || IS_SOAK ? 1 : 4;
      let steps = 0;
      while (await run(steps)) steps += stride;
      expect(steps).toBeGreaterThan(2);
    },
    120_000,
  );
});

const [STARTS, TIMES] = IS_SOAK ? [20, 10] : [2, 3];

describe('20 processes that want one lock', () => {
  it.each(['hard links', 'no hard links'])(
    'never hold it together, although some are killed, on a file system with %s',
    async (links) => {
      const lock = join(folder(), 'lock');
      const run = (seed: number): Promise<{ readonly killed: boolean; readonly lines: readonly string[] }> =>
        new Promise((resolve) => {
          execFile(process.execPath, [contender, lock, String(seed), links, String(TIMES)], (error, output, problems) =>
            resolve({
              killed: error?.signal === 'SIGKILL',
              lines: (output + problems).split('\n').filter((line) => line !== ''),
            }),
          );
        });
      const lanes = Array.from({ length: 20 }, async (_, lane) => {
        const ends: Awaited<ReturnType<typeof run>>[] = [];
        for (let start = 1; start < STARTS; start++) ends.push(await run(lane * STARTS + start));
        return [...ends, await run(0)];
      });
      const ends = (await Promise.all(lanes)).flat();
      const lines = ends.flatMap((end) => end.lines);
      expect(lines.filter((line) => line !== 'taken')).toEqual([]);
      expect(lines.length).toBeGreaterThanOrEqual(20 * TIMES);
      expect(ends.filter(({ killed }) => killed).length).toBeGreaterThan(10);
      const last = acquirePidLock(lock);
      expect(last.kind).toBe('taken');
      if (last.kind === 'taken') last.release();
      expect(readdirSync(dirname(lock))).toEqual(['owner']);
    },
    300_000,
  );
});
