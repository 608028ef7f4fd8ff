import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import { caProblem, certificateProblem, keyFitsCertificate, keyProblem, normalizePem } from './pem.ts';
import { Secret } from './secret.ts';

export const API_VERSION = 'v2024-06-14';
const DEFAULT_ENDPOINT = 'https://api.kuflow.com';
const DEFAULT_TARGET = 'engine.kuflow.com:443';
const FILES = ['application.yaml', 'application-local.yaml'] as const;

/** Certificate, key and CA as PEM texts, and where they came from. */
export interface MutualTls {
  readonly from: 'files' | 'data';
  readonly cert: string;
  readonly key: Secret;
  /** One or more certificates, all of them trusted. */
  readonly ca: string;
}

export interface Settings {
  readonly api: {
    /** With the version segment, without a slash at the end. */
    readonly endpoint: string;
    readonly clientId: string;
    readonly clientSecret: Secret;
    readonly tenantId?: string;
    /** PEM text, trusted in addition to the runtime's own roots. */
    readonly ca?: string;
  };
  readonly temporal: {
    /** `host:port` */
    readonly target: string;
    readonly namespace?: string;
    readonly queue: string;
    readonly mutualTls?: MutualTls;
    readonly serverName?: string;
    /** The address of an HTTP CONNECT proxy, with its user and password when there are any. */
    readonly proxy?: Secret;
    /** Hosts that the proxy of the environment doesn't serve; empty for a proxy set as `temporal.proxy`. */
    readonly noProxy: string;
  };
  readonly worker: {
    readonly installationId?: string;
    readonly robotIds: readonly string[];
    /** 0: any free port. */
    readonly healthPort: number;
    /** 0: no metrics. */
    readonly metricsPort: number;
  };
}

