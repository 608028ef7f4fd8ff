import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { writeStateFile } from '../../src/platform/state/running-state.ts';
import { openStore } from '../../src/platform/store/store.ts';
import type { ProcessDefinition } from '../../src/process/definition.ts';
import { runningStateOf } from './running-state-of.ts';

/** Writes to `stateDir`, which must exist, the state of a platform in this process that serves the definition; nothing is listening. */
export async function leaveRunningState(
  stateDir: string,
  definition: ProcessDefinition,
  how: Parameters<typeof runningStateOf>[1] = {},
): Promise<{ close(): void }> {
  const store = openStore({ path: join(stateDir, 'state.db'), clock: systemClock });
  await writeStateFile(stateDir, runningStateOf(definition, how));
  return { close: () => store.close() };
}
