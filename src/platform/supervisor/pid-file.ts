import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { renameFileSync } from '../../files/rename.ts';
import { isSameProcess, processStartId } from '../../base/process-identity.ts';
import { signalTree } from '../../base/process-tree.ts';

// Two servers on one database file would each believe that they own it. The owner of a folder starts only one
// supervisor at a time. This file makes sure that the previous supervisor and its process are gone.

interface RecordedProcess {
  readonly pid: number;
  /** Undefined where the system does not provide it. */
  readonly start?: string | undefined;
}

interface PidFileContent {
  readonly supervisor: RecordedProcess;
  readonly child?: RecordedProcess | undefined;
}

const POLL = 20;

/**
 * Waits until the processes recorded in `path` are gone, then records this one. Terminates a process whose supervisor
 * was killed, if it is certain that it is that process. Rejects if a process is still running after `timeoutMs`.
 */
export async function claimPidFile(path: string, timeoutMs: number): Promise<void> {
  const since = Date.now();
  let isTerminated = false;
  for (;;) {
    const { supervisor, child } = readPidFile(path) ?? {};
    const running = [supervisor, child].filter((one) => one !== undefined && isSameProcess(one.pid, one.start));
    if (running.length === 0) break;
    const waited = Date.now() - since;
    if (waited > timeoutMs) {
      const pids = running.map((one) => one?.pid).join(', ');
      throw new Error(
        `the previous process is still running (pid ${pids}); end it, or delete ${path} if that pid is another program`,
      );
    }
    // Its supervisor was killed. SIGTERM is sent only once.
    const isOrphan = child?.start !== undefined && !running.includes(supervisor) && process.platform !== 'win32';
    const isLate = waited > timeoutMs / 2;
    if (isOrphan && (isLate || !isTerminated)) signalTree(child.pid, isLate ? 'SIGKILL' : 'SIGTERM');
    isTerminated ||= isOrphan;
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
  writePidFile(path, { supervisor: toRecordedProcess(process.pid) });
}

/** Records the supervised process too. */
export function addToPidFile(path: string, child: number): void {
  writePidFile(path, { supervisor: toRecordedProcess(process.pid), child: toRecordedProcess(child) });
}

/** Deletes the file if this process wrote it and the supervised process is gone. */
export function releasePidFile(path: string): void {
  const recorded = readPidFile(path);
  if (recorded?.supervisor.pid !== process.pid) return;
  if (recorded.child === undefined || !isSameProcess(recorded.child.pid, recorded.child.start))
    rmSync(path, { force: true });
}

function toRecordedProcess(pid: number): RecordedProcess {
  return { pid, start: processStartId(pid) };
}

function writePidFile(path: string, content: PidFileContent): void {
  // Atomic, because this process may be killed at any moment.
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(content), { mode: 0o600 });
  renameFileSync(temporary, path);
}

function readPidFile(path: string): PidFileContent | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as PidFileContent;
  } catch {
    return undefined;
  }
}
