import { interruptedError } from '../base/errors.ts';
import type { CheckEvent } from './check.ts';
import { prepareChecks, type PrepareOptions } from './prepare.ts';
import type { InspectedConnection } from '../connection/inspect.ts';
import { connectionChecks } from './registry.ts';
import { type ConnectionReport, makeReport, type ReportOptions } from './report.ts';
import { runChecks, selectChecks } from './runner.ts';

export interface CheckConnectionOptions extends PrepareOptions, ReportOptions {
  /** Ids of the checks wanted, with what they require; all by default. */
  readonly only?: readonly string[];
  readonly report?: (event: CheckEvent) => void;
  readonly signal?: AbortSignal;
}

/**
 * The connectivity check: settings, REST credentials, engine token, engine certificate, TLS handshake with a read after it,
 * GetSystemInfo, DescribeNamespace. Makes at most one engine token and one engine certificate at KuFlow, and lists them.
 * Rejects with status 130 when `signal` fires; a failed check is a result, not an error.
 */
export async function checkConnection(
  connection: InspectedConnection,
  options: CheckConnectionOptions = {},
): Promise<ConnectionReport> {
  const started = performance.now();
  const { input, client } = prepareChecks(connection, options);
  try {
    const results = await runChecks(selectChecks(connectionChecks, options.only), input, {
      ...(options.report && { report: options.report }),
      ...(options.signal && { signal: options.signal }),
    });
    if (options.signal?.aborted === true) throw interruptedError();
    return makeReport(results, performance.now() - started, options);
  } finally {
    await client?.close();
  }
}
