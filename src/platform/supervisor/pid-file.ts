import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isSameProcess, processStartId } from '../../base/process-identity.ts';

// Two servers on one database file would both believe that it is theirs. The owner of a folder sees to it that only one
// supervisor is wanted at a time; this file sees to it that the one before, with what it kept, is gone.

interface RecordedProcess {
  readonly pid: number;
  /** Undefined where the system does not tell. */
  readonly start?: string;
}

interface PidFileContent {
  readonly supervisor: RecordedProcess;
  readonly child?: RecordedProcess;
}

const POLL = 20;

/**
 * Waits until the processes that `path` names are gone, then names this one. What a killed supervisor left behind is
 * ended, where it is certain that it is the same process. Rejects when something is still there after `within` milliseconds.
 */
export async function claimPidFile(path: string, within: number): Promise<void> {
  const since = Date.now();
  const polite = { done: false };
  for (;;) {
    const left = findRunning(path);
    if (left.length === 0) break;
    const late = Date.now() - since;
    if (late > within) {
      const pids = left.map(({ pid }) => pid).join(', ');
      throw new Error(
        `the one before is still running (pid ${pids}); end it, or remove ${path} if that is something else`,
      );
    }
    terminateOrphan(path, late > within / 2 ? 'SIGKILL' : 'SIGTERM', polite);
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
  writePidFile(path, { supervisor: toRecordedProcess(process.pid) });
}

/** Names the kept process too. */
export function addToPidFile(path: string, child: number): void {
  writePidFile(path, { supervisor: toRecordedProcess(process.pid), child: toRecordedProcess(child) });
}

/** Removes the file if it names this process and what it kept is gone. */
export function releasePidFile(path: string): void {
  const holders = readPidFile(path);
  if (holders?.supervisor.pid !== process.pid) return;
  if (holders.child === undefined || !isSameProcess(holders.child.pid, holders.child.start))
    rmSync(path, { force: true });
}

function findRunning(path: string): readonly RecordedProcess[] {
  const holders = readPidFile(path);
  if (holders === undefined) return [];
  const all = holders.child === undefined ? [holders.supervisor] : [holders.supervisor, holders.child];
  return all.filter(({ pid, start }) => isSameProcess(pid, start));
}

function terminateOrphan(path: string, signal: 'SIGTERM' | 'SIGKILL', polite: { done: boolean }): void {
  const holders = readPidFile(path);
  if (holders?.child === undefined || holders.child.start === undefined || process.platform === 'win32') return;
  const { supervisor, child } = holders;
  if (isSameProcess(supervisor.pid, supervisor.start) || !isSameProcess(child.pid, child.start)) return;
  if (signal === 'SIGTERM' && polite.done) return;
  polite.done = true;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Gone in between.
  }
}

function toRecordedProcess(pid: number): RecordedProcess {
  const start = processStartId(pid);
  return start === undefined ? { pid } : { pid, start };
}

function writePidFile(path: string, holders: PidFileContent): void {
  // Whole or not at all: this process may be killed at any moment.
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(holders), { mode: 0o600 });
  renameSync(temporary, path);
}

function readPidFile(path: string): PidFileContent | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as PidFileContent;
  } catch {
    return undefined;
  }
}
