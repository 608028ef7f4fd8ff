import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { Secret } from '../../src/base/secret.ts';
import { definitionDigest, writeStateFile } from '../../src/platform/state-file.ts';
import { openStore } from '../../src/platform/store/open.ts';
import type { ProcessDefinition } from '../../src/process/definition.ts';

/** Leaves in `stateDir`, which is there, what a platform leaves that runs in this process and serves the definition; nothing listens. */
export async function leaveRunningState(
  stateDir: string,
  definition: ProcessDefinition,
  { hasDigests = true }: { readonly hasDigests?: boolean } = {},
): Promise<{ close(): void }> {
  const store = openStore({ path: join(stateDir, 'state.db'), clock: systemClock });
  const { code } = definition.process;
  await writeStateFile(stateDir, {
    pid: process.pid,
    endpoints: {
      http: 'http://127.0.0.1:7480',
      https: 'https://127.0.0.1:7443',
      engine: '127.0.0.1:7483',
      temporal: '127.0.0.1:7233',
    },
    loopback: { http: 'http://127.0.0.1:7480', https: 'https://127.0.0.1:7443' },
    application: { id: 'application', secret: new Secret('secret') },
    tenantId: 'tenant',
    namespace: 'namespace',
    caFile: 'ca.pem',
    caBundleFile: 'ca-bundle.pem',
    user: { principalId: 'user', email: 'user@local', name: 'Local user', token: new Secret('token') },
    processes: [code],
    ...(hasDigests ? { digests: { [code]: definitionDigest(definition) } } : {}),
  });
  return { close: () => store.close() };
}
