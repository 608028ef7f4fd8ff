import { interruptedError, KnownError } from '../../base/errors.ts';
import { inspectConnection, type InspectedConnection } from '../../connection/inspect.ts';
import { rpcCause } from '../../diagnostics/causes/engine.ts';
import { checkConnection } from '../../diagnostics/check-connection.ts';
import type { ConnectionReport } from '../../diagnostics/report.ts';
import { readTarget } from '../../engine/dial/target.ts';
import { readTlsMaterial, type TlsMaterialText } from '../../engine/material/tls-material.ts';
import { connectEngine } from '../../engine/rpc.ts';
import type { ResolvedSettings } from '../../settings/precedence.ts';
import type { CredentialSet } from './set.ts';
import type { Environment } from '../../settings/environment.ts';

const STEP_MS = 8_000;
const ISSUED = "KuFlow's engine certificate";
/** Answers of an engine that accepted the certificate, but requires a token for the call or does not implement it. */
const ACCEPTED: readonly string[] = ['UNAUTHENTICATED', 'PERMISSION_DENIED', 'UNIMPLEMENTED'];

interface EngineProofRequest {
  readonly settings: ResolvedSettings;
  readonly env: Environment;
  readonly signal: AbortSignal;
  /** Also calls DescribeNamespace, which requires a set with a token. */
  readonly describeNamespace: boolean;
  /** Next steps for a user who cannot reach the engine; absent if the proof is required. */
  readonly hints?: readonly string[] | undefined;
}

/**
 * Tests a set against the engine as a worker would use it: TLS handshake and what follows it, GetSystemInfo, and
 * DescribeNamespace if requested. Resolves to how the engine accepted it. Rejects with a KnownError that names the cause,
 * with status 4 if the result is unknown.
 */
export async function verifyCertificateWithEngine(set: CredentialSet, request: EngineProofRequest): Promise<string> {
  const { settings, env, signal } = request;
  const inspected = await inspectConnection({ settings, problems: [] }, env);
  // The connection in the settings, with the set as its certificate.
  const connection: InspectedConnection = {
    ...inspected,
    namespace: { value: set.namespace, source: ISSUED },
    material: { kind: 'given', source: ISSUED, read: () => Promise.resolve(tlsTextOf(set)) },
  };
  const { token } = set;
  const report = await checkConnection(connection, {
    only: [token === undefined ? 'KF-TLS-003' : request.describeNamespace ? 'KF-ENGINE-002' : 'KF-ENGINE-001'],
    env,
    signal,
    // KuFlow issued the certificate, so it accepted the credentials.
    accepted: true,
    ...(token && { token: { token: token.value, expiredAt: token.expiresAt } }),
  });
  const handshake = report.results.some(({ id, state }) => id === 'KF-TLS-003' && state === 'pass');
  if (token === undefined ? !handshake : report.status !== 0) throw checkFailedError(report, set, request);
  const server =
    token === undefined
      ? await getServerInfo(set, connection, request)
      : report.results.find(({ id, state }) => id === 'KF-ENGINE-001' && state !== 'skip')?.summary;
  const namespace = request.describeNamespace ? describeNamespaceResult(report) : [];
  return [server, ...namespace].filter(Boolean).join(', ');
}

/** An engine that does not allow DescribeNamespace is not a reason to keep the old certificate, but it is reported. */
function describeNamespaceResult({ results }: ConnectionReport): readonly string[] {
  return results
    .filter(({ id }) => id === 'KF-ENGINE-002')
    .map(({ state, summary }) => (state === 'skip' ? `namespace not verified: ${summary}` : `namespace ${summary}`));
}

function tlsTextOf(set: CredentialSet): TlsMaterialText {
  return { cert: set.certificate, key: set.privateKey.reveal(), ca: set.authorities };
}

/** Calls GetSystemInfo without a token: some engines answer it for any accepted certificate, others require a token. */
async function getServerInfo(
  set: CredentialSet,
  connection: InspectedConnection,
  request: EngineProofRequest,
): Promise<string> {
  const { signal } = request;
  const [target, material] = [readTarget(set.target), readTlsMaterial(tlsTextOf(set))];
  if (!target.ok || !material.ok) throw new Error('the set was not verified before');
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
    throw notAcceptedError(set, request, failure?.message ?? 'no connection', failure?.timedOut === true);
  }
  try {
    const result = await connecting.connection.getSystemInfo({ timeoutMs: STEP_MS, signal });
    if (signal.aborted) throw interruptedError();
    if (result.ok) return `Temporal server ${result.value.serverVersion}`;
    if (result.kind === 'status' && ACCEPTED.includes(result.name))
      return 'certificate accepted; calls require a token';
    const isUnknown =
      result.kind === 'transport' ? result.timedOut : result.kind === 'status' && result.name === 'UNAVAILABLE';
    throw notAcceptedError(set, request, rpcCause(result, 'GetSystemInfo').text, isUnknown);
  } finally {
    connecting.connection.close();
  }
}

function notAcceptedError(
  set: CredentialSet,
  request: EngineProofRequest,
  seen: string,
  isUnknown: boolean,
): KnownError {
  return new KnownError({
    message: `The engine ${isUnknown ? 'did not say whether it accepts' : 'does not accept'} the new certificate; nothing was changed`,
    tried: `GetSystemInfo at ${set.target}`,
    seen,
    next: ['Try again', ...(request.hints ?? [])],
    status: isUnknown ? 4 : 1,
  });
}

function checkFailedError(report: ConnectionReport, set: CredentialSet, request: EngineProofRequest): KnownError {
  const { firstFailure } = report;
  return new KnownError({
    message: `${firstFailure?.cause?.text ?? firstFailure?.summary ?? 'The engine could not be reached'}; nothing was changed`,
    tried: `${firstFailure?.title ?? 'connection'} at ${set.target} with the new certificate`,
    seen: firstFailure?.cause?.code,
    next: [...report.next, ...(request.hints ?? [])],
    status: report.status === 0 ? 1 : report.status,
  });
}
