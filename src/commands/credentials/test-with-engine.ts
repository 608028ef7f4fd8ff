import { KnownError } from '../../base/errors.ts';
import { inspectConnection, type InspectedConnection } from '../../connection/inspect.ts';
import { checkConnection } from '../../diagnostics/check-connection.ts';
import type { ConnectionReport } from '../../diagnostics/report-and-exit-status.ts';
import type { ResolvedSettings } from '../../settings/precedence.ts';
import type { CredentialSet } from './credential-set.ts';
import type { Environment } from '../../settings/environment.ts';

const ISSUED = "KuFlow's engine certificate";

interface EngineProofRequest {
  readonly settings: ResolvedSettings;
  readonly env: Environment;
  readonly signal: AbortSignal;
  /** Also calls DescribeNamespace. */
  readonly describeNamespace: boolean;
  /** Next steps for a user who cannot reach the engine; absent if the proof is required. */
  readonly hints?: readonly string[] | undefined;
}

/**
 * Tests a set with a token against the engine as a worker would use it: TLS handshake and what follows it, GetSystemInfo, and
 * DescribeNamespace if requested. Resolves to how the engine accepted it. Rejects with a KnownError that names the cause,
 * with status 4 if the result is unknown.
 */
export async function verifyCertificateWithEngine(set: CredentialSet, request: EngineProofRequest): Promise<string> {
  const { settings, env, signal, describeNamespace } = request;
  const inspected = await inspectConnection({ settings, problems: [] }, env);
  const text = { cert: set.certificate, key: set.privateKey.reveal(), ca: set.authorities };
  // The connection in the settings, with the set as its certificate.
  const connection: InspectedConnection = {
    ...inspected,
    namespace: { value: set.namespace, source: ISSUED },
    material: { kind: 'given', source: ISSUED, read: () => Promise.resolve(text) },
  };
  const { token } = set;
  const report = await checkConnection(connection, {
    only: [describeNamespace ? 'KF-ENGINE-002' : 'KF-ENGINE-001'],
    env,
    signal,
    // KuFlow issued the certificate, so it accepted the credentials.
    accepted: true,
    ...(token && { token: { token: token.value, expiredAt: token.expiresAt } }),
  });
  if (report.status !== 0) throw checkFailedError(report, set, request);
  const server = report.results.find(({ id, state }) => id === 'KF-ENGINE-001' && state !== 'skip')?.summary;
  const namespace = describeNamespace ? describeNamespaceResult(report) : [];
  return [server ?? 'certificate accepted', ...namespace].join(', ');
}

/** An engine that does not allow DescribeNamespace is not a reason to keep the old certificate, but it is reported. */
function describeNamespaceResult({ results }: ConnectionReport): readonly string[] {
  return results
    .filter(({ id }) => id === 'KF-ENGINE-002')
    .map(({ state, summary }) => (state === 'skip' ? `namespace not verified: ${summary}` : `namespace ${summary}`));
}

function checkFailedError(report: ConnectionReport, set: CredentialSet, request: EngineProofRequest): KnownError {
  const { firstFailure } = report;
  return new KnownError({
    message: `${firstFailure?.cause?.text ?? firstFailure?.summary ?? 'The engine could not be reached'}; nothing was changed`,
    tried: `${firstFailure?.title ?? 'connection'} at ${set.target} with the new certificate`,
    seen: firstFailure?.cause?.code,
    next: [...report.next, ...(request.hints ?? [])],
    status: report.status,
  });
}
