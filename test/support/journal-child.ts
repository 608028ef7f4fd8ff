// Changes the files of a project in a separate process that kills itself before one of its file system calls: FOLDER CHANGES STEP. CHANGES:
// JSON as in `ChangeText`. Prints the number of calls if it reaches the end.
import { lockProject, projectStaging } from '../../src/project/edit/journal.ts';
import { writeStaged } from '../../src/files/staged-write.ts';
import { faultyFiles } from './faulty-files.ts';

/** A change with texts. */
export interface ChangeText {
  readonly path: string;
  readonly before?: string;
  readonly after?: string;
  readonly mode: 0o644 | 0o755;
}

const [, , folder = '', changes = '[]', step = 'none'] = process.argv;
const { files, steps } = faultyFiles(step === 'none' ? undefined : { kind: 'kill', before: Number(step) });
const toBytes = (text: string | undefined): Uint8Array | undefined =>
  text === undefined ? undefined : Buffer.from(text);
const release = lockProject(folder, 'Could not write the project');
void writeStaged(
  projectStaging(folder, files),
  (JSON.parse(changes) as readonly ChangeText[]).map((change) => ({
    ...change,
    before: toBytes(change.before),
    after: toBytes(change.after),
  })),
).then(() => {
  release();
  process.stdout.write(String(steps.length));
});
