import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { programOf } from './python-project.ts';

/** The result of a check, as `--check --json` prints it. */
export interface CheckJson {
  readonly status: number;
  readonly steps: readonly { readonly step: string; readonly status: string; readonly detail: string }[];
}

/** `seconds`: the time limit. */
export interface CheckCase {
  readonly environment: Readonly<Record<string, string>>;
  readonly seconds: number;
}

/** Checks the connection of a worker several times in one process, because starting a process takes longer than a check. */
export async function runChecks(
  language: 'TypeScript' | 'Python',
  folder: string,
  cases: readonly CheckCase[],
): Promise<readonly CheckJson[]> {
  const [program, script] =
    language === 'Python' ? [programOf(folder, 'python'), 'worker_checks.py'] : [process.execPath, 'worker-checks.mjs'];
  const child = spawn(program, [join(import.meta.dirname, script)], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(cases));
  const ended = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (status !== 0) throw new Error(`${script} exited with ${String(status)}: ${stderr}`);
  return JSON.parse(stdout) as readonly CheckJson[];
}
