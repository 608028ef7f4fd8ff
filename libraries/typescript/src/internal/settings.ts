import { AppSettings } from './app-settings.ts';
import { keyFitsCertificate, readAuthorities, readCertificate, readPrivateKey } from './pem.ts';
import { isLoopback } from './proxy.ts';
import { Secret } from './secret.ts';
import {
  SettingsReader,
  type Environment,
  type ProblemCode,
  type SettingsProblem,
  type SettingValue,
} from './settings-reader.ts';

const API_VERSION = 'v2024-06-14';
const DEFAULT_ENDPOINT = 'https://api.kuflow.com';
const SECRET_FILE = 'KUFLOW_API_CLIENTSECRET_FILE';
const MAX_PORT = 65_535;
/** Temporal's own limit, unless the engine has another one. */
export const DEFAULT_MAX_PAYLOAD_BYTES: number = 2 * 1024 * 1024;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
const LOG_FORMATS = ['json', 'pretty'] as const;

export type LogFormat = (typeof LOG_FORMATS)[number];

/** Certificate, key and CA in PEM format, and where they come from. */
export interface MutualTls {
  readonly from: 'files' | 'data';
  readonly cert: string;
  readonly key: Secret;
  /** One or more certificates. All of them are trusted. */
  readonly ca: string;
}

export interface Settings {
  readonly api: {
    /** With the version segment, without a trailing slash. */
    readonly endpoint: string;
    readonly clientId: string;
    readonly clientSecret: Secret;
    /** The file that contains the secret, if it comes from one. */
    readonly clientSecretFile?: string | undefined;
    readonly tenantId?: string | undefined;
    /** PEM text, trusted in addition to the root certificates of Node.js. */
    readonly ca?: string | undefined;
  };
  readonly temporal: {
    /** `host:port` */
    readonly target: string;
    readonly namespace?: string | undefined;
    readonly queue: string;
    readonly mutualTls?: MutualTls | undefined;
    readonly serverName?: string | undefined;
    /** The address of an HTTP CONNECT proxy, with user and password if it has any. */
    readonly proxy?: Secret | undefined;
    /** Value of NO_PROXY. Empty if the proxy is set with `temporal.proxy`. */
    readonly noProxy: string;
  };
  readonly worker: {
    readonly installationId?: string | undefined;
    readonly robotIds: readonly string[];
    /** 0: any free port. */
    readonly healthPort: number;
    /** 0: no metrics. */
    readonly metricsPort: number;
    /** Undefined: the default of Temporal's SDK. The same applies to the next one. */
    readonly maxConcurrentWorkflowTasks?: number | undefined;
    readonly maxConcurrentActivities?: number | undefined;
    readonly logLevel: (typeof LOG_LEVELS)[number];
    /** Default: `pretty` in development, otherwise `json`. */
    readonly logFormat?: LogFormat | undefined;
    /** How many attempts of a system task fail before people see the reason in the log of the task. */
    readonly attemptsBeforeTaskLog: number;
    /** The largest argument or result of an activity or workflow, in bytes. */
    readonly maxPayloadBytes: number;
  };
  /** The settings of the project itself. */
  readonly app: unknown;
}

/** Invalid settings, with all problems at once. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly SettingsProblem[];
  /** How to log this error, if it is set. */
  readonly logFormat: LogFormat | undefined;

  constructor(problems: readonly SettingsProblem[], logFormat: LogFormat | undefined) {
    const describe = ({ key, source, code, expected }: SettingsProblem): string =>
      `${key} (${source}): ${code === 'missing' ? 'missing' : 'expected'} ${expected}`;
    super(problems.map(describe).join('\n'));
    this.problems = problems;
    this.logFormat = logFormat;
  }
}

/**
 * Loads the settings of this worker. For each key, the environment overrides `application-local.yaml`, which overrides
 * `application.yaml`. The client ID and secret always come from the same source. `readApp` reads the settings of the project. Throws a
 * `SettingsError`.
 */
