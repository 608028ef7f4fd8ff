import { interruptedError, KnownError } from '../base/errors.ts';
import type { InspectedConnection } from '../connection/inspect.ts';
import type { CheckOutputs } from './input.ts';
import { prepareChecks } from './prepare.ts';
import { connectionChecks } from './registry.ts';
import { createReport } from './report.ts';
import { runChecks, selectChecks } from './runner.ts';
import type { Environment } from '../settings/environment.ts';

/** KuFlow and its engine, with the credentials of a worker. */
export type OpenedEngine = Awaited<ReturnType<typeof openEngine>>;

const LAST_CHECK = 'KF-ENGINE-002';

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
    const results = await runChecks(selectChecks(connectionChecks, [LAST_CHECK]), input, {
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
