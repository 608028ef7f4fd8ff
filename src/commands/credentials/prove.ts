import { KnownError, interruptedError } from '../../base/errors.ts';
import type { CredentialSet } from './set.ts';
import type { EngineProof } from './store/pull-set.ts';
import { checkConnection } from '../../diagnostics/check-connection.ts';
import { inspectConnection, type InspectedConnection } from '../../connection/inspect.ts';
import type { ConnectionReport } from '../../diagnostics/report.ts';
import { readTarget } from '../../engine/dial/target.ts';
import { readTlsMaterial } from '../../engine/material/tls-material.ts';
import { connectEngine, type RpcResult, type SystemInfo } from '../../engine/rpc.ts';
import type { ResolvedSettings } from '../../settings/resolve.ts';

const STEP_MS = 8_000;
const ISSUED = "KuFlow's engine certificate";
/** Answers of an engine that took the certificate, and wants a token for this call or does not have it. */
const TAKEN: readonly string[] = ['UNAUTHENTICATED', 'PERMISSION_DENIED', 'UNIMPLEMENTED'];

export interface EngineProofRequest {
  readonly settings: ResolvedSettings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Also DescribeNamespace, which needs the set to have a token. */
  readonly describeNamespace: boolean;
  /** What to do where the engine is not reached from here; absent where the proof is a must. */
  readonly otherwise?: string;
}

/**
 * Shows a set to the engine as a worker would: handshake with a look at what comes after it, GetSystemInfo, and DescribeNamespace where asked.
 * Rejects with a KnownError that names the cause, status 4 when it could not be told.
 */
export async function verifyCertificateWithEngine(
  set: CredentialSet,
  request: EngineProofRequest,
): Promise<EngineProof> {
  const { env, signal } = request;
  const connection = await connectionWith(set, request);
  const { token } = set;
  const report = await checkConnection(connection, {
    only: [token === undefined ? 'KF-TLS-003' : request.describeNamespace ? 'KF-ENGINE-002' : 'KF-ENGINE-001'],
    env,
    signal,
    // The certificate came from there.
    accepted: true,
    ...(token && { token: { token: token.value, expiredAt: new Date(token.expiresAt).toISOString() } }),
  });
  const handshake = report.results.some(({ id, state }) => id === 'KF-TLS-003' && state === 'pass');
  if (token === undefined ? !handshake : report.status !== 0) throw failed(report, set, request);
  const server = token === undefined ? await systemInfo(set, connection, request) : summaryOf(report, 'KF-ENGINE-001');
  return { summary: [server, ...(request.describeNamespace ? namespaceSeen(report) : [])].filter(Boolean).join(', ') };
}

/** A look that the engine does not give is no reason to keep an old certificate, and is told. */
function namespaceSeen({ results }: ConnectionReport): readonly string[] {
  return results
    .filter(({ id }) => id === 'KF-ENGINE-002')
    .map(({ state, summary }) => (state === 'skip' ? `namespace not verified: ${summary}` : `namespace ${summary}`));
}

/** The connection with the set instead of what the settings say about a certificate. */
async function connectionWith(set: CredentialSet, { settings, env }: EngineProofRequest): Promise<InspectedConnection> {
  const connection = await inspectConnection({ settings, problems: [], warnings: [] }, env);
  const text = { cert: set.certificate, key: set.privateKey.reveal(), ca: set.authorities };
  return {
    ...connection,
    namespace: { value: set.namespace, source: ISSUED },
    material: { kind: 'given', source: ISSUED, read: () => Promise.resolve(text) },
  };
}

/** Asked without a token: some engines answer this call to whoever has a certificate, others say that they want one. */
async function systemInfo(
  set: CredentialSet,
  connection: InspectedConnection,
  request: EngineProofRequest,
): Promise<string> {
  const { signal } = request;
  const [target, material] = [
    readTarget(set.target),
    readTlsMaterial({ cert: set.certificate, key: set.privateKey.reveal(), ca: set.authorities }),
  ];
  if (!target.ok || !material.ok) throw new Error('a set that was verified before');
  const connecting = await connectEngine({
    target: target.target,
    material: material.material,
    timeoutMs: STEP_MS,
    signal,
    serverName: set.serverName,
    proxy: connection.engineProxy,
    proxyCa: connection.proxyCa,
  });
  if (!connecting.ok) {
    const { failure } = connecting.facts;
    throw notProven(set, request, failure?.message ?? 'no connection', failure?.timedOut === true);
  }
  try {
    const result = await connecting.connection.getSystemInfo({ timeoutMs: STEP_MS, signal });
    if (signal.aborted) throw interruptedError();
    return answered(result, set, request);
  } finally {
    connecting.connection.close();
  }
}

function answered(result: RpcResult<SystemInfo>, set: CredentialSet, request: EngineProofRequest): string {
  if (result.ok) return `Temporal server ${result.value.serverVersion}`;
  if (result.kind === 'status' && TAKEN.includes(result.name)) return 'certificate accepted; its calls want a token';
  const seen =
    result.kind === 'status'
      ? `GetSystemInfo was answered with ${result.name}`
      : result.kind === 'transport'
        ? result.message
        : `HTTP ${result.httpStatus}, which is no gRPC`;
  const unclear =
    result.kind === 'transport' ? result.timedOut : result.kind === 'status' && result.name === 'UNAVAILABLE';
  throw notProven(set, request, seen, unclear);
}

function notProven(set: CredentialSet, { otherwise }: EngineProofRequest, seen: string, unclear: boolean): KnownError {
  return new KnownError({
    message: `The engine ${unclear ? 'did not say whether it takes' : 'does not take'} the new certificate; nothing was changed`,
    tried: `GetSystemInfo at ${set.target}`,
    seen,
    next: ['Try again', ...(otherwise === undefined ? [] : [otherwise])],
    status: unclear ? 4 : 1,
  });
}

function summaryOf(report: ConnectionReport, id: string): string | undefined {
  return report.results.find((result) => result.id === id && result.state !== 'skip')?.summary;
}

function failed(report: ConnectionReport, set: CredentialSet, { otherwise }: EngineProofRequest): KnownError {
  const { firstFailure } = report;
  return new KnownError({
    message: `${firstFailure?.cause?.text ?? firstFailure?.summary ?? 'The engine could not be asked'}; nothing was changed`,
    tried: `${firstFailure?.title ?? 'connection'} at ${set.target} with the new certificate`,
    ...(firstFailure?.cause && { seen: firstFailure.cause.code }),
    next: [...report.next, ...(otherwise === undefined ? [] : [otherwise])],
    status: report.status === 0 ? 1 : report.status,
  });
}