export function loadSettings(
  directory: string,
  environment: Environment,
  readApp: (app: AppSettings) => unknown = () => undefined,
): Settings {
  const reader = new SettingsReader(directory, environment);
  const text = (key: string): string | undefined => reader.find(key)?.text;
  const uuid = (key: string): string | undefined => reader.read(key, 'a UUID', parseUuid);
  const integer = (key: string, min: number, max: number): number | undefined =>
    reader.read(key, `a whole number from ${min} to ${max}`, parseInteger(min, max));

  const settings: Omit<Settings, 'app'> = {
    api: {
      ...readCredentials(reader),
      tenantId: uuid('kuflow.api.tenant-id'),
      ca: readPem(reader, 'kuflow.api.ca', 'a CA file', true, readAuthorities),
    },
    temporal: {
      target: reader.read('temporal.target', 'host:port, without https://', parseTarget) ?? 'engine.kuflow.com:443',
      namespace: text('temporal.namespace'),
      queue: text('temporal.kuflow-queue') ?? '',
      mutualTls: readMutualTls(reader),
      serverName: text('temporal.mutual-tls.server-name'),
      ...readProxy(reader),
    },
    worker: {
      installationId: uuid('worker.installation-id'),
      robotIds: reader.read('worker.robot-ids', 'UUIDs, as a list or separated by commas', parseUuids) ?? [],
      healthPort: integer('worker.health-port', 0, MAX_PORT) ?? 8081,
      metricsPort: integer('worker.metrics-port', 0, MAX_PORT) ?? 9464,
      // With a cache of workflows, Temporal's SDK needs at least two.
      maxConcurrentWorkflowTasks: integer('worker.max-concurrent-workflow-tasks', 2, 10_000),
      maxConcurrentActivities: integer('worker.max-concurrent-activities', 1, 10_000),
      logLevel: reader.read('worker.log-level', 'trace, debug, info, warn or error', oneOf(LOG_LEVELS)) ?? 'info',
      logFormat: reader.read('worker.log-format', 'json or pretty', oneOf(LOG_FORMATS)),
      attemptsBeforeTaskLog: integer('worker.attempts-before-task-log', 1, 1_000) ?? 5,
      maxPayloadBytes: integer('worker.max-payload-bytes', 10_000, 2 * DEFAULT_MAX_PAYLOAD_BYTES) ?? DEFAULT_MAX_PAYLOAD_BYTES,
    },
  };
  if (settings.temporal.queue === '')
    reader.missing('temporal.kuflow-queue', 'the task queue of the process definition');
  if (settings.temporal.mutualTls !== undefined && settings.temporal.namespace === undefined)
    reader.missing('temporal.namespace', 'the namespace, which is required with temporal.mutual-tls');
  const app = readAppSettings(reader, readApp);
  if (reader.problems.length > 0) throw new SettingsError(reader.problems, settings.worker.logFormat);
  return { ...settings, app };
}

function readAppSettings(reader: SettingsReader, readApp: (app: AppSettings) => unknown): unknown {
  try {
    return readApp(new AppSettings(reader));
  } catch (error) {
    // The code of a project does not expect a setting that is missing or invalid.
    if (reader.problems.length > 0) return undefined;
    throw error;
  }
}

