/** A child process for the kill test. It writes endlessly, and prints each number after its commit has returned. */
import { writeSync } from 'node:fs';

import { systemClock } from '../../../../src/base/clock.ts';
import { openStore } from '../../../../src/platform/store/store.ts';
import { setMeta } from '../../../../src/platform/store/people.ts';

const [path = '', first = '0'] = process.argv.slice(2);
const store = openStore({ path, clock: systemClock });
for (let number = Number(first); ; number++) {
  store.transaction(() => {
    setMeta(store.sql, `written-${number}`, 'x'.repeat(2000));
    setMeta(store.sql, 'last', String(number));
  });
  writeSync(1, `${number}\n`);
}
