import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

// A pid alone does not identify a process, because the system reuses it. Together with the time the process started, it does.

/** The start id of a killed process whose parent has not waited for it. It keeps its pid but no longer runs. */
const ZOMBIE = 'zombie';

// Process lists give start times in whole seconds, and those times follow clock corrections.
const START_TOLERANCE_MS = 5_000;

/** Whether a process with this pid exists, whoever started it. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process started, as `<boot id>:<clock ticks since boot>`. Undefined on systems other than Linux. */
export function processStartId(pid: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the name, may contain spaces and parentheses. The state is field 3, the start time field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return ZOMBIE;
    const ticks = fields[19];
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return ticks === undefined ? undefined : `${boot}:${ticks}`;
  } catch {
    return undefined;
  }
}

/**
 * Whether `pid` is still the process whose `processStartId` was `startId`. On systems without start ids, any process with that
 * pid counts. Cheap enough to call often: never starts another program.
 */
export function isSameProcess(pid: number, startId: string | undefined): boolean {
  if (!isRunning(pid)) return false;
  const current = processStartId(pid);
  if (current === ZOMBIE) return false;
  return current === undefined || startId === undefined || current === startId.replace(/^linux:/, '');
}

/** A process as a lock file names it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** `linux:<processStartId>`, or `at:<milliseconds since the epoch>` on systems without start ids. */
  readonly start: string;
}

export function ownIdentity(): ProcessIdentity {
  const id = processStartId(process.pid);
  return { pid: process.pid, start: id === undefined ? `at:${Math.round(performance.timeOrigin)}` : `linux:${id}` };
}

/** Start times of running processes, with the time when each was read. */
const startTimes = new Map<number, { readonly startedAt: number | undefined; readonly readAt: number }>();

/** Whether that process is still running. Where the system does not say when `pid` started, it counts as running. */
export function isAlive({ pid, start }: ProcessIdentity, platform: NodeJS.Platform = process.platform): boolean {
  if (platform === 'linux') return isSameProcess(pid, start);
  if (!isRunning(pid)) {
    startTimes.delete(pid);
    return false;
  }
  const startedAt = recentStartTime(pid, platform);
  if (startedAt === undefined) return true;
  return start.startsWith('at:') && Math.abs(startedAt - Number(start.slice(3))) <= START_TOLERANCE_MS;
}

/** Cached, because a wait for a lock asks many times a second, and each answer runs another program. */
function recentStartTime(pid: number, platform: NodeJS.Platform): number | undefined {
  const known = startTimes.get(pid);
  if (known !== undefined && performance.now() - known.readAt < START_TOLERANCE_MS) return known.startedAt;
  const startedAt = processStartTime(pid, platform);
  startTimes.set(pid, { startedAt, readAt: performance.now() });
  return startedAt;
}

/** When a process started, in milliseconds since the epoch, from the process list of macOS, BSD or Windows. */
function processStartTime(pid: number, platform: NodeJS.Platform): number | undefined {
  const script = `(Get-Process -Id ${pid}).StartTime.ToUniversalTime().ToString('o')`;
  const [command, args] =
    platform === 'win32'
      ? ['powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', script]]
      : ['ps', ['-o', 'lstart=', '-p', String(pid)]];
  try {
    const text = execFileSync(command, args, {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    const time = Date.parse(text.trim());
    return Number.isNaN(time) ? undefined : time;
  } catch {
    return undefined;
  }
}
