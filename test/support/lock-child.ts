// Acquires and releases a lock in a separate process that kills itself before one of its file system calls:
// LOCK STEP. Prints the number of calls if it reaches the end.
import fs from 'node:fs';
import { acquirePidLock } from '../../src/files/pid-lock.ts';

const [, , lock = '', step = 'none'] = process.argv;
const CALLS = ['linkSync', 'readFileSync', 'readdirSync', 'renameSync', 'rmSync', 'writeFileSync'] as const;
let count = 0;
for (const name of CALLS) {
  const real = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]): unknown => {
      const ours = String(args[0]).startsWith(lock) || name === 'readdirSync';
      if (ours && String(count++) === step) process.kill(process.pid, 'SIGKILL');
      return real(...args);
    },
  });
}
const taking = acquirePidLock(lock);
if (taking.kind === 'taken') taking.release();
process.stdout.write(JSON.stringify({ kind: taking.kind, count }));
