import http from 'node:http';
import https from 'node:https';
import { KnownError, messageOf } from '../base/errors.ts';
import { connectEngine } from '../engine/rpc.ts';
import { readTlsMaterial } from '../engine/material/tls-material.ts';
import type { Authority } from './pki/authority.ts';
import type { EngineTokens } from './pki/tokens.ts';
import { PROBE_HEADER, type HealthReport } from './rest/deps.ts';
import type { PartStatus } from './shared/dev-contract.ts';
import type { PlatformIdentity } from './shared/types.ts';
import type { Store } from './store/store.ts';
import { PlatformConnection } from './temporal/connection.ts';

export interface ProbeOptions {
  readonly authority: Authority;
  readonly tokens: EngineTokens;
  readonly identity: PlatformIdentity;
  readonly ports: Readonly<Record<'http' | 'https' | 'engine', { readonly port: number }>>;
  readonly temporal: string;
  readonly store: Store;
  /** Keeps the probes of the REST API out of its log. */
  readonly probeToken: string;
}

const TIMEOUT_MS = 10_000;

export function createProbes(options: ProbeOptions) {
  return {
    /** Checks every part, the gateway with mutual TLS and a token. Rejects with KnownError for the first that does not answer. */
    checkAll: async (): Promise<void> => {
      await runProbe('The store', () => options.store.checkWritable());
      await runProbe('The REST API on HTTP', () => probeHealth(options, http));
      await runProbe('The REST API on HTTPS', () => probeHealth(options, https));
      await runProbe('The engine gateway', () => probeGateway(options));
    },
    /** A quick check that only writes to the store and asks the Temporal server: whoever gets the answer has reached the rest. */
    health: async (): Promise<HealthReport> => {
      const { state } = await probeState(() => probeTemporal(options));
      // Everybody may ask: the error of the connection has the server's address.
      const temporal = { state, ...(state === 'up' ? {} : { detail: 'does not answer; see temporal.log' }) };
      const store = await probeState(() => options.store.checkWritable());
      return {
        ready: temporal.state === 'up' && store.state === 'up',
        parts: {
          store,
          temporal,
          rest: { state: 'up', address: `127.0.0.1:${options.ports.https.port}` },
          gateway: { state: 'up', address: `127.0.0.1:${options.ports.engine.port}` },
        },
      };
    },
  };
}

async function probeState(probe: () => Promise<void> | void): Promise<Omit<PartStatus, 'part'>> {
  try {
    await probe();
    return { state: 'up' };
  } catch (error) {
    return { state: 'down', detail: messageOf(error) };
  }
}

async function runProbe(part: string, probe: () => Promise<void> | void): Promise<void> {
  try {
    await probe();
  } catch (error) {
    const message = `${part} of the local KuFlow is not responding`;
    throw new KnownError({ message, seen: messageOf(error), cause: error });
  }
}

async function probeTemporal({ temporal, identity: { namespace } }: ProbeOptions): Promise<void> {
  const connection = PlatformConnection.lazy({ address: temporal });
  try {
    await connection.withDeadline(Date.now() + 3000, () => connection.workflowService.describeNamespace({ namespace }));
  } finally {
    await connection.close();
  }
}

// Any answer proves that the server is up, even if `/health` is not ready yet.
function probeHealth({ ports, authority, probeToken }: ProbeOptions, client: typeof http | typeof https) {
  const { port } = client === http ? ports.http : ports.https;
  const ca = authority.certificate;
  const headers = { [PROBE_HEADER]: probeToken };
  return new Promise<void>((resolve, reject) => {
    const request = client.get(
      { host: '127.0.0.1', port, path: '/health', headers, agent: false, timeout: TIMEOUT_MS, ca },
      (answer) => {
        answer.resume();
        answer.on('end', resolve);
        answer.on('error', reject);
      },
    );
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    request.on('error', reject);
  });
}

/** With a token and a client certificate, which only have to last for the probe. */
async function probeGateway({ authority, tokens, identity, ports }: ProbeOptions): Promise<void> {
  const { tenantId, namespace } = identity;
  const principalId = identity.application.id;
  const { token } = await tokens.issueToken({ principalId, tenantId, namespace, lifeSeconds: 60 });
  const client = await authority.issueClientCertificate({ principalId, namespace, lifeSeconds: 600 });
  const reading = readTlsMaterial({
    cert: client.certificate,
    key: client.privateKey.reveal(),
    ca: authority.certificate,
  });
  if (!reading.ok) throw new Error(reading.problems.map((problem) => problem.message).join('; '));
  const connecting = await connectEngine({
    target: { host: '127.0.0.1', port: ports.engine.port },
    material: reading.material,
    timeoutMs: TIMEOUT_MS,
  });
  if (!connecting.ok) throw new Error(connecting.facts.failure?.message ?? 'no connection');
  try {
    const answer = await connecting.connection.describeNamespace(namespace, { token, timeoutMs: TIMEOUT_MS });
    if (!answer.ok) throw new Error(answer.kind === 'not-grpc' ? `HTTP ${answer.httpStatus}` : answer.message);
  } finally {
    connecting.connection.close();
  }
}
