// Takes a lock again and again, next to other processes: LOCK SEED LINKS TIMES. Prints `taken` each time, and what is wrong if another running process has
// the lock too. With a seed other than 0, it kills itself before one of its file system calls. `no hard links` as LINKS makes links fail, as exFAT does.
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { isAlive, ownIdentity, type ProcessIdentity } from '../../src/base/process-identity.ts';
import { acquirePidLock } from '../../src/files/lock.ts';

const [, , lock = '', seed = '0', links = '', times = '3'] = process.argv;
const CALLS = ['linkSync', 'mkdirSync', 'readFileSync', 'renameSync', 'rmSync', 'writeFileSync'] as const;

const killAt = seed === '0' ? Infinity : (Number(seed) * 7919) % 61;
let calls = 0;
for (const name of CALLS) {
  const real = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]): unknown => {
      if (calls++ === killAt) process.kill(process.pid, 'SIGKILL');
      if (name === 'linkSync' && links === 'no hard links')
        throw Object.assign(new Error('links are not supported'), { code: 'EPERM' });
      return real(...args);
    },
  });
}

const own = JSON.stringify(ownIdentity());
const owner = join(dirname(lock), 'owner');
const readOwner = (): string => (fs.existsSync(owner) ? fs.readFileSync(owner, 'utf8') : '');
const report = (line: string): void => void fs.writeSync(1, `${line}\n`);

for (let taken = 0; taken < Number(times);) {
  const taking = acquirePidLock(lock);
  if (taking.kind !== 'taken') {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    continue;
  }
  taken += 1;
  const before = readOwner();
  // A killed process may have left its name, or a part of it.
  if (before.endsWith('}') && isAlive(JSON.parse(before) as ProcessIdentity))
    report(`${own} holds it together with ${before}`);
  fs.writeFileSync(owner, own);
  for (let reads = 0; reads < 20; reads++) {
    const now = readOwner();
    if (now !== own) report(`${own} holds it, and ${now} too`);
  }
  report('taken');
  fs.writeFileSync(owner, '');
  taking.release();
}
