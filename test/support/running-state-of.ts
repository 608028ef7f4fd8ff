import { Secret } from '../../src/base/secret.ts';
import { definitionDigest, type PlatformState } from '../../src/platform/state/running-state.ts';
import type { ProcessDefinition } from '../../src/process/definition.ts';

/** The state that a platform in this process would write for this definition. */
export function runningStateOf(
  definition: ProcessDefinition,
  { http, token = new Secret('token') }: { readonly http?: string; readonly token?: Secret } = {},
): PlatformState {
  const { code } = definition.process;
  return {
    pid: process.pid,
    endpoints: {
      http: 'http://127.0.0.1:7480',
      https: http ?? 'https://127.0.0.1:7443',
      engine: '127.0.0.1:7483',
      temporal: '127.0.0.1:7233',
    },
    loopback: { http: http ?? 'http://127.0.0.1:7480', https: http ?? 'https://127.0.0.1:7443' },
    application: { id: '018f3a1c-0000-7000-8000-0000000000aa', secret: new Secret('secret') },
    tenantId: '018f3a1c-0000-7000-8000-0000000000bb',
    namespace: 'namespace',
    caFile: 'ca.pem',
    caBundleFile: 'ca-bundle.pem',
    user: { principalId: 'user', email: 'user@local', name: 'Local user', token },
    processes: [code],
    taskQueues: { [code]: definition.workflow?.taskQueue ?? '' },
    digests: { [code]: definitionDigest(definition) },
  };
}
