import { systemClock } from '../../base/clock.ts';
import { usageError } from '../../base/errors.ts';
import { definitionDigest, readRunningState, stateFolder, type PlatformState } from '../state/running-state.ts';
import { PlatformInUseError, platformOwner } from '../store/owner-lock.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import { sampleDefinition } from '../../process/sample.ts';
import { loadDefinitions, startDevPlatform, type DevPlatform, type DevPlatformRequest } from './start-dev-platform.ts';

const OWNER_POLL_MS = 200;

/**
 * Returns the platform that runs on the state folder, or starts one. If another process is just starting or stopping a platform there, waits
 * for it. Rejects with a usage error if the running platform does not serve a definition file of the request, with the errors of
 * `startDevPlatform`, and with the signal's reason.
 */
export async function ensurePlatform(request: DevPlatformRequest): Promise<DevPlatform> {
  for (;;) {
    const running = (await readRunningState(stateFolder(request))) ?? (await waitForOwner(request));
    if (running !== undefined) return attachTo(running, request);
    try {
      return await startDevPlatform(request);
    } catch (error) {
      // Another process started one in the meantime: attach to it.
      if (!(error instanceof PlatformInUseError) || error.pid === process.pid) throw error;
    }
  }
}

/** Waits until the process that owns the state folder is ready, and returns its state; undefined if there is no owner or it has ended. */
async function waitForOwner(request: DevPlatformRequest): Promise<PlatformState | undefined> {
  const stateDir = stateFolder(request);
  const pid = platformOwner(stateDir);
  if (pid === undefined || pid === process.pid) return undefined;
  request.report({ kind: 'awaiting', pid });
  let running: PlatformState | undefined;
  while (running === undefined && platformOwner(stateDir) === pid) {
    await systemClock.sleep(OWNER_POLL_MS, request.signal);
    running = await readRunningState(stateDir);
  }
  request.report({ kind: 'awaited', pid, ready: running !== undefined });
  return running;
}

async function attachTo(running: PlatformState, request: DevPlatformRequest): Promise<DevPlatform> {
  const definitions = await loadDefinitions(request);
  if ((request.definitionFiles ?? []).length > 0)
    for (const definition of definitions ?? []) rejectUnserved(running, definition);
  return {
    state: running,
    definitions: definitions ?? [sampleDefinition()],
    mismatches: (definitions ?? []).flatMap((definition) => describeMismatch(running, definition) ?? []),
    owned: false,
    stop: () => Promise.resolve(),
  };
}

/** Throws a usage error if the running platform does not serve this definition, or serves another version of it. */
export function rejectUnserved(running: PlatformState, definition: ProcessDefinition): void {
  const mismatch = describeMismatch(running, definition);
  if (mismatch === undefined) return;
  throw usageError(mismatch, ['Restart it with this definition, or use another folder with --state-dir']);
}

function describeMismatch(running: PlatformState, definition: ProcessDefinition): string | undefined {
  const { code } = definition.process;
  const { pid, processes, digests } = running;
  const isServed = processes.includes(code);
  if (isServed && digests[code] === definitionDigest(definition)) return undefined;
  const mismatch = isServed
    ? `serves a different definition of ${code}`
    : `does not serve ${code}, only ${processes.join(', ')}`;
  return `The running local KuFlow (pid ${pid}) ${mismatch}`;
}
