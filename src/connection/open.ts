import type { Clock } from '../base/clock.ts';
import { systemClock } from '../base/clock.ts';
import { trustedAuthorities } from '../network/certificate-authorities.ts';
import { KnownError } from '../base/errors.ts';
import { decideProxy, type ProxyDecision, proxySource, type ProxyQuestion } from '../network/proxy.ts';
import { createKuFlowClient, type KuFlowClient } from '../kuflow/client.ts';
import type { CheckInput, IssuedToken, KuFlowProbe, SettingFault } from './types.ts';
import type { ConnectionSettings } from './inspect.ts';
import { createKuFlowProbe } from './kuflow-access.ts';
import { planeOf } from './planes.ts';

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

interface Proxies {
  readonly rest: ProxyDecision;
  readonly engine: ProxyDecision;
  readonly problems: readonly SettingFault[];
}

/** The proxy of each plane; one variable that is wrong for both of them is one problem. */
function decideProxies(
  { endpoint, target, engineProxy }: ConnectionSettings,
  env: NonNullable<PrepareOptions['env']>,
): Proxies {
  const explicit = engineProxy && { value: engineProxy.value.reveal(), source: engineProxy.source };
  const [rest, engine] = [
    decided({ url: safeUrl(endpoint.value), env }),
    decided({ url: safeUrl(`https://${target.value}`), env, ...(explicit && { explicit }) }),
  ];
  const problem = (wrong: WrongProxy, plane: 'rest' | 'engine' | 'both'): SettingFault => {
    const { source, message } = wrong;
    if (plane === 'engine' && explicit !== undefined) return { key: 'temporal.proxy', problem: message, source };
    return { key: source, kind: 'proxy', plane, problem: message };
  };
  const isOne = rest.wrong !== undefined && rest.wrong.source === engine.wrong?.source;
  return {
    rest: rest.decision,
    engine: engine.decision,
    problems: [
      ...(rest.wrong === undefined ? [] : [problem(rest.wrong, isOne ? 'both' : 'rest')]),
      ...(engine.wrong === undefined || isOne ? [] : [problem(engine.wrong, 'engine')]),
    ],
  };
}

interface WrongProxy {
  readonly source: string;
  readonly message: string;
}

function decided(question: ProxyQuestion): { readonly decision: ProxyDecision; readonly wrong?: WrongProxy } {
  try {
    return { decision: decideProxy(question) };
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    return { decision: DIRECT, wrong: { source: proxySource(question) ?? 'HTTPS_PROXY', message: error.message } };
  }
}

const unavailable = (): Promise<never> => Promise.reject(new Error('asked without usable settings'));
const NO_ACCESS: KuFlowProbe = {
  whoAmI: unavailable,
  tenants: unavailable,
  requestToken: unavailable,
  requestCertificate: unavailable,
};

/** The input of the checks, and the client behind it (absent when the settings do not suffice to make one). */
export function openConnection(
  settings: ConnectionSettings,
  options: PrepareOptions,
): { readonly input: CheckInput; readonly client?: KuFlowClient } {
  const env = options.env ?? process.env;
  const { endpoint, clientId, clientSecret, target } = settings;
  const problems: SettingFault[] = [...settings.problems];
  const named = new Set(problems.map(({ key }) => key));
  const require = (key: string, value: unknown): void => {
    if (value === undefined && !named.has(key)) problems.push({ key, problem: 'it is required and not set' });
  };
  require('kuflow.api.client-id', clientId);
  require('kuflow.api.client-secret', clientSecret);

  const proxies = decideProxies(settings, env);
  problems.push(...proxies.problems);
  const client =
    clientId === undefined || clientSecret === undefined || problems.some((problem) => planeOf(problem) !== 'engine')
      ? undefined
      : makeClient({ ...settings, clientId, clientSecret }, proxies.rest, options, problems);
  const { token, accepted } = options;
  const withKnown = (access: KuFlowProbe, id: string): KuFlowProbe => ({
    ...access,
    ...(token && { requestToken: () => Promise.resolve(token) }),
    ...(accepted === true && { whoAmI: () => Promise.resolve({ id }) }),
  });
  const proxyCa = trustedAuthorities(settings.ca?.value, env);
  const input: CheckInput = {
    problems,
    endpoint,
    clientId: clientId ?? { value: '', source: 'not set' },
    target,
    material: settings.material,
    restProxy: proxies.rest,
    engineProxy: proxies.engine,
    rest:
      client === undefined || clientId === undefined
        ? NO_ACCESS
        : withKnown(createKuFlowProbe(client, clientId.value), clientId.value),
    clock: options.clock ?? systemClock,
    ...(settings.namespace && { namespace: settings.namespace }),
    ...(settings.serverName && { serverName: settings.serverName }),
    ...(proxyCa && { proxyCa }),
    ...(options.stepMs !== undefined && { stepMs: options.stepMs }),
  };
  return { input, ...(client && { client }) };
}

/** Undefined, and one more problem, for an endpoint that the client does not take. */
function makeClient(
  settings: ConnectionSettings & Required<Pick<ConnectionSettings, 'clientId' | 'clientSecret'>>,
  proxy: ProxyDecision,
  options: PrepareOptions,
  problems: SettingFault[],
): KuFlowClient | undefined {
  const { endpoint, clientId, clientSecret, tenantId, ca } = settings;
  try {
    return createKuFlowClient({
      endpoint: endpoint.value,
      credentials: { clientId: clientId.value, clientSecret: clientSecret.value },
      ...(tenantId && { tenantId: tenantId.value }),
      ...(ca && { ca: ca.value }),
      proxy,
      timeoutMs: options.restMs ?? 8_000,
      // One more try for a connection that broke; a check that repeats for long tells nothing new.
      retry: { attempts: 2, retryAfterCap: 1_000 },
      env: options.env ?? process.env,
    });
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    problems.push({ key: 'kuflow.api.endpoint', problem: error.message, source: endpoint.source });
    return undefined;
  }
}

/** Malformed addresses are named by other checks; the proxy rules only need something to look at. */
function safeUrl(text: string): string {
  return URL.canParse(text) ? text : 'https://invalid.invalid';
}
