import { interruptedError, KnownError } from '../base/errors.ts';
import type { CheckOutputs } from './input.ts';
import { prepareChecks, type PrepareOptions } from './prepare.ts';
import { inspectConnection, type InspectedConnection } from '../connection/inspect.ts';
import { connectionChecks } from './all-checks.ts';
import { type ConnectionReport, createReport, type ReportOptions } from './report-and-exit-status.ts';
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

/** KuFlow and its engine, with the credentials of a worker. */
export type OpenedEngine = Awaited<ReturnType<typeof openEngine>>;

/**
 * Connects to KuFlow and its engine as a worker does, with a new engine token and, unless one is configured, a new certificate. Rejects with
 * a KnownError that names the cause, as doctor does: status 2 for settings, and otherwise 4.
 */
export async function openEngine(
  inspected: InspectedConnection,
  { env, signal }: { readonly env: Environment; readonly signal: AbortSignal },
) {
  const { input, client } = prepareChecks(inspected, { env, restMs: 30_000 });
  let closeConnection = (): void => undefined;
  let outputs: CheckOutputs = {};
  try {
    const results = await runChecks(selectChecks(connectionChecks, ['KF-ENGINE-002']), input, {
      signal,
      keepOpen: (close, found) => ([closeConnection, outputs] = [close, found]),
    });
    if (signal.aborted) throw interruptedError();
    const { firstFailure, next, status } = createReport(results, 0);
    const { connection, token, namespace } = outputs;
    if (firstFailure !== undefined || !client || !connection || token === undefined || namespace === undefined)
      throw new KnownError({
        message: firstFailure?.cause?.text ?? firstFailure?.summary ?? 'KuFlow could not be reached',
        tried: firstFailure?.title,
        next,
        status: status === 2 ? 2 : 4,
      });
    return {
      kuflow: client,
      connection,
      namespace: namespace.value,
      token,
      /** Another token, for when the engine no longer accepts the current one. */
      requestToken: async () => (await input.rest.requestToken(signal, input.clock.now())).token,
      close: async () => {
        closeConnection();
        await client.close();
      },
    };
  } catch (error) {
    closeConnection();
    await client?.close();
    throw error;
  }
}
