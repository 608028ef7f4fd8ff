import { KnownError, interruptedError } from '../base/errors.ts';
import { formatAdvice } from './advice.ts';
import { checkConnection } from './check-connection.ts';
import { inspectConnection } from '../connection/inspect.ts';
import type { ResolvedSettings } from '../settings/resolve.ts';
import type { Environment } from '../settings/environment.ts';

/**
 * Asks KuFlow to which application the credentials belong; creates nothing there. Returns `accepted, application <name> (<id>)`.
 * Rejects with a KnownError that names the cause: status 1 if the credentials are rejected, 4 if the answer is inconclusive.
 */
export async function verifyCredentials(
  settings: ResolvedSettings,
  { env, signal }: { readonly env: Environment; readonly signal: AbortSignal },
): Promise<string> {
  const report = await checkConnection(await inspectConnection({ settings, problems: [] }, env), {
    only: ['KF-REST-001'],
    env,
    signal,
  });
  if (signal.aborted) throw interruptedError();
  const { firstFailure } = report;
  const passed = report.results.find(({ id, state }) => id === 'KF-REST-001' && state === 'pass');
  if (firstFailure === undefined && passed !== undefined) return passed.summary;
  const message = firstFailure?.cause?.text ?? firstFailure?.summary ?? 'The credentials could not be checked';
  const seen = firstFailure?.cause === undefined ? message : firstFailure.summary;
  throw new KnownError({
    message,
    tried: `credentials at ${settings['kuflow.api.endpoint']?.value ?? 'KuFlow'}`,
    ...(seen === message ? {} : { seen }),
    next: (firstFailure?.advice ?? []).map(formatAdvice),
    status: report.status === 4 ? 4 : 1,
  });
}
