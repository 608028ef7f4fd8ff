import { systemClock } from '../../base/clock.ts';
import { KnownError, usageError } from '../../base/errors.ts';
import { cliInvocation } from '../../base/cli-invocation.ts';
import { pathOption } from '../../text/shell.ts';
import { definitionDigest, platformOwner, readRunningState, type PlatformState } from '../state-file.ts';
import { PlatformInUseError } from '../store/owner-lock.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import { sampleDefinition } from '../../process/sample.ts';
import { loadDefinitions, startDevPlatform, stateFolder, type DevPlatform, type DevPlatformRequest } from './start.ts';

const OWNER_POLL_MS = 200;

/**
 * The platform that runs on the state folder, or a new one. One that another process is just starting or stopping there is waited for.
 * Rejects with a usage error when a definition file is given that the running one does not serve, with what `startDevPlatform` rejects with,
 * and with the signal's reason.
 */
export async function ensurePlatform(request: DevPlatformRequest): Promise<DevPlatform> {
  for (;;) {
    const running = (await readRunningState(stateFolder(request))) ?? (await waitForOwner(request));
    if (running !== undefined) return attachTo(running, request);
    try {
      return await startDevPlatform(request);
    } catch (error) {
      // Another process was faster.
      if (!(error instanceof PlatformInUseError) || error.pid === process.pid) throw error;
    }
  }
}

/** What runs on the state folder once its owner, if there is one, is ready; undefined when it has ended. */
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
  const given = await loadDefinitions(request);
  if ((request.definitionFiles ?? []).length > 0) for (const one of given ?? []) rejectUnserved(running, one);
  return {
    state: running,
    definitions: given ?? [sampleDefinition()],
    mismatches: (given ?? []).flatMap((one) => describeMismatch(running, one) ?? []),
    owned: false,
    stop: () => Promise.resolve(),
  };
}

/** Throws a usage error for a definition that a running platform, which was started with its own, does not serve as it is. */
export function rejectUnserved(running: PlatformState, definition: ProcessDefinition): void {
  const why = describeMismatch(running, definition);
  if (why === undefined) return;
  throw usageError(why, ['Stop it and start it again with this definition, or give another folder with --state-dir']);
}

function describeMismatch(running: PlatformState, definition: ProcessDefinition): string | undefined {
  const { code } = definition.process;
  const { pid, processes, digests } = running;
  const isServed = processes.includes(code);
  if (isServed && (digests === undefined || digests[code] === definitionDigest(definition))) return undefined;
  const does = isServed
    ? `serves another definition of ${code}`
    : `does not serve ${code}, only ${processes.join(', ')}`;
  return `The platform that runs here (pid ${pid}) ${does}`;
}

/** The platform that runs on the state folder; KnownError when none does. */
export async function requireRunningPlatform(request: {
  readonly cwd: string;
  readonly stateDir?: string | undefined;
}): Promise<PlatformState> {
  const stateDir = stateFolder(request);
  const running = await readRunningState(stateDir);
  if (running !== undefined) return running;
  throw new KnownError({
    message: 'No local platform runs here',
    tried: `the state of ${stateDir}`,
    next: [
      `Start it: ${cliInvocation(request.cwd)} dev${pathOption('--state-dir', request.stateDir)}`,
      'Or name its folder with --state-dir',
    ],
  });
}