/** One thing to put right. Values of secrets are never part of it. */
export interface SettingsProblem {
  readonly key: string;
  /** Where the value stands (`application.yaml`, an environment variable) or where it could be given. */
  readonly source: string;
  readonly expected: string;
}

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly SettingsProblem[];

  constructor(problems: readonly SettingsProblem[]) {
    super(problems.map(({ key, source, expected }) => `${key} (${source}): ${expected}`).join('\n'));
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;
type Found = { readonly text: string; readonly source: string };

const ENVIRONMENT: Readonly<Record<string, string>> = {
  'kuflow.api.endpoint': 'KUFLOW_API_ENDPOINT',
  'kuflow.api.client-id': 'KUFLOW_API_CLIENTID',
  'kuflow.api.client-secret': 'KUFLOW_API_CLIENTSECRET',
  'kuflow.api.tenant-id': 'KUFLOW_API_TENANTID',
  'kuflow.api.ca': 'KUFLOW_API_CA',
  'temporal.target': 'TEMPORAL_TARGET',
  'temporal.namespace': 'TEMPORAL_NAMESPACE',
  'temporal.kuflow-queue': 'TEMPORAL_KUFLOWQUEUE',
  'temporal.mutual-tls.cert': 'TEMPORAL_MUTUALTLS_CERT',
  'temporal.mutual-tls.key': 'TEMPORAL_MUTUALTLS_KEY',
  'temporal.mutual-tls.ca': 'TEMPORAL_MUTUALTLS_CA',
  'temporal.mutual-tls.cert-data': 'TEMPORAL_MUTUALTLS_CERTDATA',
  'temporal.mutual-tls.key-data': 'TEMPORAL_MUTUALTLS_KEYDATA',
  'temporal.mutual-tls.ca-data': 'TEMPORAL_MUTUALTLS_CADATA',
  'temporal.mutual-tls.server-name': 'TEMPORAL_MUTUALTLS_SERVERNAME',
  'temporal.proxy': 'TEMPORAL_PROXY',
  'worker.installation-id': 'WORKER_INSTALLATIONID',
  'worker.robot-ids': 'WORKER_ROBOTIDS',
  'worker.health-port': 'WORKER_HEALTHPORT',
  'worker.metrics-port': 'WORKER_METRICSPORT',
};

/**
 * The settings of this worker: `application.yaml`, over it `application-local.yaml`, over both the environment, key by
 * key; client id and secret always come from one and the same source.
 * Throws a `SettingsError` that lists every problem at once.
 */
export function loadSettings(directory: string, environment: Environment): Settings {
  return new Loader(directory, environment).load();
}

class Loader {
  readonly #directory: string;
  readonly #environment: Environment;
  readonly #problems: SettingsProblem[] = [];
  readonly #files: ReadonlyMap<string, Found>;

  constructor(directory: string, environment: Environment) {
    this.#directory = directory;
    this.#environment = environment;
    this.#files = this.#readFiles();
  }

  load(): Settings {
    const credentials = this.#credentials();
    const tenantId = this.#uuid('kuflow.api.tenant-id');
    const ca = this.#caFile('kuflow.api.ca');
    const target = this.#target();
    const queue = this.#required('temporal.kuflow-queue', 'the task queue of the process definition');
    const namespace = this.#text('temporal.namespace');
    const mutualTls = this.#mutualTls();
    if (mutualTls !== undefined && namespace === undefined) {
      this.#missing('temporal.namespace', 'required with temporal.mutual-tls, since no certificate is requested then');
    }
    const serverName = this.#text('temporal.mutual-tls.server-name');
    const proxy = this.#proxy();
    const installationId = this.#uuid('worker.installation-id');
    const robotIds = this.#uuids('worker.robot-ids');
    const healthPort = this.#port('worker.health-port', 8081);
    const metricsPort = this.#port('worker.metrics-port', 9464);

    if (this.#problems.length > 0) throw new SettingsError(this.#problems);
    return {
      api: {
        ...credentials,
        ...(tenantId === undefined ? {} : { tenantId }),
        ...(ca === undefined ? {} : { ca }),
      },
      temporal: {
        target,
        queue,
        ...(namespace === undefined ? {} : { namespace }),
        ...(mutualTls === undefined ? {} : { mutualTls }),
        ...(serverName === undefined ? {} : { serverName }),
        ...proxy,
      },
      worker: { ...(installationId === undefined ? {} : { installationId }), robotIds, healthPort, metricsPort },
    };
  }

  // Where values come from

  #readFiles(): ReadonlyMap<string, Found> {
    const found = new Map<string, Found>();
    for (const file of FILES) {
      let content: unknown;
      try {
        content = parse(readFileSync(join(this.#directory, file), 'utf8'));
      } catch (error) {
        if (codeOf(error) === 'ENOENT') continue;
        // The message of a YAML error quotes the file, which may hold the secret.
        const why = codeOf(error) ?? 'not valid YAML';
        this.#problems.push({ key: 'the file', source: file, expected: `a YAML file that can be read (${why})` });
        continue;
      }
      for (const key of Object.keys(ENVIRONMENT)) {
        const value = valueAt(content, key);
        if (value === undefined || value === null || value === '') continue;
        const text = asText(value);
        if (text === undefined) {
          this.#problems.push({ key, source: file, expected: 'a single value' });
          found.delete(key);
        } else {
          found.set(key, { text, source: file });
        }
      }
    }
    return found;
  }

  #fromEnvironment(name: string): Found | undefined {
    const text = this.#environment[name]?.trim();
    return text === undefined || text === '' ? undefined : { text, source: name };
  }

  #find(key: string): Found | undefined {
    return this.#usable(key, this.#fromEnvironment(ENVIRONMENT[key] ?? '') ?? this.#files.get(key));
  }

  /** Undefined, and a problem, for a placeholder of KuFlow's own templates. */
  #usable(key: string, found: Found | undefined): Found | undefined {
    if (found?.text.includes('FILL_ME') !== true) return found;
    this.#problems.push({ key, source: found.source, expected: 'a value in place of FILL_ME' });
    return undefined;
  }

  #missing(key: string, expected: string): void {
    if (this.#problems.some((problem) => problem.key === key)) return;
    this.#problems.push({ key, source: `${FILES.join(', ')} or ${ENVIRONMENT[key] ?? key}`, expected });
  }

  // Kinds of values

  #text(key: string): string | undefined {
    return this.#find(key)?.text;
  }

  #required(key: string, expected: string): string {
    const found = this.#find(key);
    if (found === undefined) this.#missing(key, `required: ${expected}`);
    return found?.text ?? '';
  }

  #uuid(key: string): string | undefined {
    const found = this.#find(key);
    if (found === undefined || isUuid(found.text)) return found?.text;
    this.#problems.push({ key, source: found.source, expected: 'a UUID' });
    return undefined;
  }

  #uuids(key: string): readonly string[] {
    const found = this.#find(key);
    const ids = (found?.text ?? '').split(/[\s,]+/).filter((id) => id !== '');
    if (found !== undefined && !ids.every(isUuid)) {
      this.#problems.push({ key, source: found.source, expected: 'UUIDs, a list or separated by commas' });
    }
    return ids;
  }

  #port(key: string, byDefault: number): number {
    const found = this.#find(key);
    if (found === undefined) return byDefault;
    const port = /^\d{1,5}$/.test(found.text) ? Number(found.text) : Number.NaN;
    if (port <= 65_535) return port;
    this.#problems.push({ key, source: found.source, expected: 'a port number from 0 to 65535' });
    return byDefault;
  }

  #file(key: string, found: Found): string | undefined {
    const path = isAbsolute(found.text) ? found.text : join(this.#directory, found.text);
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      const why = codeOf(error) ?? 'unknown error';
      this.#problems.push({ key, source: found.source, expected: `a file that can be read (${why})` });
      return undefined;
    }
  }

  #caFile(key: string): string | undefined {
    const found = this.#find(key);
    if (found === undefined) return undefined;
    const pem = this.#file(key, found);
    const problem = pem === undefined ? undefined : caProblem(pem);
    if (problem !== undefined)
      this.#problems.push({ key, source: found.source, expected: `a CA file; found ${problem}` });
    return pem;
  }

  // Single settings

  #credentials(): { endpoint: string; clientId: string; clientSecret: Secret } {
    const idKey = 'kuflow.api.client-id';
    const secretKey = 'kuflow.api.client-secret';
    const id = this.#fromEnvironment('KUFLOW_API_CLIENTID');
    const secret = this.#secretOfEnvironment();
    const inEnvironment = id !== undefined || secret !== undefined;
    if (inEnvironment && id === undefined) {
      this.#missing(
        idKey,
        'KUFLOW_API_CLIENTID is missing beside the secret in the environment: both come from one source',
      );
    }
    if (inEnvironment && secret === undefined) {
      this.#missing(
        secretKey,
        'KUFLOW_API_CLIENTSECRET is missing beside the id in the environment: both come from one source',
      );
    }
    const usedId = this.#usable(idKey, inEnvironment ? id : this.#files.get(idKey));
    const usedSecret = this.#usable(secretKey, inEnvironment ? secret : this.#files.get(secretKey));
    if (usedId === undefined) this.#missing(idKey, 'required: the identifier of the application');
    if (usedSecret === undefined) this.#missing(secretKey, 'required: the token of the application');
    if (usedId !== undefined && !isUuid(usedId.text)) {
      this.#problems.push({ key: idKey, source: usedId.source, expected: 'a UUID, the identifier of the application' });
    }
    return {
      endpoint: this.#endpoint(inEnvironment),
      clientId: usedId?.text ?? '',
      clientSecret: new Secret(usedSecret?.text ?? ''),
    };
  }

  #secretOfEnvironment(): Found | undefined {
    const key = 'kuflow.api.client-secret';
    const direct = this.#fromEnvironment('KUFLOW_API_CLIENTSECRET');
    const file = this.#fromEnvironment('KUFLOW_API_CLIENTSECRET_FILE');
    if (file === undefined) return direct;
    if (direct !== undefined) {
      this.#problems.push({
        key,
        source: file.source,
        expected: 'only one of KUFLOW_API_CLIENTSECRET and KUFLOW_API_CLIENTSECRET_FILE',
      });
      return direct;
    }
    const text = this.#file(key, file)?.trim();
    if (text !== undefined && text !== '') return { text, source: file.source };
    if (text === '') this.#problems.push({ key, source: file.source, expected: 'a file that is not empty' });
    return { text: '', source: file.source };
  }

  #endpoint(credentialsInEnvironment: boolean): string {
    const key = 'kuflow.api.endpoint';
    const environment = this.#fromEnvironment('KUFLOW_API_ENDPOINT');
    const file = this.#files.get(key);
    const found = this.#usable(key, environment ?? (credentialsInEnvironment ? undefined : file));
    const endpoint = withVersion(found?.text ?? DEFAULT_ENDPOINT);
    if (endpoint === undefined) {
      this.#problems.push({ key, source: found?.source ?? key, expected: 'an http or https address' });
      return DEFAULT_ENDPOINT;
    }
    // Credentials of one KuFlow must not be sent to another one.
    if (
      credentialsInEnvironment &&
      environment === undefined &&
      file !== undefined &&
      withVersion(file.text) !== endpoint
    ) {
      this.#problems.push({
        key,
        source: file.source,
        expected: `the endpoint of the credentials in the environment (${endpoint}) or KUFLOW_API_ENDPOINT beside them; the file names ${file.text}`,
      });
    }
    return endpoint;
  }

  #target(): string {
    const key = 'temporal.target';
    const found = this.#find(key);
    if (found === undefined) return DEFAULT_TARGET;
    const port = /^(?:\[[0-9a-fA-F:.]+\]|[^\s/:[\]]+):(\d{1,5})$/.exec(found.text)?.[1];
    if (port === undefined || Number(port) < 1 || Number(port) > 65_535) {
      this.#problems.push({ key, source: found.source, expected: 'host:port, without https://' });
    }
    return found.text;
  }

  #mutualTls(): MutualTls | undefined {
    const files = this.#material('files', '');
    const data = this.#material('data', '-data');
    if (files !== undefined && data !== undefined) {
      this.#problems.push({
        key: 'temporal.mutual-tls',
        source: `${files.source}, ${data.source}`,
        expected: 'either files (cert, key, ca) or inline PEM (cert-data, key-data, ca-data), not both',
      });
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
      this.#missing(keys.cert, `${keys.key} and ${keys.ca} are required`);
    if (found.cert === undefined) this.#missing(keys.cert, `required with ${keys.key} and ${keys.ca}`);

    const pem = (key: string, value: Found | undefined, problemOf: (pem: string) => string | undefined): string => {
      if (value === undefined) return '';
      const text = from === 'files' ? this.#file(key, value) : value.text;
      if (text === undefined) return '';
      const normal = normalizePem(text);
      const problem = problemOf(normal);
      if (problem === undefined) return normal;
      this.#problems.push({ key, source: value.source, expected: `usable PEM; found ${problem}` });
      return '';
    };
    const cert = pem(keys.cert, found.cert, certificateProblem);
    const key = pem(keys.key, found.key, keyProblem);
    const ca = pem(keys.ca, found.ca, caProblem);
    if (cert !== '' && key !== '' && !keyFitsCertificate(cert, key)) {
      this.#problems.push({
        key: keys.key,
        source: found.key?.source ?? source,
        expected: `the private key of ${keys.cert}`,
      });
    }
    return { material: { from, cert, key: new Secret(key), ca }, source };
  }

  #proxy(): { proxy?: Secret; noProxy: string } {
    const key = 'temporal.proxy';
    const explicit = this.#find(key);
    const found = explicit ?? this.#fromEnvironment('HTTPS_PROXY') ?? this.#fromEnvironment('https_proxy');
    if (found === undefined) return { noProxy: '' };
    const address = found.text.includes('://') ? found.text : `http://${found.text}`;
    if (!URL.canParse(address) || new URL(address).protocol !== 'http:') {
      this.#problems.push({
        key,
        source: found.source,
        expected: 'the address of an HTTP CONNECT proxy, http://host:port',
      });
    }
    const noProxy =
      explicit === undefined ? (this.#environment['NO_PROXY'] ?? this.#environment['no_proxy'] ?? '') : '';
    return { proxy: new Secret(address), noProxy };
  }
}

function withVersion(address: string): string | undefined {
  const trimmed = address.trim().replace(/\/+$/, '');
  if (!URL.canParse(trimmed) || !/^https?:$/.test(new URL(trimmed).protocol)) return undefined;
  return trimmed.endsWith(`/${API_VERSION}`) ? trimmed : `${trimmed}/${API_VERSION}`;
}

function valueAt(content: unknown, key: string): unknown {
  let at: unknown = content;
  for (const part of key.split('.')) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return at;
}

function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(',');
  return undefined;
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : undefined;
}
