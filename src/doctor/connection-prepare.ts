import type { Clock } from '../base/clock.ts';
import { systemClock } from '../base/clock.ts';
import { trustedAuthorities } from '../base/certificate-authorities.ts';
import { KnownError } from '../base/errors.ts';
import { decideProxy, type ProxyDecision } from '../base/proxy.ts';
import { createKuFlowClient, type KuFlowClient } from '../kuflow/client.ts';
import type { ConnectionInput, IssuedToken, RestAccess, SettingProblem } from './connection-input.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { kuflowAccess } from './kuflow-access.ts';

export interface PrepareOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  /** Milliseconds for each step at the engine; 5,000 by default. */
  readonly stepMs?: number;
  /** Milliseconds for each call of the REST API; 8,000 by default. */
  readonly restMs?: number;
  /** An engine token that the caller got already: it is looked at in place of a new one. */
  readonly token?: IssuedToken;
  /** KuFlow accepted these credentials a moment ago: it is not asked again whose they are. */
  readonly accepted?: boolean;
}

const DIRECT: ProxyDecision = { kind: 'direct', reason: 'not decided' };

/** A value, or the problem that a setting has, as the rooms below state it. */
function attempt<T>(key: string, source: string | undefined, make: () => T, problems: SettingProblem[]): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    problems.push({ key, problem: error.message, ...(source !== undefined && { source }) });
    return undefined;
  }
}

const unavailable = (): Promise<never> => Promise.reject(new Error('asked without usable settings'));
const NO_ACCESS: RestAccess = {
  whoAmI: unavailable,
  tenants: unavailable,
  requestToken: unavailable,
  requestCertificate: unavailable,
};

/** The input of the checks, and the client behind it (absent when the settings do not suffice to make one). */
export function prepareConnection(
  settings: ConnectionSettings,
  options: PrepareOptions,
): { readonly input: ConnectionInput; readonly client?: KuFlowClient } {
  const env = options.env ?? process.env;
  const { endpoint, clientId, clientSecret, target } = settings;
  const problems: SettingProblem[] = [...settings.problems];
  const named = new Set(problems.map(({ key }) => key));
  const require = (key: string, value: unknown): void => {
    if (value === undefined && !named.has(key)) problems.push({ key, problem: 'it is required and not set' });
  };
  require('kuflow.api.client-id', clientId);
  require('kuflow.api.client-secret', clientSecret);

  const explicit = settings.engineProxy;
  const restProxy = attempt(
    'proxy of the REST API',
    undefined,
    () => decideProxy({ url: safeUrl(endpoint.value), env }),
    problems,
  );
  const engineUrl = safeUrl(`https://${target.value}`);
  const engineProxy = attempt(
    'temporal.proxy',
    explicit?.source,
    () =>
      decideProxy({
        url: engineUrl,
        env,
        ...(explicit && { explicit: { value: explicit.value.reveal(), source: explicit.source } }),
      }),
    problems,
  );
  const client =
    clientId === undefined || clientSecret === undefined || problems.length > 0
      ? undefined
      : attempt(
          'kuflow.api.endpoint',
          endpoint.source,
          () =>
            createKuFlowClient({
              endpoint: endpoint.value,
              credentials: { clientId: clientId.value, clientSecret: clientSecret.value },
              ...(settings.tenantId && { tenantId: settings.tenantId.value }),
              ...(settings.ca && { ca: settings.ca.value }),
              ...(restProxy && { proxy: restProxy }),
              timeoutMs: options.restMs ?? 8_000,
              // One more try for a connection that broke; a check that repeats for long tells nothing new.
              retry: { attempts: 2, retryAfterCap: 1_000 },
              env,
            }),
          problems,
        );
  const { token, accepted } = options;
  const withKnown = (access: RestAccess, id: string): RestAccess => ({
    ...access,
    ...(token && { requestToken: () => Promise.resolve(token) }),
    ...(accepted === true && { whoAmI: () => Promise.resolve({ id }) }),
  });
  const proxyCa = trustedAuthorities(settings.ca?.value, env);
  const input: ConnectionInput = {
    problems,
    endpoint,
    clientId: clientId ?? { value: '', source: 'not set' },
    target,
    material: settings.material,
    restProxy: restProxy ?? DIRECT,
    engineProxy: engineProxy ?? DIRECT,
    rest:
      client === undefined || clientId === undefined
        ? NO_ACCESS
        : withKnown(kuflowAccess(client, clientId.value), clientId.value),
    clock: options.clock ?? systemClock,
    ...(settings.namespace && { namespace: settings.namespace }),
    ...(settings.serverName && { serverName: settings.serverName }),
    ...(proxyCa && { proxyCa }),
    ...(options.stepMs !== undefined && { stepMs: options.stepMs }),
  };
  return { input, ...(client && { client }) };
}

/** Malformed addresses are named by other checks; the proxy rules only need something to look at. */
function safeUrl(text: string): string {
  return URL.canParse(text) ? text : 'https://invalid.invalid';
}