function readCredentials(
  reader: SettingsReader,
): Pick<Settings['api'], 'endpoint' | 'clientId' | 'clientSecret' | 'clientSecretFile'> {
  const idKey = 'kuflow.api.client-id';
  const secretKey = 'kuflow.api.client-secret';
  const environment = { id: reader.fromEnvironment('KUFLOW_API_CLIENTID'), secret: readSecretVariable(reader) };
  const files = { id: reader.fromFiles(idKey), secret: reader.fromFiles(secretKey) };
  // A missing half is never taken from another source.
  const inEnvironment = environment.id !== undefined || environment.secret !== undefined;
  const pair = inEnvironment ? environment : files;
  const id = reader.usable(idKey, pair.id);
  const secret = reader.usable(secretKey, pair.secret);
  const half = (other: SettingValue | undefined): ProblemCode =>
    inEnvironment && other !== undefined ? 'mixed-credentials' : 'missing';
  const file = reader.fromEnvironment(SECRET_FILE);
  const together = inEnvironment ? '; client ID and client secret must come from the same source' : '';
  if (id === undefined) reader.missing(idKey, `the identifier of the application${together}`, half(files.id));
  else if (parseUuid(id.text) === undefined)
    reader.problem(idKey, 'invalid', id.source, 'a UUID, the identifier of the application');
  if (secret === undefined) reader.missing(secretKey, `the token of the application${together}`, half(files.secret));
  else if (secret.text !== secret.raw)
    reader.problem(secretKey, 'invalid', secret.source, 'a secret without spaces or line breaks around it');
  return {
    endpoint: readEndpoint(reader, inEnvironment),
    clientId: id?.text ?? '',
    clientSecret: new Secret(secret?.text ?? ''),
    clientSecretFile: file === undefined ? undefined : reader.pathOf(file.text),
  };
}

function readSecretVariable(reader: SettingsReader): SettingValue | undefined {
  const key = 'kuflow.api.client-secret';
  const direct = reader.fromEnvironment('KUFLOW_API_CLIENTSECRET');
  const file = reader.fromEnvironment(SECRET_FILE);
  if (file === undefined) return direct;
  const { source } = file;
  if (direct !== undefined) {
    reader.problem(key, 'conflict', source, 'KUFLOW_API_CLIENTSECRET or KUFLOW_API_CLIENTSECRET_FILE, not both');
    return direct;
  }
  // A file usually ends with a line break.
  const raw = reader.readFile(key, file)?.replace(/\r?\n$/, '') ?? '';
  if (raw.trim() === '') reader.problem(key, 'invalid', source, 'a secret; the file is empty');
  // The variable counts as set even if the file is unreadable, so that no other source supplies the secret.
  return { raw, text: raw.trim(), source };
}

function readEndpoint(reader: SettingsReader, credentialsInEnvironment: boolean): string {
  const key = 'kuflow.api.endpoint';
  const file = reader.fromFiles(key);
  const written = reader.fromEnvironment('KUFLOW_API_ENDPOINT') ?? (credentialsInEnvironment ? undefined : file);
  const found = reader.usable(key, written);
  const endpoint = parseEndpoint(found?.text ?? DEFAULT_ENDPOINT);
  if (endpoint === undefined) {
    const expected = `an address like ${DEFAULT_ENDPOINT}; http: is allowed only for loopback addresses, and ${API_VERSION} is the only supported version`;
    reader.problem(key, 'invalid', found?.source ?? key, expected);
    return DEFAULT_ENDPOINT;
  }
  // Credentials of one KuFlow must not be sent to another.
  const isOther = file !== undefined && !file.text.includes('FILL_ME') && parseEndpoint(file.text) !== endpoint;
  if (credentialsInEnvironment && isOther) {
    const expected = `${endpoint}, the endpoint of the credentials in the environment; the file has ${file.text}`;
    reader.problem(key, 'endpoint-mismatch', file.source, expected);
  }
  return endpoint;
}

function readMutualTls(reader: SettingsReader): MutualTls | undefined {
  const files = readMaterial(reader, 'files');
  const data = readMaterial(reader, 'data');
  if (files !== undefined && data !== undefined) {
    const expected = 'files (cert, key, ca) or inline PEM (cert-data, key-data, ca-data), not both';
    reader.problem('temporal.mutual-tls', 'conflict', `${files.source}, ${data.source}`, expected);
  }
  return (files ?? data)?.material;
}

