/** A child process whose files can't grow beyond a limit. It fills the store, and prints what a check of the store then says. */
import { systemClock } from '../../../../src/base/clock.ts';
import { messageOf } from '../../../../src/base/errors.ts';
import { openStore } from '../../../../src/platform/store/store.ts';
import { getMeta, setMeta } from '../../../../src/platform/store/people.ts';

// Like a full disk, the limit then makes writing fail, instead of ending the process.
process.on('SIGXFSZ', () => undefined);
const [path = ''] = process.argv.slice(2);
const store = openStore({ path, clock: systemClock });
const check = (): string => {
  try {
    store.checkWritable();
    return 'writable';
  } catch (error) {
    return messageOf(error);
  }
};
const said = [check()];
let written = 0;
try {
  for (; ; written++) store.transaction(() => setMeta(store.sql, `key ${written}`, 'x'.repeat(20_000)));
} catch {
  said.push(check());
}
said.push(getMeta(store.sql, `key ${written - 1}`) === undefined ? 'lost' : 'kept');
process.stdout.write(JSON.stringify(said));
