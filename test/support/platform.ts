import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPlatform, type RunningPlatform } from '../../src/platform/start.ts';
import type { PlatformEvent, PlatformOptions } from '../../src/platform/shared/types.ts';
import { sampleDefinition } from '../../src/process/sample.ts';
import { supervisorEntry } from './supervisor-entry.ts';
import { temporalPath } from './temporal-path.ts';

export interface TestPlatform {
  readonly platform: RunningPlatform;
  readonly events: PlatformEvent[];
  readonly stateDir: string;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

/** A platform on free ports; it serves the sample process by default. Without a folder for its state it is ephemeral, which starts faster. */
export async function startTestPlatform(options: Partial<PlatformOptions> = {}): Promise<TestPlatform> {
  const events: PlatformEvent[] = [];
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), 'kuflow-platform-')));
  const anyPort = { kind: 'exact', port: 0 } as const;
  const platform = await startPlatform({
    definitions: [sampleDefinition()],
    temporalPath: await temporalPath(),
    supervisorEntry: await supervisorEntry(),
    ports: { http: anyPort, https: anyPort, engine: anyPort },
    report: (event) => events.push(event),
    ephemeral: options.stateDir === undefined,
    ...options,
    stateDir,
  });
  return {
    platform,
    events,
    stateDir,
    remove: async () => {
      await platform.stop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
