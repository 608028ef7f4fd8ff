import { X509Certificate } from 'node:crypto';
import type { Advice } from '../base/advice.ts';
import { KnownError } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import { certificateBlocks, isCertificate } from '../engine/material/file-format.ts';
import { trustedAuthorities, unreadableExtraAuthorities } from '../network/certificate-authorities.ts';
import { decideProxy, proxyHints, proxySource, type ProxyDecision, type ProxyRequest } from '../network/proxy.ts';
import { CLIENT_ID, CLIENT_SECRET, whereToSet, type SettingName } from '../settings/keys.ts';
import type { ResolvedSettings, SettingsResult } from '../settings/precedence.ts';
import { firstStep, formatSource } from '../settings/sources.ts';
import { certificateSource, readPemFile, type CertificateSource } from './certificate.ts';
import type { Environment } from '../settings/environment.ts';

/** A value and where it came from, for example `KUFLOW_API_ENDPOINT` or `application.yaml`. */
export interface Sourced<T> {
  readonly value: T;
  readonly source: string;
}

/** What keeps a connection from being made or checked: a setting that is missing or wrong, a file, or a proxy variable. */
export interface ConnectionProblem {
  readonly key: string;
  /** What was expected and what was found, without secrets. */
  readonly problem: string;
  readonly source?: string | undefined;
  /** `file`: an application file that cannot be read. `proxy`: an environment variable. Otherwise a setting. */
  readonly kind?: 'file' | 'proxy' | undefined;
  /** The setting is not set anywhere. */
  readonly missing?: boolean | undefined;
  /** What to do, where more is known than that the setting has to be corrected. */
  readonly next?: Advice | undefined;
  /** Set where the key does not tell which plane cannot be checked. */
  readonly plane?: ConnectionPlane | undefined;
}

/** `both`: an application file that cannot be read, so none of it counts, or a proxy that both planes use. */
export type ConnectionPlane = 'rest' | 'engine' | 'both';

/** A connection as the checks see it, complete or not, with its routes; everything wrong with it is in `problems`. */
export type InspectedConnection = Readonly<Awaited<ReturnType<typeof inspectConnection>>>;

const NOT_SET: Sourced<string> = { value: '', source: 'not set' };

/** The connection that resolved settings describe. Never rejects for a wrong setting: every problem is in the result. */
export async function inspectConnection(result: Pick<SettingsResult, 'settings' | 'problems'>, env: Environment) {
  const { settings } = result;
  const ca = await readAuthorities(settings);
  const problems = [...settingProblems(result), ...ca.problems];
  const endpoint = sourced(settings, 'kuflow.api.endpoint') ?? NOT_SET;
  const target = sourced(settings, 'temporal.target') ?? NOT_SET;
  const clientSecret = sourced(settings, 'kuflow.api.client-secret');
  const proxies = decideProxies(endpoint, target, sourced(settings, 'temporal.proxy'), env);
  const material: CertificateSource = certificateSource(result);
  return {
    problems: [...problems, ...missingCredentials(settings, problems), ...proxies.problems],
    endpoint,
    clientId: sourced(settings, 'kuflow.api.client-id'),
    clientSecret,
    /** Where the client secret is, if it is a number without quotes there. */
    secretAsNumber: settings['kuflow.api.client-secret']?.source.isNumber === true ? clientSecret?.source : undefined,
    tenantId: sourced(settings, 'kuflow.api.tenant-id'),
    /** PEM of authorities to trust in addition to the runtime's own, for REST and for an `https:` proxy. */
    ca: ca.authorities,
    /** `host:port` */
    target,
    /** Undefined: the namespace that comes with the engine certificate. */
    namespace: sourced(settings, 'temporal.namespace'),
    serverName: sourced(settings, 'temporal.mutual-tls.server-name'),
    material,
    restProxy: proxies.rest,
    engineProxy: proxies.engine,
    /** Advice about proxy variables that decide otherwise than expected, for when a route does not work. */
    routeHints: proxies.hints,
    /** What the CAs in use come from, for when the certificate of the REST API is not trusted. */
    trust: describeTrust(ca.authorities, env),
    /** All authorities trusted for an `https:` proxy (PEM); undefined: the runtime's own. */
    proxyCa: trustedAuthorities(ca.authorities?.value, env),
  };
}

/** The plane that cannot be checked because of a problem. */
export function planeOf({ key, plane }: ConnectionProblem): ConnectionPlane {
  if (plane !== undefined) return plane;
  if (/^temporal(\.|$)/.test(key)) return 'engine';
  return /^kuflow(\.|$)/.test(key) ? 'rest' : 'both';
}

function sourced<K extends SettingName>(
  settings: ResolvedSettings,
  name: K,
): Sourced<NonNullable<ResolvedSettings[K]>['value']> | undefined {
  const setting = settings[name];
  return setting === undefined ? undefined : { value: setting.value, source: formatSource(setting.source) };
}

