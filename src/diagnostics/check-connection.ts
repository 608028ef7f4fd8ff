import { interruptedError } from '../base/errors.ts';
import { prepareChecks, type PrepareOptions } from './prepare.ts';
import type { InspectedConnection } from '../connection/inspect.ts';
import { connectionChecks } from './registry.ts';
import { type ConnectionReport, createReport, type ReportOptions } from './report.ts';
import { runChecks, selectChecks, type RunOptions } from './runner.ts';

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
