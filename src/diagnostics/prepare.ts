import { systemClock, type Clock } from '../base/clock.ts';
import { KnownError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import { planeOf, type ConnectionProblem, type InspectedConnection } from '../connection/inspect.ts';
import type { Call, QueryOf } from '../kuflow/call-types.ts';
import { createKuFlowClient, type KuFlowClient } from '../kuflow/client.ts';
import { KuFlowApiError } from '../kuflow/errors.ts';
import type { CheckInput, Identity, IssuedToken, KuFlowProbe } from './input.ts';
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
  const { token, accepted } = options;
  const { client, problem } = createClient(connection, options);
  const clientId = connection.clientId ?? { value: '', source: 'not set' };
  return {
    client,
    input: {
      ...connection,
      problems: problem === undefined ? connection.problems : [...connection.problems, problem],
      clientId,
      isVerificationOff: (options.env ?? process.env)['NODE_TLS_REJECT_UNAUTHORIZED'] === '0',
      rest: {
        ...createKuFlowProbe(client?.call ?? unavailable, clientId.value),
        ...(token && { requestToken: () => Promise.resolve(token) }),
        ...(accepted === true && { whoAmI: () => Promise.resolve({ id: clientId.value }) }),
      },
      clock: options.clock ?? systemClock,
      stepMs: options.stepMs ?? 5_000,
    },
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

/** The newest processes of a definition that are listed. */
const NEWEST_PROCESSES = 5;

/** The processes that `--process` is looked up in. */
const RECENT_PROCESSES = 100;

/** Errors of a KuFlow that accepts the credentials but hides the principal; the next call decides. */
const HIDDEN_PRINCIPAL: readonly KuFlowApiError['kind'][] = ['rejected', 'forbidden', 'not-found'];

// The Date header has whole seconds, rounded down (RFC 9110 §5.6.7); half a second more is right on average.
function parseServerTime(date: string | undefined): Pick<Identity, 'serverTime'> {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? {} : { serverTime: time + 500 };
}

/**
 * Makes the REST calls of the checks. An application is its own principal; if it is not allowed to read principals, `whoAmI` lists
 * its tenants instead.
 */
function createKuFlowProbe(call: Call, clientId: string): KuFlowProbe {
  const whoAmI = async (signal: AbortSignal): Promise<Identity> => {
    try {
      const { body, headers } = await call('retrievePrincipal', { path: { id: clientId }, signal });
      const known = { ...(body.type && { type: body.type }), ...(body.name && { name: body.name }) };
      return { id: clientId, ...known, ...parseServerTime(headers['date']) };
    } catch (error) {
      if (!(error instanceof KuFlowApiError)) throw error;
      if (!HIDDEN_PRINCIPAL.includes(error.kind) && error.httpStatus !== 404) throw error;
      const { headers } = await call('findTenants', { query: { size: 1 }, signal });
      return { id: clientId, ...parseServerTime(headers['date']) };
    }
  };
  const newestProcesses = async (filter: QueryOf<'findProcesses'>, signal: AbortSignal): Promise<readonly string[]> => {
    const { body } = await call('findProcesses', { query: { ...filter, sort: ['createdAt,desc'] }, signal });
    return body.content.map(({ id }) => id);
  };
  return {
    whoAmI,
    tenants: async (signal) => {
      const { body } = await call('findTenants', { query: { size: 50 }, signal });
      return { ids: body.content.map(({ id }) => id), total: body.metadata.totalElements };
    },
    runningProcesses: (code, signal) =>
      newestProcesses({ processDefinitionCode: [code], state: ['RUNNING'], size: NEWEST_PROCESSES }, signal),
    recentProcesses: (signal) => newestProcesses({ size: RECENT_PROCESSES }, signal),
    readEncryptionKey: async (keyId, signal) => {
      await call('retrieveKmsKey', { path: { keyId }, signal });
    },
    requestToken: async (signal) => {
      const { body } = await call('createAuthentication', { body: { type: 'ENGINE_TOKEN' }, signal });
      const issued = body.engineToken;
      return { token: new Secret(issued?.token ?? ''), ...(issued && { expiredAt: issued.expiredAt }) };
    },
    requestCertificate: async (signal) => {
      const { body } = await call('createAuthentication', { body: { type: 'ENGINE_CERTIFICATE' }, signal });
      const issued = body.engineCertificate;
      return {
        namespace: issued?.namespace ?? '',
        text: {
          cert: issued?.tls.clientCertificate ?? '',
          key: issued?.tls.clientPrivateKey ?? '',
          ca: issued?.tls.serverRootCaCertificate ?? '',
        },
      };
    },
  };
}
