import { interruptedError, KnownError } from '../base/errors.ts';
import { prepareChecks, type PrepareOptions } from './prepare.ts';
import { inspectConnection, type InspectedConnection } from '../connection/inspect.ts';
import { connectionChecks } from './registry.ts';
import { type ConnectionReport, createReport, type ReportOptions } from './report.ts';
import { runChecks, selectChecks, type RunOptions } from './runner.ts';
import type { Environment } from '../settings/environment.ts';
import type { ResolvedSettings } from '../settings/precedence.ts';

export interface CheckConnectionOptions extends PrepareOptions, ReportOptions, Pick<RunOptions, 'report' | 'signal'> {
  /** Ids of the checks to run, along with what they require; all by default. */
  readonly only?: readonly string[] | undefined;
}

/**
 * The connectivity check: settings, REST credentials, engine token, engine certificate, TLS handshake with a read after it,
 * GetSystemInfo and DescribeNamespace. Creates at most one engine token and one engine certificate in KuFlow, and lists them.
 * Rejects with status 130 when `signal` aborts; a failed check is a result, not an error.
 */
export async function checkConnection(
  connection: InspectedConnection,
  options: CheckConnectionOptions = {},
): Promise<ConnectionReport> {
  const started = performance.now();
  const { report, signal } = options;
  const { input, client } = prepareChecks(connection, options);
  try {
    const results = await runChecks(selectChecks(connectionChecks, options.only), input, { report, signal });
    if (signal?.aborted === true) throw interruptedError();
    return createReport(results, performance.now() - started, options);
  } finally {
    await client?.close();
  }
}

/**
 * Asks KuFlow to which application the credentials belong; creates nothing there. Returns `accepted for the application "<name>" (<id>)`.
 * Rejects with a KnownError that names the cause: status 1 if the credentials are rejected, 4 if the answer is inconclusive.
 */
export async function verifyCredentials(
  settings: ResolvedSettings,
  { env, signal }: { readonly env: Environment; readonly signal: AbortSignal },
): Promise<string> {
  const connection = await inspectConnection({ settings, problems: [] }, env);
  const options = { only: ['KF-REST-001'], env, signal };
  const { firstFailure, results, next, status } = await checkConnection(connection, options);
  if (firstFailure === undefined) return results.find(({ id }) => id === 'KF-REST-001')?.summary ?? '';
  const { cause, summary } = firstFailure;
  throw new KnownError({
    message: cause?.text ?? summary,
    tried: `credentials at ${settings['kuflow.api.endpoint']?.value ?? 'KuFlow'}`,
    seen: cause === undefined || cause.text === summary ? undefined : summary,
    next,
    status: status === 4 ? 4 : 1,
  });
}
