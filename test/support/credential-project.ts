import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { Secret } from '../../src/base/secret.ts';
import {
  installCredentialSet,
  type PullSetRequest,
  type PullResult,
} from '../../src/commands/credentials/store/install-set.ts';
import { nodeFileSystem } from '../../src/files/node-file-system.ts';
import {
  identityFromSettings,
  type EngineIdentity,
} from '../../libraries/typescript/src/internal/engine-certificate.ts';
import { loadSettings } from '../../libraries/typescript/src/internal/settings.ts';
import type { TestAuthority } from './certificates.ts';

export const CLIENT_ID = '018f3a1c-0000-7000-8000-000000000001';
export const CLIENT_SECRET = 'canary-client-secret';
export const APPLICATION =
  'kuflow:\n  api: # who we are\n    client-id: 018f3a1c-0000-7000-8000-000000000001\ntemporal:\n  kuflow-queue: Q\n';
export const LOCAL = `# mine\nkuflow:\n  api:\n    client-secret: ${CLIENT_SECRET} # keep\nworker:\n  health-port: 0\n`;

/** A folder with a worker's application files. */
export function credentialProject(folder: string, local: string | null = LOCAL): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'application.yaml'), APPLICATION);
  if (local !== null) writeFileSync(join(folder, 'application-local.yaml'), local, { mode: 0o600 });
  return folder;
}

export interface Issuing {
  /** Number of certificates requested. */
  count: number;
  readonly request: PullSetRequest['requestMaterial'];
}

/** Issues a new certificate for each request, as KuFlow does. */
export function issuing(authority: TestAuthority, namespace = 'loans', days = 30): Issuing {
  const state: Issuing = {
    count: 0,
    request: async () => {
      state.count += 1;
      const { cert, key } = await authority.issue({ commonName: `app-${state.count}`, fromDays: 0, toDays: days });
      return { namespace, text: { cert, key, ca: authority.cert } };
    },
  };
  return state;
}

export function pullRequest(project: string, issued: Issuing, over: Partial<PullSetRequest> = {}): PullSetRequest {
  return {
    project,
    endpoint: 'https://api.kuflow.com/v2024-06-14',
    principal: CLIENT_ID,
    target: 'engine.kuflow.com:443',
    env: {},
    force: false,
    dryRun: false,
    keepToken: false,
    requestMaterial: issued.request,
    files: nodeFileSystem,
    clock: systemClock,
    ...over,
  };
}

export function pull(project: string, issued: Issuing, over: Partial<PullSetRequest> = {}): Promise<PullResult> {
  return installCredentialSet(pullRequest(project, issued, over));
}

export const tokenOf = (text: string, lifeMs = 3_600_000) => ({
  token: new Secret(text),
  expiredAt: new Date(Date.now() + lifeMs).toISOString(),
});

/** The identity a worker reads from the folder's files, or undefined. Throws when the files contradict each other. */
export function identityInFiles(
  project: string,
  env: Readonly<Record<string, string>> = {},
): EngineIdentity | undefined {
  return identityFromSettings(loadSettings(project, env));
}

export function localText(project: string): string | undefined {
  const path = join(project, 'application-local.yaml');
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
