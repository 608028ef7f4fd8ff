import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { STAGED_WRITE_USERS } from '../../support/staged-write-users.ts';
import { bundleForNode } from '../../support/supervisor-entry.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const IS_SOAK = process.env['KUFLOW_SOAK'] === '1';
/** Of each user. */
const KILLS = IS_SOAK ? Math.ceil(200 / STAGED_WRITE_USERS.length) : 3;

const temporaryFolder = temporaryFolders();
let child: string;
beforeAll(async () => {
  child = await bundleForNode('test/support/staged-write-child.ts', 'packages');
});

/** Every path with its permissions and contents. Random parts of names are left out. */
function stateOf(folder: string): Readonly<Record<string, string>> {
  // The next command that changes a project takes over the lock of a process that no longer runs.
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => !/project\.lock$/.test(path),
  );
  return Object.fromEntries(
    paths.sort().map((path) => {
      const status = statSync(join(folder, path));
      const text = status.isDirectory() ? '/' : readFileSync(join(folder, path), 'utf8');
      const plain = (one: string): string =>
        one
          .split(sep)
          .join('/')
          .replace(/work-[0-9a-f]{8}/g, 'work-ID');
      return [plain(path), `${(status.mode & 0o777).toString(8)} ${plain(text)}`];
    }),
  );
}

const without = (state: Readonly<Record<string, string>>, spare: RegExp | undefined) =>
  Object.fromEntries(Object.entries(state).filter(([path]) => spare?.test(path) !== true));

/** Files that contain a secret and that other users can read. */
function exposed(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => {
    const status = statSync(join(folder, path));
    return (
      status.isFile() && (status.mode & 0o077) !== 0 && readFileSync(join(folder, path), 'utf8').includes('canary')
    );
  });
}

describe.runIf(process.platform !== 'win32').each(STAGED_WRITE_USERS)('$name', ({ name, prepare, recover, spare }) => {
  const run = (folder: string, step: number | 'none') =>
    spawnSync(process.execPath, [child, folder, name, String(step)], { encoding: 'utf8' });
  const prepared = async (): Promise<string> => {
    const folder = temporaryFolder();
    await prepare(folder);
    return folder;
  };

  it('leaves the complete old or new state after a kill, and no other files', async () => {
    const whole = await prepared();
    const old = stateOf(whole);
    const { stdout, stderr } = run(whole, 'none');
    const calls = Number(stdout);
    expect(calls, stderr).toBeGreaterThan(20);
    const changed = stateOf(whole);
    expect(Object.keys(changed).filter((path) => /kuflow-(new|transfer|kept)|journal|lock$/.test(path))).toEqual([]);
    const steps = new Set<number>();
    while (steps.size < Math.min(KILLS, calls)) steps.add(Math.floor(Math.random() * calls));
    for (const step of steps) {
      const folder = await prepared();
      const { signal, stderr: problem } = run(folder, step);
      expect(signal, `step ${step}: ${problem}`).toBe('SIGKILL');
      expect(exposed(folder), `step ${step}`).toEqual([]);
      await recover(folder);
      const state = stateOf(folder);
      const isNew = JSON.stringify(state) === JSON.stringify(changed);
      if (!isNew) expect(without(state, spare), `step ${step}`).toEqual(old);
    }
  }, 900_000);
});
