import { join } from 'node:path';
import { execa } from 'execa';
import { programOf } from './python-project.ts';

/** The result of a check, as `--check --json` prints it. */
export interface CheckJson {
  readonly status: number;
  readonly steps: readonly { readonly step: string; readonly status: string; readonly detail: string }[];
}

/** The result of a check in `runChecks`. `limit`: the time limit in seconds. */
export interface LimitedCheck extends CheckJson {
  readonly limit: number;
}

/** `seconds`: the time limit, from the start of the check. */
export interface CheckCase {
  readonly environment: Readonly<Record<string, string>>;
  readonly seconds: number;
}

/** Checks the connection of a worker several times in one process, because starting a process takes longer than a check. */
export async function runChecks(
  language: 'TypeScript' | 'Python',
  folder: string,
  cases: readonly CheckCase[],
): Promise<readonly LimitedCheck[]> {
  const [program, script] =
    language === 'Python' ? [programOf(folder, 'python'), 'worker_checks.py'] : [process.execPath, 'worker-checks.mjs'];
  const { stdout } = await execa(program, [join(import.meta.dirname, script)], {
    cwd: folder,
    input: JSON.stringify(cases),
  });
  return JSON.parse(stdout) as readonly LimitedCheck[];
}
