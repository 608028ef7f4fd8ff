import { readFileSync } from 'node:fs';

/**
 * When a process began, as Linux tells it (boot and ticks since then): a reused process id has another one. `gone` for a killed process that nobody
 * has waited for; undefined where the system does not tell.
 */
export function processStartId(pid: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the name, may hold spaces and parentheses; the state is the third, the start the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return 'gone';
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19] ?? ''}`;
  } catch {
    return undefined;
  }
}

/** Whether `pid` is still the process that began at `start`; where starts are not told, whether any process has that id. */
export function isSameProcess(pid: number, start: string | undefined): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = processStartId(pid);
  if (now === 'gone') return false;
  return now === undefined || start === undefined || now === start;
}
