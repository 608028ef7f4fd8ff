// Runs a user of the staged write in a separate process that kills itself before one of its file system calls: FOLDER NAME STEP. Prints the
// number of calls if it reaches the end.
import { faultyFiles } from './faulty-files.ts';
import { STAGED_WRITE_USERS } from './staged-write-users.ts';

const [, , folder = '', name = '', step = 'none'] = process.argv;
const { files, steps } = faultyFiles(step === 'none' ? undefined : { kind: 'kill', before: Number(step) });
const user = STAGED_WRITE_USERS.find((one) => one.name === name);
void user?.run(folder, files).then(() => process.stdout.write(String(steps.length)));
