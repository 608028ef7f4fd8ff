// Connects with the files in tls/ through Temporal's TypeScript SDK and prints the outcome.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// The folder in which @temporalio/worker is installed; this package does not depend on it.
const { NativeConnection, Runtime } = createRequire(join(process.argv[2], 'x.js'))('@temporalio/worker');
Runtime.install({ logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} } });
const file = (name) => readFileSync(join('tls', name));
try {
  await NativeConnection.connect({
    address: process.env.TEMPORAL_TARGET,
    tls: {
      serverRootCACertificate: file('ca.pem'),
      clientCertPair: { crt: file('client.pem'), key: file('client.key') },
    },
  });
  console.log('connects');
} catch (error) {
  console.log(String(error));
}
process.exit(0);
