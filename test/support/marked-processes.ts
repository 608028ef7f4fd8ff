import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

export interface MarkedProcess {
  readonly pid: number;
  /** Program and arguments, separated by spaces. */
  readonly command: string;
}

export interface Mark {
  /** Add this to the environment of a process: everything it starts inherits it, including orphans. */
  readonly env: Readonly<Record<string, string>>;
  /** The marked processes that are running. */
  alive(): readonly MarkedProcess[];
  /** Kills the marked processes that are running, and returns them. For the end of a test, which expects none. */
  killLeft(): readonly MarkedProcess[];
}

/** A mark that finds all processes of a test, even when their parent is gone. POSIX only. */
export function newMark(): Mark {
  // A variable name that no program on the way removes from the environment.
  const name = `LEAK_MARK_${randomUUID().replaceAll('-', '')}`;
  const alive = (): readonly MarkedProcess[] => (process.platform === 'linux' ? byProc(name) : byPs(name));
  return {
    env: { [name]: '1' },
    alive,
    killLeft: () => {
      const left = alive();
      for (const { pid } of left) process.kill(pid, 'SIGKILL');
      return left;
    },
  };
}

function byProc(name: string): MarkedProcess[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        // A zombie no longer has an environment or a command.
        if (!readFileSync(`/proc/${entry}/environ`, 'utf8').includes(`${name}=`)) return [];
        const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0').join(' ').trim();
        return command === '' ? [] : [{ pid: Number(entry), command }];
      } catch {
        return [];
      }
    });
}

function byPs(name: string): MarkedProcess[] {
  const lines = execFileSync('ps', ['axeww', '-o', 'pid=,command='], { encoding: 'utf8' }).split('\n');
  return lines
    .filter((line) => line.includes(`${name}=`))
    .map((line) => ({ pid: Number.parseInt(line, 10), command: line.trim().replace(/^\d+\s+/, '') }));
}
