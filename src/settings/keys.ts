import type { Secret } from '../base/secret.ts';

/** Every setting with the type of its value once resolved. */
export interface SettingValues {
  /** With the version segment, no slash at the end. */
  readonly 'kuflow.api.endpoint': string;
  readonly 'kuflow.api.client-id': string;
  readonly 'kuflow.api.client-secret': Secret;
  readonly 'kuflow.api.tenant-id': string;
  /** Absolute path of a PEM file. */
  readonly 'kuflow.api.ca': string;
  /** `host:port` */
  readonly 'temporal.target': string;
  readonly 'temporal.namespace': string;
  readonly 'temporal.kuflow-queue': string;
  /** Absolute path, as the next two. */
  readonly 'temporal.mutual-tls.cert': string;
  readonly 'temporal.mutual-tls.key': string;
  readonly 'temporal.mutual-tls.ca': string;
  /** PEM text with real line breaks, as the next two. */
  readonly 'temporal.mutual-tls.cert-data': string;
  readonly 'temporal.mutual-tls.key-data': Secret;
  readonly 'temporal.mutual-tls.ca-data': string;
  readonly 'temporal.mutual-tls.server-name': string;
  /** An address that may hold a password, or `none`; the variables of the environment are read where a proxy is decided on. */
  readonly 'temporal.proxy': Secret;
  readonly 'worker.installation-id': string;
  readonly 'worker.robot-ids': readonly string[];
  /** 0: any free port. */
  readonly 'worker.health-port': number;
  readonly 'worker.metrics-port': number;
}

export type SettingName = keyof SettingValues;

export type SettingKind =
  | 'endpoint'
  | 'uuid'
  | 'uuids'
  | 'secret'
  | 'file'
  | 'authorities'
  | 'target'
  | 'text'
  | 'pem'
  | 'secret-pem'
  | 'proxy'
  | 'port';

export interface SettingKey {
  readonly name: SettingName;
  readonly env: string;
  /** A variable that names a file which holds the value. */
  readonly fileEnv?: string;
  readonly kind: SettingKind;
  /** As it would be written. */
  readonly default?: string;
  /** Whether a worker can't start without it. */
  readonly required?: true;
  readonly description: string;
}

/** The one table of settings: commands, checks, docs and the files of a project are made from it. */
export const SETTING_KEYS: readonly SettingKey[] = [
  {
    name: 'kuflow.api.endpoint',
    env: 'KUFLOW_API_ENDPOINT',
    kind: 'endpoint',
    default: 'https://api.kuflow.com',
    description: "address of KuFlow's REST API",
  },
  {
    name: 'kuflow.api.client-id',
    env: 'KUFLOW_API_CLIENTID',
    kind: 'uuid',
    required: true,
    description: 'identifier of the application',
  },
  {
    name: 'kuflow.api.client-secret',
    env: 'KUFLOW_API_CLIENTSECRET',
    fileEnv: 'KUFLOW_API_CLIENTSECRET_FILE',
    kind: 'secret',
    required: true,
    description: 'token of the application',
  },
  {
    name: 'kuflow.api.tenant-id',
    env: 'KUFLOW_API_TENANTID',
    kind: 'uuid',
    description: 'tenant, for an application of several',
  },
  {
    name: 'kuflow.api.ca',
    env: 'KUFLOW_API_CA',
    kind: 'authorities',
    description: "PEM file of authorities trusted in addition to the runtime's own",
  },
  {
    name: 'temporal.target',
    env: 'TEMPORAL_TARGET',
    kind: 'target',
    default: 'engine.kuflow.com:443',
    description: "host:port of KuFlow's engine",
  },
  {
    name: 'temporal.namespace',
    env: 'TEMPORAL_NAMESPACE',
    kind: 'text',
    description: 'namespace; from the engine certificate when absent',
  },
  {
    name: 'temporal.kuflow-queue',
    env: 'TEMPORAL_KUFLOWQUEUE',
    kind: 'text',
    required: true,
    description: 'task queue of the process definition',
  },
  { name: 'temporal.mutual-tls.cert', env: 'TEMPORAL_MUTUALTLS_CERT', kind: 'file', description: 'client certificate' },
  { name: 'temporal.mutual-tls.key', env: 'TEMPORAL_MUTUALTLS_KEY', kind: 'file', description: 'private key, PKCS#8' },
  {
    name: 'temporal.mutual-tls.ca',
    env: 'TEMPORAL_MUTUALTLS_CA',
    kind: 'file',
    description: 'authority of the engine',
  },
  {
    name: 'temporal.mutual-tls.cert-data',
    env: 'TEMPORAL_MUTUALTLS_CERTDATA',
    kind: 'pem',
    description: 'client certificate, inline',
  },
  {
    name: 'temporal.mutual-tls.key-data',
    env: 'TEMPORAL_MUTUALTLS_KEYDATA',
    kind: 'secret-pem',
    description: 'private key, PKCS#8, inline',
  },
  {
    name: 'temporal.mutual-tls.ca-data',
    env: 'TEMPORAL_MUTUALTLS_CADATA',
    kind: 'pem',
    description: 'authority of the engine, inline',
  },
  {
    name: 'temporal.mutual-tls.server-name',
    env: 'TEMPORAL_MUTUALTLS_SERVERNAME',
    kind: 'text',
    description: "name expected in the engine's certificate, when it is not that of the target",
  },
  {
    name: 'temporal.proxy',
    env: 'TEMPORAL_PROXY',
    kind: 'proxy',
    description: 'HTTP proxy to the engine; HTTPS_PROXY with NO_PROXY when absent',
  },
  {
    name: 'worker.installation-id',
    env: 'WORKER_INSTALLATIONID',
    kind: 'uuid',
    description: 'installation, when KuFlow gave one',
  },
  {
    name: 'worker.robot-ids',
    env: 'WORKER_ROBOTIDS',
    kind: 'uuids',
    description: 'robots, a list or separated by commas',
  },
  {
    name: 'worker.health-port',
    env: 'WORKER_HEALTHPORT',
    kind: 'port',
    default: '8081',
    description: 'port of /livez and /readyz',
  },
  {
    name: 'worker.metrics-port',
    env: 'WORKER_METRICSPORT',
    kind: 'port',
    default: '9464',
    description: 'port of /metrics',
  },
];

export const CLIENT_ID = 'kuflow.api.client-id';
export const CLIENT_SECRET = 'kuflow.api.client-secret';
export const ENDPOINT = 'kuflow.api.endpoint';

/** In the order of precedence, strongest first. Together they are one source of credentials. */
export const APPLICATION_FILES = ['application-local.yaml', 'application.yaml'] as const;
/** Git-ignored and mode 0600: the only application file that may hold secrets. */
export const LOCAL_SETTINGS_FILE = APPLICATION_FILES[0];
