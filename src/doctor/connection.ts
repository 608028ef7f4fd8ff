import type { Clock } from '../base/clock.ts';
import { systemClock } from '../base/clock.ts';
import { trustedAuthorities } from '../base/certificate-authorities.ts';
import { interrupted, KnownError } from '../base/errors.ts';
import { decideProxy, type ProxyDecision } from '../base/proxy.ts';
import { createKuFlowClient, type KuFlowClient } from '../kuflow/client.ts';
import type { CheckEvent } from './check.ts';
import type { ConnectionInput, IssuedToken, RestAccess, SettingProblem } from './connection-input.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { kuflowAccess } from './kuflow-access.ts';
import { registry } from './registry.ts';
import { type ConnectionReport, makeReport } from './report.ts';
import { runChecks, selectChecks } from './runner.ts';

export interface CheckConnectionOptions {
  /** Ids of the checks wanted, with what they require; all by default. */
  readonly only?: readonly string[];
  readonly report?: (event: CheckEvent) => void;
  readonly signal?: AbortSignal;
  /** The command that runs the check again, for the last line of advice. */
  readonly retry?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  /** Milliseconds for each step at the engine; 5,000 by default. */
  readonly stepMs?: number;
  /** Milliseconds for each call of the REST API; 8,000 by default. */
  readonly restMs?: number;
  /** An engine token that the caller got already: it is looked at in place of a new one. */
  readonly token?: IssuedToken;
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
const NO_ACCESS: RestAccess = { whoAmI: unavailable, requestToken: unavailable, requestCertificate: unavailable };

/** The input of the checks, and the client behind it (absent when the settings do not suffice to make one). */
function prepare(
  settings: ConnectionSettings,
  options: CheckConnectionOptions,
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
  const { token } = options;
  const withToken = (access: RestAccess): RestAccess =>
    token === undefined ? access : { ...access, requestToken: () => Promise.resolve(token) };
  const proxyCa = trustedAuthorities(settings.ca?.value, env);
  const input: ConnectionInput = {
    problems,
    endpoint,
    clientId: clientId ?? { value: '', source: 'not set' },
    target,
    material: settings.material,
    restProxy: restProxy ?? DIRECT,
    engineProxy: engineProxy ?? DIRECT,
    rest: client === undefined || clientId === undefined ? NO_ACCESS : withToken(kuflowAccess(client, clientId.value)),
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

/**
 * The connectivity check: settings, REST credentials, engine token, engine certificate, TLS handshake with a read after it,
 * GetSystemInfo, DescribeNamespace. Makes at most one engine token and one engine certificate at KuFlow, and lists them.
 * Rejects with status 130 when `signal` fires; a failed check is a result, not an error.
 */
export async function checkConnection(
  settings: ConnectionSettings,
  options: CheckConnectionOptions = {},
): Promise<ConnectionReport> {
  const started = performance.now();
  const { input, client } = prepare(settings, options);
  try {
    const results = await runChecks(selectChecks(registry, options.only), input, {
      ...(options.report && { report: options.report }),
      ...(options.signal && { signal: options.signal }),
    });
    if (options.signal?.aborted === true) throw interrupted();
    return makeReport(results, performance.now() - started, options.retry);
  } finally {
    await client?.close();
  }
}
