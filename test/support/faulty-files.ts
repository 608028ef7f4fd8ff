import { writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import { nodeFileSystem, type NewFile, type FileSystem } from '../../src/files/node-file-system.ts';

/** The process is gone: nothing after this step happens. */
export class Crash extends Error {}

/**
 * `crash`: the process ends before the step. `torn`: it ends in the middle of a write. `fail`: the step is refused once, with `code`.
 * `kill`: this very process is killed before the step.
 */
export type Fault =
  | { readonly kind: 'crash' | 'torn' | 'kill'; readonly before: number }
  | { readonly kind: 'fail'; readonly before: number; readonly code: string };

export interface FaultyFiles {
  readonly files: FileSystem;
  /** Every call so far by name, without the parts of names that differ between runs. */
  readonly steps: readonly string[];
  /** Counts something else as a call of the file system. */
  readonly step: <T>(name: string, work: () => Promise<T>) => Promise<T>;
}

/** Steps that leave the files as they are. */
const UNCHANGING = /^(?:look|read|list|sync|close)\b/;

/** The indexes of the steps before which a crash leaves files that an earlier crash does not leave; for `torn`, of all writes. */
export function crashPoints(steps: readonly string[], kind: 'crash' | 'torn'): readonly number[] {
  return [...steps.keys()].filter((index) =>
    kind === 'torn' ? steps[index]?.startsWith('write') : !UNCHANGING.test(steps[index - 1] ?? ''),
  );
}

const named = (path: string): string =>
  basename(path).replace(/(settings-)?\d{8}-\d{6}-[0-9a-f]{6}|settings-[0-9a-f]{8}/, 'ID');

/** The real disk, with one fault. Records every call, and first calls `before`, whose error fails the call. */
export function faultyFiles(fault?: Fault, before?: (step: number, name: string) => void): FaultyFiles {
  const steps: string[] = [];
  const state = { dead: false };
  const step = async <T>(name: string, work: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> => {
    if (state.dead) throw new Crash(name);
    const index = steps.push(name) - 1;
    const here = index === fault?.before;
    before?.(index, name);
    if (here && fault.kind === 'fail') throw Object.assign(new Error(`${fault.code}: ${name}`), { code: fault.code });
    if (here && fault.kind === 'kill') process.kill(process.pid, 'SIGKILL');
    if (here && (fault.kind === 'crash' || fault.kind === 'torn')) {
      state.dead = true;
      if (fault.kind === 'torn') await half?.();
      throw new Crash(name);
    }
    return await work();
  };
  const newFile = (path: string, file: NewFile): NewFile => ({
    write: (content) =>
      step(
        `write ${named(path)}`,
        () => file.write(content),
        () => file.write(content.subarray(0, content.length / 2)),
      ),
    setMode: (mode) => step(`mode ${named(path)}`, () => file.setMode(mode)),
    setOwner: (uid, gid) => step(`owner ${named(path)}`, () => file.setOwner(uid, gid)),
    sync: () => step(`sync ${named(path)}`, () => file.sync()),
    close: async () => {
      try {
        await step(`close ${named(path)}`, () => file.close());
      } catch (error) {
        // A process that ends closes its files.
        await file.close();
        throw error;
      }
    },
  });
  const files: FileSystem = {
    look: (path) => step(`look ${named(path)}`, () => nodeFileSystem.look(path)),
    read: (path) => step(`read ${named(path)}`, () => nodeFileSystem.read(path)),
    list: (path) => step(`list ${named(path)}`, () => nodeFileSystem.list(path)),
    makeFolder: (path, mode) => step(`mkdir ${named(path)}`, () => nodeFileSystem.makeFolder(path, mode)),
    closeFolder: (path) => step(`chmod ${named(path)}`, () => nodeFileSystem.closeFolder(path)),
    create: (path, mode) =>
      step(`create ${named(path)}`, async () => newFile(path, await nodeFileSystem.create(path, mode))),
    link: (path, to) => step(`link ${named(path)} ${named(to)}`, () => nodeFileSystem.link(path, to)),
    rename: (from, to) => step(`rename ${named(from)} ${named(to)}`, () => nodeFileSystem.rename(from, to)),
    syncFolder: (path) => step(`sync folder ${named(path)}`, () => nodeFileSystem.syncFolder(path)),
    removeFile: (path) => step(`unlink ${named(path)}`, () => nodeFileSystem.removeFile(path)),
    removeFolder: (path) => step(`rmdir ${named(path)}`, () => nodeFileSystem.removeFolder(path)),
    lock: (path) =>
      step(`lock ${named(path)}`, async () => {
        const locking = await nodeFileSystem.lock(path);
        if (locking.kind === 'held') return locking;
        const release = async (): Promise<void> => {
          try {
            await step('unlock', () => {
              locking.release();
              return Promise.resolve();
            });
          } catch (error) {
            if (error instanceof Crash) leaveToTheDead(path);
            throw error;
          }
        };
        return { kind: 'taken', release };
      }),
  };
  return { files, steps, step };
}

let deadPid: number | undefined;

/** The lock as a killed process leaves it. This process lives on, so the next run must notice that the holder is gone. */
function leaveToTheDead(path: string): void {
  deadPid ??= spawnSync(process.execPath, ['-e', '']).pid;
  writeFileSync(path, JSON.stringify({ pid: deadPid, start: 'linux:another-boot:1' }));
}
