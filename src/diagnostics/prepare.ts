import { systemClock, type Clock } from '../base/clock.ts';
import { KnownError } from '../base/errors.ts';
import { planeOf, type ConnectionProblem, type InspectedConnection } from '../connection/inspect.ts';
import type { Call } from '../kuflow/call-types.ts';
import { createKuFlowClient, type KuFlowClient } from '../kuflow/client.ts';
import type { CheckInput, IssuedToken, KuFlowProbe } from './input.ts';
import { createKuFlowProbe } from './kuflow-probe.ts';
import type { Environment } from '../settings/environment.ts';

export interface PrepareOptions {
  readonly env?: Environment | undefined;
  readonly clock?: Clock | undefined;
  /** Milliseconds for each step at the engine; 5,000 by default. */
  readonly stepMs?: number | undefined;
  /** Milliseconds for each call of the REST API; 8,000 by default. */
  readonly restMs?: number | undefined;
  /** An engine token that the caller already has: it is checked instead of a new one. */
  readonly token?: IssuedToken | undefined;
  /** KuFlow has just accepted these credentials: it is not asked again who they belong to. */
  readonly accepted?: boolean | undefined;
}

const unavailable: Call = () => Promise.reject(new Error('KuFlow was called without usable settings'));

/** The input of the checks and its client, which is undefined if the settings are not sufficient to create one. */
export function prepareChecks(
  connection: InspectedConnection,
  options: PrepareOptions,
): { readonly input: CheckInput; readonly client?: KuFlowClient | undefined } {
  const { client, problem } = createClient(connection, options);
  const clientId = connection.clientId ?? { value: '', source: 'not set' };
  return {
    client,
    input: {
      ...connection,
      problems: problem === undefined ? connection.problems : [...connection.problems, problem],
      clientId,
      isVerificationOff: (options.env ?? process.env)['NODE_TLS_REJECT_UNAUTHORIZED'] === '0',
      rest: withKnownAnswers(createKuFlowProbe(client?.call ?? unavailable, clientId.value), clientId.value, options),
      clock: options.clock ?? systemClock,
      stepMs: options.stepMs ?? 5_000,
    },
  };
}

function withKnownAnswers(probe: KuFlowProbe, id: string, { token, accepted }: PrepareOptions): KuFlowProbe {
  return {
    ...probe,
    ...(token && { requestToken: () => Promise.resolve(token) }),
    ...(accepted === true && { whoAmI: () => Promise.resolve({ id }) }),
  };
}

/** Returns no client if a problem affects the REST API, and an additional problem if the client rejects the endpoint. */
function createClient(
  connection: InspectedConnection,
  options: PrepareOptions,
): { readonly client?: KuFlowClient; readonly problem?: ConnectionProblem } {
  const { endpoint, clientId, clientSecret, tenantId, ca, problems } = connection;
  if (clientId === undefined || clientSecret === undefined) return {};
  if (problems.some((problem) => planeOf(problem) !== 'engine')) return {};
  try {
    const client = createKuFlowClient({
      endpoint: endpoint.value,
      credentials: { clientId: clientId.value, clientSecret: clientSecret.value },
      tenantId: tenantId?.value,
      ca: ca?.value,
      proxy: connection.restProxy,
      timeoutMs: options.restMs ?? 8_000,
      // Retry once after a lost connection; more retries would not change the result.
      retry: { attempts: 2, retryAfterCap: 1_000 },
      env: options.env ?? process.env,
    });
    return { client };
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    return { problem: { key: 'kuflow.api.endpoint', problem: error.message, source: endpoint.source } };
  }
}
