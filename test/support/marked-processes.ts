import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

export interface MarkedProcess {
  readonly pid: number;
  /** Program and arguments, separated by blanks. */
  readonly command: string;
}

export interface Mark {
  /** To be laid over the environment of what is started: everything that it starts in turn inherits it, orphans too. */
  readonly env: Readonly<Record<string, string>>;
  /** Those that live now. */
  alive(): readonly MarkedProcess[];
}

/** A mark by which all processes of a test are found, whoever their parent is by now. POSIX only. */
export function newMark(): Mark {
  // A name that nothing on the way takes out of the environment.
  const name = `LEAK_MARK_${randomUUID().replaceAll('-', '')}`;
  return {
    env: { [name]: '1' },
    alive: () => (process.platform === 'linux' ? byProc(name) : byPs(name)),
  };
}

function byProc(name: string): MarkedProcess[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        // A killed process that nobody has waited for has neither an environment nor a command any more.
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
