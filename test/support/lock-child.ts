// Acquires and releases a lock in a separate process: LOCK STEP LINKS. Kills itself before the file system call with the number STEP, or waits for a
// byte before each one if STEP is `each`. `no hard links` as LINKS makes links fail, as exFAT does. Prints the number of calls if it reaches the end.
import fs from 'node:fs';
import { acquirePidLock } from '../../src/files/lock.ts';

const [, , lock = '', step = 'none', links = ''] = process.argv;
const CALLS = [
  'linkSync',
  'mkdirSync',
  'readFileSync',
  'readdirSync',
  'renameSync',
  'rmSync',
  'writeFileSync',
] as const;
let count = 0;
let isActive = true;
for (const name of CALLS) {
  const real = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]): unknown => {
      const ours = String(args[0]).startsWith(lock) || name === 'readdirSync';
      if (isActive && ours && String(count++) === step) process.kill(process.pid, 'SIGKILL');
      if (isActive && ours && step === 'each') {
        fs.writeSync(1, '.');
        fs.readSync(0, Buffer.alloc(1));
      }
      if (name === 'linkSync' && links === 'no hard links')
        throw Object.assign(new Error('links are not supported'), { code: 'EPERM' });
      return real(...args);
    },
  });
}
const taking = acquirePidLock(lock);
isActive = step !== 'each';
if (taking.kind === 'taken') taking.release();
process.stdout.write(JSON.stringify({ kind: taking.kind, count }));