function describeTrust(ca: Awaited<ReturnType<typeof readAuthorities>>['authorities'], env: Environment) {
  return {
    own: ca && { path: ca.path, source: ca.source, subjects: subjectsOf(ca.value) },
    /** NODE_EXTRA_CA_CERTS, if it names a file that cannot be read, which Node ignores. */
    unreadable: unreadableExtraAuthorities(env),
  };
}

const isApplicationFile = (key: string): boolean => /^application(-local)?\.yaml$/.test(key);

/** The problems of settings, without the routes and credentials that they lead to. */
export function settingProblems({ problems }: Pick<SettingsResult, 'problems'>): readonly ConnectionProblem[] {
  return problems.map(({ key, code, source, problem, next }) => ({
    ...{ key, problem, next },
    missing: code === 'missing',
    source: source && formatSource(source),
    kind: isApplicationFile(key) ? 'file' : undefined,
  }));
}

function missingCredentials(
  settings: ResolvedSettings,
  problems: readonly ConnectionProblem[],
): readonly ConnectionProblem[] {
  return ([CLIENT_ID, CLIENT_SECRET] as const)
    .filter((key) => settings[key] === undefined && !problems.some((problem) => problem.key === key))
    .map((key) => ({ key, problem: `required, but not set; ${whereToSet(key)}`, missing: true }));
}

async function readAuthorities(settings: ResolvedSettings): Promise<{
  readonly authorities?: Sourced<string> & { readonly path: string };
  readonly problems: readonly ConnectionProblem[];
}> {
  const file = sourced(settings, 'kuflow.api.ca');
  if (file === undefined) return { problems: [] };
  const { value: path, source } = file;
  const key = 'kuflow.api.ca';
  try {
    const authorities = { value: await readPemFile('The CA of the REST API', path), source, path };
    // Node treats a text without certificates as an empty list, without an error.
    if (containsCertificates(authorities.value)) return { authorities, problems: [] };
    const problem = `expected PEM certificates; ${path} does not contain any that can be read`;
    return { authorities, problems: [{ key, problem, source }] };
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    return { problems: [{ key, problem: `${error.message} (${error.seen ?? ''})`, source }] };
  }
}

const subjectsOf = (text: string): readonly string[] =>
  certificateBlocks(text)
    .filter(isCertificate)
    .map((pem) => new X509Certificate(pem).subject.replaceAll('\n', ', '));

function containsCertificates(text: string): boolean {
  const blocks = certificateBlocks(text);
  return blocks.length > 0 && blocks.every(isCertificate);
}

/** The proxy of each plane. A variable that is wrong for both planes is one problem. */
function decideProxies(
  endpoint: Sourced<string>,
  target: Sourced<string>,
  proxySetting: Sourced<Secret> | undefined,
  env: Environment,
) {
  const explicit = proxySetting && { value: proxySetting.value.reveal(), source: proxySetting.source };
  const restRequest = { url: validUrl(endpoint.value), env };
  const engineRequest = { url: validUrl(`https://${target.value}`), env, ...(explicit && { explicit }) };
  const rest = tryDecideProxy(restRequest);
  const engine = tryDecideProxy(engineRequest);
  const problem = ({ source, message, next }: InvalidProxy, plane: ConnectionPlane): ConnectionProblem =>
    plane === 'engine' && explicit !== undefined
      ? { key: 'temporal.proxy', problem: message, source, next }
      : { key: source, kind: 'proxy', plane, problem: message, next };
  const isSame = rest.invalid !== undefined && rest.invalid.source === engine.invalid?.source;
  return {
    rest: rest.decision,
    engine: engine.decision,
    hints: {
      rest: rest.invalid ? [] : proxyHints(restRequest, hostsOf(restRequest, engine.decision, engineRequest)),
      engine: engine.invalid ? [] : proxyHints(engineRequest, hostsOf(engineRequest, rest.decision, restRequest)),
    },
    problems: [
      ...(rest.invalid === undefined ? [] : [problem(rest.invalid, isSame ? 'both' : 'rest')]),
      ...(engine.invalid === undefined || isSame ? [] : [problem(engine.invalid, 'engine')]),
    ],
  };
}

/** The host of a request, and that of the other plane if it has a proxy too. */
function hostsOf(request: ProxyRequest, decision: ProxyDecision, other: ProxyRequest): readonly string[] {
  const host = ({ url }: ProxyRequest): string => new URL(url).hostname;
  return decision.kind === 'proxy' ? [host(request), host(other)] : [host(request)];
}

type InvalidProxy = NonNullable<ReturnType<typeof tryDecideProxy>['invalid']>;

function tryDecideProxy(question: ProxyRequest) {
  try {
    return { decision: decideProxy(question) };
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    const decision: ProxyDecision = { kind: 'direct', reason: 'not decided' };
    const source = proxySource(question) ?? 'HTTPS_PROXY';
    return { decision, invalid: { source, message: error.message, next: firstStep(error) } };
  }
}

/** Malformed addresses are reported by other checks; the proxy rules only need some URL. */
function validUrl(text: string): string {
  return URL.canParse(text) ? text : 'https://invalid.invalid';
}
