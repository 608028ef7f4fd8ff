// Runs the local platform in a separate process, as in real use. Reads its options as one line of JSON from stdin,
// prints one line of JSON with its addresses, and exits when stdin ends.
import { createInterface } from 'node:readline';
import { startPlatform } from '../src/platform/start.ts';

interface HostOptions {
  readonly stateDir: string;
  readonly temporalPath: string;
  readonly supervisorEntry: string;
  readonly dynamicConfig: Readonly<Record<string, unknown>>;
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const first = await lines.next();
const options = JSON.parse(String(first.value)) as HostOptions;
// Without `unshare`, the Temporal server listens on loopback, where SDKs can also connect to it directly.
process.env['PATH'] = '';
const anyPort = { kind: 'exact', port: 0 } as const;
const platform = await startPlatform({
  ...options,
  definitions: [
    {
      process: { code: 'BENCH' },
      workflow: { type: 'bench', taskQueue: 'BENCH' },
      tasks: [{ code: 'T', kind: 'human' }],
    },
  ],
  ports: { http: anyPort, https: anyPort, engine: anyPort },
});
const { endpoints, identity } = platform;
process.stdout.write(
  `${JSON.stringify({
    ...endpoints,
    namespace: identity.namespace,
    clientId: identity.application.id,
    clientSecret: identity.application.secret.reveal(),
  })}\n`,
);
await lines.next();
await platform.stop();
process.exit(0);
