import type { Secret } from '../base/secret.ts';

/** Every setting and the type of its resolved value. */
export interface SettingValues {
  /** With the version segment, without a trailing slash. */
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
  /** An address that may contain a password, or `none`. HTTPS_PROXY and NO_PROXY are read by `decideProxy`. */
  readonly 'temporal.proxy': Secret;
  readonly 'worker.installation-id': string;
  readonly 'worker.robot-ids': readonly string[];
  /** 0: any free port. */
  readonly 'worker.health-port': number;
  readonly 'worker.metrics-port': number;
  readonly 'worker.max-concurrent-workflow-tasks': number;
  readonly 'worker.max-concurrent-activities': number;
  /** One of the `choices` of the key, as the next one. */
  readonly 'worker.log-level': string;
  readonly 'worker.log-format': string;
  readonly 'worker.attempts-before-task-log': number;
  readonly 'worker.max-payload-bytes': number;
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
  | 'integer'
  | 'choice';

export interface SettingKey {
  readonly name: SettingName;
  readonly env: string;
  /** Its name in KuFlow's own samples, which files may use too. The worker has the same table. */
  readonly alias?: string;
  /** A variable with the path of a file that contains the value. */
  readonly fileEnv?: string;
  readonly kind: SettingKind;
  /** The limits of an `integer`. */
  readonly range?: { readonly min: number; readonly max: number };
  /** The values of a `choice`, in lower case. */
  readonly choices?: readonly string[];
  /** As written in a file. */
  readonly default?: string;
  /** A worker can't start without it. */
  readonly required?: true;
  /** Completes "set … to the …" and "replace FILL_ME with the …". */
  readonly description: string;
}

const PORTS = { min: 0, max: 65_535 };

/** All settings. Commands, checks, docs and the files of a project are generated from this table. */
export const SETTING_KEYS: readonly SettingKey[] = [
  {
    name: 'kuflow.api.endpoint',
    env: 'KUFLOW_API_ENDPOINT',
    kind: 'endpoint',
    default: 'https://api.kuflow.com',
    description: 'URL of the KuFlow REST API',
  },
  {
    name: 'kuflow.api.client-id',
    env: 'KUFLOW_API_CLIENTID',
    kind: 'uuid',
    required: true,
    description: 'client ID (the identifier of the application in KuFlow)',
  },
  {
    name: 'kuflow.api.client-secret',
    env: 'KUFLOW_API_CLIENTSECRET',
    fileEnv: 'KUFLOW_API_CLIENTSECRET_FILE',
    kind: 'secret',
    required: true,
    description: 'client secret (the token of the application in KuFlow)',
  },
  {
    name: 'kuflow.api.tenant-id',
    env: 'KUFLOW_API_TENANTID',
    alias: 'temporal.tenant-id',
    kind: 'uuid',
    description: 'ID of the tenant to use, if the application has several',
  },
  {
    name: 'kuflow.api.ca',
    env: 'KUFLOW_API_CA',
    kind: 'authorities',
    description: "PEM file with CA certificates to trust in addition to the runtime's own",
  },
  {
    name: 'temporal.target',
    env: 'TEMPORAL_TARGET',
    kind: 'target',
    default: 'engine.kuflow.com:443',
    description: 'host:port of the KuFlow engine',
  },
  {
    name: 'temporal.namespace',
    env: 'TEMPORAL_NAMESPACE',
    kind: 'text',
    description: 'Temporal namespace (default: the one in the engine certificate)',
  },
  {
    name: 'temporal.kuflow-queue',
    env: 'TEMPORAL_KUFLOWQUEUE',
    kind: 'text',
    required: true,
    description: 'task queue of the process definition',
  },
  {
    name: 'temporal.mutual-tls.cert',
    env: 'TEMPORAL_MUTUALTLS_CERT',
    kind: 'file',
    description: 'client certificate, a PEM file',
  },
  {
    name: 'temporal.mutual-tls.key',
    env: 'TEMPORAL_MUTUALTLS_KEY',
    kind: 'file',
    description: 'private key, a PEM file without a passphrase',
  },
  {
    name: 'temporal.mutual-tls.ca',
    env: 'TEMPORAL_MUTUALTLS_CA',
    kind: 'file',
    description: 'CA of the engine, a PEM file',
  },
  {
    name: 'temporal.mutual-tls.cert-data',
    env: 'TEMPORAL_MUTUALTLS_CERTDATA',
    kind: 'pem',
    description: 'client certificate, inline PEM',
  },
  {
    name: 'temporal.mutual-tls.key-data',
    env: 'TEMPORAL_MUTUALTLS_KEYDATA',
    kind: 'secret-pem',
    description: 'private key, inline PEM without a passphrase',
  },
  {
    name: 'temporal.mutual-tls.ca-data',
    env: 'TEMPORAL_MUTUALTLS_CADATA',
    kind: 'pem',
    description: 'CA of the engine, inline PEM',
  },
  {
    name: 'temporal.mutual-tls.server-name',
    env: 'TEMPORAL_MUTUALTLS_SERVERNAME',
    kind: 'text',
    description: "name expected in the engine's certificate (default: the target host)",
  },
  {
    name: 'temporal.proxy',
    env: 'TEMPORAL_PROXY',
    kind: 'proxy',
    description: 'HTTP proxy for the engine, or none (default: HTTPS_PROXY and NO_PROXY)',
  },
  {
    name: 'worker.installation-id',
    env: 'WORKER_INSTALLATIONID',
    alias: 'temporal.installation-id',
    kind: 'uuid',
    description: 'ID of the installation, if KuFlow assigned one',
  },
  {
    name: 'worker.robot-ids',
    env: 'WORKER_ROBOTIDS',
    alias: 'temporal.robot-ids',
    kind: 'uuids',
    description: 'IDs of the robots, as a list or separated by commas',
  },
  {
    name: 'worker.health-port',
    env: 'WORKER_HEALTHPORT',
    kind: 'integer',
    range: PORTS,
    default: '8081',
    description: 'port of /livez and /readyz (0: any free port)',
  },
  {
    name: 'worker.metrics-port',
    env: 'WORKER_METRICSPORT',
    kind: 'integer',
    range: PORTS,
    default: '9464',
    description: 'port of /metrics (0: no metrics)',
  },
  {
    name: 'worker.max-concurrent-workflow-tasks',
    env: 'WORKER_MAXCONCURRENTWORKFLOWTASKS',
    kind: 'integer',
    range: { min: 2, max: 10_000 },
    description: "workflow tasks at the same time (default: that of Temporal's SDK)",
  },
  {
    name: 'worker.max-concurrent-activities',
    env: 'WORKER_MAXCONCURRENTACTIVITIES',
    kind: 'integer',
    range: { min: 1, max: 10_000 },
    description: "activities at the same time (default: that of Temporal's SDK)",
  },
  {
    name: 'worker.log-level',
    env: 'WORKER_LOGLEVEL',
    kind: 'choice',
    choices: ['trace', 'debug', 'info', 'warn', 'error'],
    default: 'info',
    description: 'minimum log level: trace, debug, info, warn or error',
  },
  {
    name: 'worker.log-format',
    env: 'WORKER_LOGFORMAT',
    kind: 'choice',
    choices: ['json', 'pretty'],
    description: 'format of the log: json or pretty (default: json, with --dev pretty)',
  },
  {
    name: 'worker.attempts-before-task-log',
    env: 'WORKER_ATTEMPTSBEFORETASKLOG',
    kind: 'integer',
    range: { min: 1, max: 1_000 },
    default: '5',
    description: 'failed attempts of a system task before the error is written to its task log in KuFlow',
  },
  {
    name: 'worker.max-payload-bytes',
    env: 'WORKER_MAXPAYLOADBYTES',
    kind: 'integer',
    range: { min: 10_000, max: 4_194_304 },
    default: '2097152',
    description: 'largest argument or result of an activity or workflow, in bytes',
  },
];

export const CLIENT_ID = 'kuflow.api.client-id';
export const CLIENT_SECRET = 'kuflow.api.client-secret';
export const ENDPOINT = 'kuflow.api.endpoint';

/** Strongest first. Together they count as one source of credentials. */
export const APPLICATION_FILES = ['application-local.yaml', 'application.yaml'] as const;
/** Git-ignored and mode 0600: the only application file that may hold secrets. */
export const LOCAL_SETTINGS_FILE = APPLICATION_FILES[0];

/** The application file for a setting: git must not track credentials, or the password that a proxy address may contain. */
export function settingsFileFor(key: string): (typeof APPLICATION_FILES)[number] {
  const kind = SETTING_KEYS.find(({ name }) => name === key)?.kind;
  const isPrivate = key === CLIENT_ID || kind === 'secret' || kind === 'secret-pem' || kind === 'proxy';
  return isPrivate ? LOCAL_SETTINGS_FILE : 'application.yaml';
}

/** What to do about a setting that is missing, as a clause. `hasFiles`: there are application files to add it to. */
export function whereToSet(key: string, hasFiles = true): string {
  const { env = key, description } = SETTING_KEYS.find(({ name }) => name === key) ?? {};
  const value = description === undefined ? '' : ` to the ${description}`;
  return `set ${env}${value}${hasFiles ? `, or add it to ${settingsFileFor(key)}` : ''}`;
}
