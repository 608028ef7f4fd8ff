import { kuflowEntries } from '../../src/bin/commands.ts';
import { runProgram } from '../../src/cli/run-program.ts';
import type { Ran } from './create-worker.ts';
import { fakeHost } from './fake-host.ts';

export const KUFLOW_PROGRAM = {
  name: 'kuflow',
  description: 'Test',
  version: '9.9.9',
  invocation: 'npx kuflow',
  commands: kuflowEntries,
};

/** Runs `kuflow` in this process, without a terminal. */
export async function runKuflow(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const fake = fakeHost(args, { cwd, env });
  const status = await runProgram(KUFLOW_PROGRAM, fake.host);
  return { status, stdout: fake.stdout(), stderr: fake.stderr() };
}