function readMaterial(
  reader: SettingsReader,
  from: MutualTls['from'],
): { readonly material: MutualTls; readonly source: string } | undefined {
  const name = (part: 'cert' | 'key' | 'ca') => `temporal.mutual-tls.${part}${from === 'data' ? '-data' : ''}`;
  const found = { cert: reader.find(name('cert')), key: reader.find(name('key')), ca: reader.find(name('ca')) };
  const source = (found.cert ?? found.key ?? found.ca)?.source;
  if (source === undefined) return undefined;
  if (found.key === undefined || found.ca === undefined)
    reader.missing(name('cert'), `${name('key')} and ${name('ca')}, which it requires`);
  if (found.cert === undefined) reader.missing(name('cert'), `the certificate for ${name('key')}`);

  const pem = (part: 'cert' | 'key' | 'ca', read: (text: string) => string): string =>
    readPem(reader, name(part), 'usable PEM', from === 'files', read) ?? '';
  const cert = pem('cert', readCertificate);
  const key = pem('key', readPrivateKey);
  const ca = pem('ca', readAuthorities);
  if (cert !== '' && key !== '' && !keyFitsCertificate(cert, key))
    reader.problem(
      name('key'),
      'invalid',
      found.key?.source ?? source,
      `the private key that belongs to ${name('cert')}`,
    );
  return { material: { from, cert, key: new Secret(key), ca }, source };
}

/** A setting with PEM text, or with the path of a PEM file. */
function readPem(
  reader: SettingsReader,
  key: string,
  expected: string,
  isFile: boolean,
  read: (text: string) => string,
): string | undefined {
  const found = reader.find(key);
  const text = found !== undefined && isFile ? reader.readFile(key, found) : found?.text;
  if (found === undefined || text === undefined) return undefined;
  try {
    return read(text);
  } catch (error) {
    reader.problem(key, 'invalid', found.source, `${expected}; found ${(error as Error).message}`);
    return undefined;
  }
}

function readProxy(reader: SettingsReader): Pick<Settings['temporal'], 'proxy' | 'noProxy'> {
  const key = 'temporal.proxy';
  const explicit = reader.find(key);
  const found = explicit ?? reader.fromEnvironment('https_proxy') ?? reader.fromEnvironment('HTTPS_PROXY');
  if (found === undefined || found.text === 'none') return { proxy: undefined, noProxy: '' };
  const address = found.text.includes('://') ? found.text : `http://${found.text}`;
  if (!URL.canParse(address) || new URL(address).protocol !== 'http:')
    reader.problem(key, 'invalid', found.source, 'the address of an HTTP proxy, http://host:port, or none');
  else if (/:\/\/.*[@/?#].*@/s.test(address))
    reader.problem(key, 'invalid', found.source, 'a user name and password with @, /, ? and # percent-encoded');
  const noProxy = reader.fromEnvironment('no_proxy') ?? reader.fromEnvironment('NO_PROXY');
  return { proxy: new Secret(address), noProxy: explicit === undefined ? (noProxy?.text ?? '') : '' };
}

// Each of these returns undefined for an invalid text.

/** Adds the version segment and removes a trailing slash. An address that must not receive credentials is invalid. */
function parseEndpoint(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) return undefined;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  const path = url.pathname.replace(/\/{2,}/g, '/').replace(/\/$/, '');
  const version = /\/(v\d{4}-\d{2}-\d{2})$/.exec(path)?.[1];
  if (version !== undefined && version !== API_VERSION) return undefined;
  return `${url.origin}${path}${version === undefined ? `/${API_VERSION}` : ''}`;
}

function parseTarget(text: string): string | undefined {
  const port = Number(/^(?:\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5})$/.exec(text)?.[1]);
  return port >= 1 && port <= 65_535 ? text : undefined;
}

function parseInteger(min: number, max: number): (text: string) => number | undefined {
  return (text) => (/^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined);
}

function parseUuid(text: string): string | undefined {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text : undefined;
}

function parseUuids(text: string): readonly string[] | undefined {
  const ids = text.split(/[\s,]+/).filter((id) => id !== '');
  return ids.every(parseUuid) ? ids : undefined;
}

function oneOf<Choice extends string>(choices: readonly Choice[]): (text: string) => Choice | undefined {
  return (text) => choices.find((choice) => choice === text.toLowerCase());
}
