// Changes the files of a project in a separate process that kills itself before one of its file system calls: FOLDER CHANGES STEP. CHANGES:
// JSON as in `ChangeText`. Prints the number of calls if it reaches the end.
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import { writeJournaled } from '../../src/project/edit/journal.ts';
import { lockProject } from '../../src/project/edit/project-lock.ts';

/** A change with texts. */
export interface ChangeText {
  readonly path: string;
  readonly before?: string;
  readonly after?: string;
  readonly mode: 0o644 | 0o755;
}

const [, , folder = '', changes = '[]', step = 'none'] = process.argv;
let count = 0;
const watch = (module: object, names: readonly string[]): void => {
  for (const name of names) {
    const real = Reflect.get(module, name) as (...args: unknown[]) => unknown;
    Reflect.set(module, name, (...args: unknown[]): unknown => {
      if (String(count++) === step) process.kill(process.pid, 'SIGKILL');
      return real(...args);
    });
  }
};
watch(fs, ['mkdirSync', 'openSync', 'writeFileSync', 'fchmodSync', 'linkSync', 'rmSync']);
watch(fsPromises, ['open', 'rename', 'link', 'copyFile', 'rm', 'rmdir']);

const toBytes = (text: string | undefined): Uint8Array | undefined =>
  text === undefined ? undefined : Buffer.from(text);
const release = lockProject(folder, 'Could not write the project');
void writeJournaled(
  folder,
  (JSON.parse(changes) as readonly ChangeText[]).map((change) => ({
    ...change,
    before: toBytes(change.before),
    after: toBytes(change.after),
  })),
).then(() => {
  release();
  process.stdout.write(String(count));
});
