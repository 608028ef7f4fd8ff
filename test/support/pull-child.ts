// A pull or a rotation in a separate process that kills itself before one of its steps: PROJECT pull|rotate STEP. Its settings
// are in the environment. Prints the names of its steps if it reaches the end.
import { inspect } from 'node:util';
import { systemClock } from '../../src/base/clock.ts';
import { pullCredentials, rotateCredentials } from '../../src/commands/credentials/pull.ts';
import { faultyFiles } from './faulty-files.ts';

const [, , project = '', mode = 'pull', step = 'none'] = process.argv;
const { files, steps } = faultyFiles(step === 'none' ? undefined : { kind: 'kill', before: Number(step) });
const request = {
  flags: {},
  env: process.env,
  cwd: project,
  stdin: process.stdin,
  clock: systemClock,
  signal: new AbortController().signal,
  report: () => undefined,
  files,
};
const run =
  mode === 'rotate'
    ? rotateCredentials(request)
    : pullCredentials({ ...request, flags: { force: true, withToken: true } });
run.then(
  () => {
    process.stdout.write(JSON.stringify(steps), () => process.exit(0));
  },
  (error: unknown) => {
    process.stderr.write(`${inspect(error)}\n`, () => process.exit(1));
  },
);
