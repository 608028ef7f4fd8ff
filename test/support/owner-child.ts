// Holds the lock of a platform's state until its input ends, like a platform that is starting: FOLDER. Prints `owns`. After a line of input
// it writes the state of a platform that is ready and serves the sample process.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { writeStateFile } from '../../src/platform/state/running-state.ts';
import { databasePath, takeOwnerLock } from '../../src/platform/store/owner-lock.ts';
import { sampleDefinition } from '../../src/process/sample.ts';
import { runningStateOf } from './running-state-of.ts';

const [, , folder = ''] = process.argv;
const lock = takeOwnerLock(databasePath(folder));
process.stdout.write('owns\n');
const input = createInterface({ input: process.stdin });
input.on('line', () => void writeStateFile(folder, runningStateOf(sampleDefinition())));
await once(input, 'close');
lock.release();
