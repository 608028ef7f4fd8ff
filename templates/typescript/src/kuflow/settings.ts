import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { caProblem, certificateProblem, keyFitsCertificate, keyProblem, normalizePem, toPkcs8 } from './pem.ts';
import { isLoopback } from './loopback.ts';
import { Secret } from './secret.ts';
import { codeOf, ENVIRONMENT, FILES, readApplicationFiles, toValue, type SettingValue } from './settings-files.ts';
import {
  LOG_FORMATS,
  SettingsError,
  type LogFormat,
  type ProblemCode,
  type SettingsProblem,
} from './settings-problem.ts';

export const API_VERSION = 'v2024-06-14';
const DEFAULT_ENDPOINT = 'https://api.kuflow.com';
const DEFAULT_TARGET = 'engine.kuflow.com:443';
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

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
    readonly tenantId?: string;
    /** PEM text, trusted in addition to Node's root certificates. */
    readonly ca?: string;
  };
  readonly temporal: {
    /** `host:port` */
    readonly target: string;
    readonly namespace?: string;
    readonly queue: string;
    readonly mutualTls?: MutualTls;
    readonly serverName?: string;
    /** The address of an HTTP CONNECT proxy, with user and password if it has any. */
    readonly proxy?: Secret;
    /** Value of NO_PROXY. Empty if the proxy is set with `temporal.proxy`. */
    readonly noProxy: string;
  };
  readonly worker: {
    readonly installationId?: string;
    readonly robotIds: readonly string[];
    /** 0: any free port. */
    readonly healthPort: number;
    /** 0: no metrics. */
    readonly metricsPort: number;
    readonly logLevel: (typeof LOG_LEVELS)[number];
    /** Default: `pretty` in development, otherwise `json`. */
    readonly logFormat?: LogFormat;
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Loads the settings of this worker. For each key, the environment overrides `application-local.yaml`, which overrides
 * `application.yaml`. The client ID and secret always come from the same source.
 * Throws a `SettingsError` that lists all problems at once.
 */
export function loadSettings(directory: string, environment: Environment): Settings {
  return new Loader(directory, environment).load();
}

class Loader {
  readonly #directory: string;
  readonly #environment: Environment;
  readonly #problems: SettingsProblem[] = [];
  readonly #files: ReadonlyMap<string, SettingValue>;

  constructor(directory: string, environment: Environment) {
    this.#directory = directory;
    this.#environment = environment;
    this.#files = readApplicationFiles(directory, (key, code, source, expected) =>
      this.#problem(key, code, source, expected),
    );
  }

  load(): Settings {
    const credentials = this.#credentials();
    const tenantId = this.#uuid('kuflow.api.tenant-id');
    const ca = this.#caFile('kuflow.api.ca');
    const target = this.#target();
    const queue = this.#text('temporal.kuflow-queue');
    if (queue === undefined) this.#missing('temporal.kuflow-queue', 'the task queue of the process definition');
    const namespace = this.#text('temporal.namespace');
    const mutualTls = this.#mutualTls();
    if (mutualTls !== undefined && namespace === undefined) {
      this.#missing('temporal.namespace', 'the namespace, which is required with temporal.mutual-tls');
    }
    const serverName = this.#text('temporal.mutual-tls.server-name');
    const proxy = this.#proxy();
    const installationId = this.#uuid('worker.installation-id');
    const robotIds = this.#uuids('worker.robot-ids');
    const healthPort = this.#port('worker.health-port', 8081);
    const metricsPort = this.#port('worker.metrics-port', 9464);
    const logLevel = this.#choice('worker.log-level', LOG_LEVELS) ?? 'info';
    const logFormat = this.#choice('worker.log-format', LOG_FORMATS);

    if (this.#problems.length > 0) throw new SettingsError(this.#problems, logFormat);
    return {
      api: {
        ...credentials,
        ...(tenantId === undefined ? {} : { tenantId }),
        ...(ca === undefined ? {} : { ca }),
      },
      temporal: {
        target,
        queue: queue ?? '',
        ...(namespace === undefined ? {} : { namespace }),
        ...(mutualTls === undefined ? {} : { mutualTls }),
        ...(serverName === undefined ? {} : { serverName }),
        ...proxy,
      },
      worker: {
        ...(installationId === undefined ? {} : { installationId }),
        robotIds,
        healthPort,
        metricsPort,
        logLevel,
        ...(logFormat === undefined ? {} : { logFormat }),
      },
    };
  }

  #problem(key: string, code: ProblemCode, source: string, expected: string): void {
    // One problem per key is enough.
    if (!this.#problems.some((problem) => problem.key === key)) this.#problems.push({ key, code, source, expected });
  }

  #missing(key: string, expected: string, code: ProblemCode = 'missing'): void {
    this.#problem(key, code, `${FILES.join(', ')} or ${ENVIRONMENT[key] ?? key}`, expected);
  }

  // Sources of values

  #fromEnvironment(name: string): SettingValue | undefined {
    const raw = this.#environment[name] ?? '';
    return raw.trim() === '' ? undefined : toValue(raw, name);
  }

  #find(key: string): SettingValue | undefined {
    return this.#usable(key, this.#fromEnvironment(ENVIRONMENT[key] ?? '') ?? this.#files.get(key));
  }

  /** Reports the placeholder of KuFlow's own templates and quotes around a value as problems, and returns undefined for them. */
  #usable(key: string, found: SettingValue | undefined): SettingValue | undefined {
    if (found === undefined) return undefined;
    if (found.text.includes('FILL_ME')) this.#problem(key, 'placeholder', found.source, 'a value instead of FILL_ME');
    else if (/^(["']).*\1$/s.test(found.text))
      this.#problem(key, 'invalid', found.source, 'a value without quotes around it');
    else return found;
    return undefined;
  }

  // Types of values

  #text(key: string): string | undefined {
    return this.#find(key)?.text;
  }

  #uuid(key: string): string | undefined {
    const found = this.#find(key);
    if (found === undefined || isUuid(found.text)) return found?.text;
    this.#problem(key, 'invalid', found.source, 'a UUID');
    return undefined;
  }

  #uuids(key: string): readonly string[] {
    const found = this.#find(key);
    const ids = (found?.text ?? '').split(/[\s,]+/).filter((id) => id !== '');
    if (found !== undefined && !ids.every(isUuid)) {
      this.#problem(key, 'invalid', found.source, 'UUIDs, as a list or separated by commas');
    }
    return ids;
  }

  #port(key: string, defaultPort: number): number {
    const found = this.#find(key);
    if (found === undefined) return defaultPort;
    const port = /^\d{1,5}$/.test(found.text) ? Number(found.text) : Number.NaN;
    if (port <= 65_535) return port;
    this.#problem(key, 'invalid', found.source, 'a port from 0 to 65535');
    return defaultPort;
  }

  #choice<Choice extends string>(key: string, choices: readonly Choice[]): Choice | undefined {
    const found = this.#find(key);
    const choice = choices.find((one) => one === found?.text.toLowerCase());
    if (found !== undefined && choice === undefined)
      this.#problem(key, 'invalid', found.source, `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`);
    return choice;
  }

  #file(key: string, found: SettingValue): string | undefined {
    try {
      return readFileSync(resolve(this.#directory, found.text), 'utf8');
    } catch (error) {
      this.#problem(key, 'unreadable', found.source, `a readable file: ${codeOf(error) ?? 'unknown error'}`);
      return undefined;
    }
  }

  #caFile(key: string): string | undefined {
    const found = this.#find(key);
    const pem = found === undefined ? undefined : this.#file(key, found);
    const problem = pem === undefined ? undefined : caProblem(pem);
    if (problem !== undefined) this.#problem(key, 'invalid', found?.source ?? key, `a CA file; found ${problem}`);
    return pem;
  }

  // Individual settings

  #credentials(): { endpoint: string; clientId: string; clientSecret: Secret } {
    const idKey = 'kuflow.api.client-id';
    const secretKey = 'kuflow.api.client-secret';
    const environment = { id: this.#fromEnvironment('KUFLOW_API_CLIENTID'), secret: this.#secretOfEnvironment() };
    const files = { id: this.#files.get(idKey), secret: this.#files.get(secretKey) };
    // A missing half is never taken from another source.
    const inEnvironment = environment.id !== undefined || environment.secret !== undefined;
    const pair = inEnvironment ? environment : files;
    const id = this.#usable(idKey, pair.id);
    const secret = this.#usable(secretKey, pair.secret);
    if (secret?.isPadded === true)
      this.#problem(secretKey, 'invalid', secret.source, 'a secret without spaces or line breaks around it');
    const half = (other: SettingValue | undefined): ProblemCode =>
      inEnvironment && other !== undefined ? 'mixed-credentials' : 'missing';
    const together = inEnvironment ? '; client ID and client secret must come from the same source' : '';
    if (id === undefined) this.#missing(idKey, `the identifier of the application${together}`, half(files.id));
    else if (!isUuid(id.text)) this.#problem(idKey, 'invalid', id.source, 'a UUID, the identifier of the application');
    if (secret === undefined) this.#missing(secretKey, `the token of the application${together}`, half(files.secret));
    return {
      endpoint: this.#endpoint(inEnvironment),
      clientId: id?.text ?? '',
      clientSecret: new Secret(secret?.text ?? ''),
    };
  }

  #secretOfEnvironment(): SettingValue | undefined {
    const key = 'kuflow.api.client-secret';
    const direct = this.#fromEnvironment('KUFLOW_API_CLIENTSECRET');
    const file = this.#fromEnvironment('KUFLOW_API_CLIENTSECRET_FILE');
    if (file === undefined) return direct;
    if (direct !== undefined) {
      this.#problem(key, 'conflict', file.source, 'KUFLOW_API_CLIENTSECRET or KUFLOW_API_CLIENTSECRET_FILE, not both');
      return direct;
    }
    // A file usually ends with a line break.
    const secret = toValue(this.#file(key, file)?.replace(/\r?\n$/, '') ?? '', file.source);
    if (secret.text === '') this.#problem(key, 'invalid', file.source, 'a secret; the file is empty');
    // The variable counts as set even if the file is unreadable, so that no other source supplies the secret.
    return secret;
  }

  #endpoint(credentialsInEnvironment: boolean): string {
    const key = 'kuflow.api.endpoint';
    const file = this.#files.get(key);
    const written = this.#fromEnvironment('KUFLOW_API_ENDPOINT') ?? (credentialsInEnvironment ? undefined : file);
    const found = this.#usable(key, written);
    const endpoint = parseEndpoint(found?.text ?? DEFAULT_ENDPOINT);
    if (endpoint === undefined) {
      const expected = `an address like ${DEFAULT_ENDPOINT}; http: is allowed only for loopback addresses, and ${API_VERSION} is the only supported version`;
      this.#problem(key, 'invalid', found?.source ?? key, expected);
      return DEFAULT_ENDPOINT;
    }
    // Credentials of one KuFlow must not be sent to another.
    const isOther = file !== undefined && !file.text.includes('FILL_ME') && parseEndpoint(file.text) !== endpoint;
    if (credentialsInEnvironment && isOther) {
      const expected = `${endpoint}, the endpoint of the credentials in the environment; the file has ${file.text}`;
      this.#problem(key, 'endpoint-mismatch', file.source, expected);
    }
    return endpoint;
  }

  #target(): string {
    const key = 'temporal.target';
    const found = this.#find(key);
    if (found === undefined) return DEFAULT_TARGET;
    const port = /^(?:\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5})$/.exec(found.text)?.[1];
    if (port === undefined || Number(port) < 1 || Number(port) > 65_535) {
      this.#problem(key, 'invalid', found.source, 'host:port, without https://');
    }
    return found.text;
  }

  #mutualTls(): MutualTls | undefined {
    const files = this.#material('files', '');
    const data = this.#material('data', '-data');
    if (files !== undefined && data !== undefined) {
      const expected = 'files (cert, key, ca) or inline PEM (cert-data, key-data, ca-data), not both';
      this.#problem('temporal.mutual-tls', 'conflict', `${files.source}, ${data.source}`, expected);
    }
    return (files ?? data)?.material;
  }

  #material(from: MutualTls['from'], suffix: string): { material: MutualTls; source: string } | undefined {
    const prefix = 'temporal.mutual-tls.';
    const keys = { cert: `${prefix}cert${suffix}`, key: `${prefix}key${suffix}`, ca: `${prefix}ca${suffix}` };
    const found = { cert: this.#find(keys.cert), key: this.#find(keys.key), ca: this.#find(keys.ca) };
    const source = (found.cert ?? found.key ?? found.ca)?.source;
    if (source === undefined) return undefined;
    if (found.key === undefined || found.ca === undefined)
      this.#missing(keys.cert, `${keys.key} and ${keys.ca}, which it requires`);
    if (found.cert === undefined) this.#missing(keys.cert, `the certificate for ${keys.key}`);

    const pem = (
      key: string,
      value: SettingValue | undefined,
      problemOf: (pem: string) => string | undefined,
    ): string => {
      const text = value === undefined ? undefined : from === 'files' ? this.#file(key, value) : value.text;
      if (value === undefined || text === undefined) return '';
      const normal = normalizePem(text);
      const problem = problemOf(normal);
      if (problem === undefined) return normal;
      this.#problem(key, 'invalid', value.source, `usable PEM; found ${problem}`);
      return '';
    };
    const cert = pem(keys.cert, found.cert, certificateProblem);
    const key = pem(keys.key, found.key, keyProblem);
    const ca = pem(keys.ca, found.ca, caProblem);
    if (cert !== '' && key !== '' && !keyFitsCertificate(cert, key)) {
      this.#problem(keys.key, 'invalid', found.key?.source ?? source, `the private key that belongs to ${keys.cert}`);
    }
    return { material: { from, cert, key: new Secret(key === '' ? '' : toPkcs8(key)), ca }, source };
  }

  #proxy(): { proxy?: Secret; noProxy: string } {
    const key = 'temporal.proxy';
    const explicit = this.#find(key);
    const found = explicit ?? this.#fromEnvironment('https_proxy') ?? this.#fromEnvironment('HTTPS_PROXY');
    if (found === undefined || found.text === 'none') return { noProxy: '' };
    const address = found.text.includes('://') ? found.text : `http://${found.text}`;
    if (!URL.canParse(address) || new URL(address).protocol !== 'http:') {
      this.#problem(key, 'invalid', found.source, 'the address of an HTTP proxy, http://host:port, or none');
    }
    const noProxy = this.#fromEnvironment('no_proxy') ?? this.#fromEnvironment('NO_PROXY');
    return { proxy: new Secret(address), noProxy: explicit === undefined ? (noProxy?.text ?? '') : '' };
  }
}

/** Adds the version segment and removes a trailing slash. Undefined for an address that must not receive credentials. */
function parseEndpoint(address: string): string | undefined {
  if (!URL.canParse(address.trim())) return undefined;
  const url = new URL(address.trim());
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) return undefined;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  const path = url.pathname.replace(/\/{2,}/g, '/').replace(/\/$/, '');
  const version = /\/(v\d{4}-\d{2}-\d{2})$/.exec(path)?.[1];
  if (version !== undefined && version !== API_VERSION) return undefined;
  return `${url.origin}${path}${version === undefined ? `/${API_VERSION}` : ''}`;
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
