import { packageVersion } from '../../base/package-root.ts';
import { withoutUndefined } from '../../base/json.ts';
import { platformEnvironment } from '../shared/environment.ts';
import type { RestDeps } from './deps.ts';
import type { PrincipalRow } from '../store/people.ts';
import type { EnvironmentVariables, PartStatus, PlatformStatus } from '../shared/contract.ts';

const PARTS: readonly PartStatus['part'][] = ['store', 'temporal', 'gateway', 'rest'];

export async function readPlatformStatus(deps: RestDeps, principal: PrincipalRow): Promise<PlatformStatus> {
  const { identity, run } = deps;
  const { http, https, engine, temporalUi } = run.endpoints;
  const { parts } = await deps.health();
  return withoutUndefined({
    version: packageVersion(),
    startedAt: run.startedAt,
    folder: process.cwd(),
    stateDir: run.stateDir,
    tenantId: identity.tenantId,
    namespace: identity.namespace,
    parts: PARTS.map((part): PartStatus => {
      const { state, address, detail } = parts[part] ?? { state: 'down' };
      return { part, state: state === 'up' ? 'up' : 'down', ...withoutUndefined({ address, detail }) };
    }),
    endpoints: { http, https, engine },
    temporalUi,
    clock: deps.time.status(),
    principal: { id: principal.id, name: principal.name },
  });
}

export function readWorkerVariables({ identity, run }: RestDeps): EnvironmentVariables {
  const { endpoints, caFile, caBundleFile } = run;
  const { application, tenantId } = identity;
  return { variables: platformEnvironment({ endpoints, application, tenantId, caFile, caBundleFile }) };
}
