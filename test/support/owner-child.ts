// Holds the lock of a platform's state, as one does that is just starting, until its input ends: FOLDER. It says `owns`. At a line on its input
// it leaves the state of one that is ready and serves the sample process.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { writeStateFile } from '../../src/platform/state-file.ts';
import { takeOwnerLock } from '../../src/platform/store/owner-lock.ts';
import { ownerLockPath, storePath } from '../../src/platform/store/store-path.ts';
import { sampleDefinition } from '../../src/process/sample.ts';
import { runningStateOf } from './running-state-of.ts';

const [, , folder = ''] = process.argv;
const lock = takeOwnerLock(ownerLockPath(storePath(folder)), folder);
process.stdout.write('owns\n');
const input = createInterface({ input: process.stdin });
input.on('line', () => void writeStateFile(folder, runningStateOf(sampleDefinition())));
await once(input, 'close');
lock.release();
