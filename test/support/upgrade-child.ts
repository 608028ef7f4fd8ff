// Upgrades a state file in a separate process, as a successful start of the platform does. Arguments: the file, and the index of a write. The process
// kills itself before that write. With `none`, it prints the number of writes.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { systemClock } from '../../src/base/clock.ts';
import { openStore } from '../../src/platform/store/store.ts';

const [, , file = '', step = 'none'] = process.argv;
const WRITES = ['openSync', 'writeSync', 'fsyncSync', 'ftruncateSync', 'renameSync', 'unlinkSync', 'rmSync'] as const;
let writes = 0;
for (const name of WRITES) {
  const write = fs[name] as (...args: unknown[]) => unknown;
  fs[name] = ((...args: unknown[]) => {
    if (String(writes++) === step) process.kill(process.pid, 'SIGKILL');
    return write(...args);
  }) as never;
}
syncBuiltinESMExports();
const store = openStore({ path: file, clock: systemClock });
store.removeOldState();
store.close();
process.stdout.write(String(writes));
