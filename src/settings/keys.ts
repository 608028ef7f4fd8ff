import type { Secret } from '../base/secret.ts';

/** The type of a resolved value, for each kind of setting. */
interface KindValues {
  /** With the version segment, without a trailing slash. */
  readonly endpoint: string;
  readonly uuid: string;
  readonly uuids: readonly string[];
  readonly secret: Secret;
  /** Absolute path. */
  readonly file: string;
  /** Absolute path of a PEM file. */
  readonly authorities: string;
  /** `host:port` */
  readonly target: string;
  readonly text: string;
  /** PEM text with real line breaks. */
  readonly pem: string;
  readonly 'secret-pem': Secret;
  /** An address that may contain a password, or `none`. HTTPS_PROXY and NO_PROXY are read by `decideProxy`. */
  readonly proxy: Secret;
  readonly integer: number;
  /** One of the `choices` of the key. */
  readonly choice: string;
}

interface DeclaredSetting {
  readonly name: string;
  /** Its name in KuFlow's own samples, which files may use too. The worker has the same table. */
  readonly alias?: string;
  readonly kind: keyof KindValues;
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
const SETTINGS = [
  {
    name: 'kuflow.api.endpoint',
    kind: 'endpoint',
    default: 'https://api.kuflow.com',
    description: 'URL of the KuFlow REST API',
  },
  {
    name: 'kuflow.api.client-id',
    kind: 'uuid',
    required: true,
    description: "client ID (the application's identifier in KuFlow)",
  },
  {
    name: 'kuflow.api.client-secret',
    kind: 'secret',
    required: true,
    description: "client secret (the application's token in KuFlow)",
  },
  {
    name: 'kuflow.api.tenant-id',
    alias: 'temporal.tenant-id',
    kind: 'uuid',
    description: 'ID of the tenant to use, if the application belongs to several',
  },
  {
    name: 'kuflow.api.ca',
    kind: 'authorities',
    description: "PEM file with CA certificates to trust in addition to the runtime's own",
  },
  {
    name: 'temporal.target',
    kind: 'target',
    default: 'engine.kuflow.com:443',
    description: 'host:port of the KuFlow engine',
  },
  {
    name: 'temporal.namespace',
    kind: 'text',
    description: 'Temporal namespace (default: the one in the engine certificate)',
  },
  {
    name: 'temporal.kuflow-queue',
    kind: 'text',
    required: true,
    description: 'task queue of the process definition',
  },
  {
    name: 'temporal.mutual-tls.cert',
    kind: 'file',
    description: 'client certificate, a PEM file',
  },
  {
    name: 'temporal.mutual-tls.key',
    kind: 'file',
    description: 'private key, a PEM file without a passphrase',
  },
  {
    name: 'temporal.mutual-tls.ca',
    kind: 'file',
    description: 'engine CA, a PEM file',
  },
  {
    name: 'temporal.mutual-tls.cert-data',
    kind: 'pem',
    description: 'client certificate, inline PEM',
  },
  {
    name: 'temporal.mutual-tls.key-data',
    kind: 'secret-pem',
    description: 'private key, inline PEM without a passphrase',
  },
  {
    name: 'temporal.mutual-tls.ca-data',
    kind: 'pem',
    description: 'engine CA, inline PEM',
  },
  {
    name: 'temporal.mutual-tls.server-name',
    kind: 'text',
    description: "name expected in the engine's certificate (default: the target host)",
  },
  {
    name: 'temporal.proxy',
    kind: 'proxy',
    description:
      'HTTP proxy, or `none` for no proxy (default: HTTPS_PROXY and NO_PROXY); kuflow commands use this setting only for the engine',
  },
  {
    name: 'worker.installation-id',
    alias: 'temporal.installation-id',
    kind: 'uuid',
    description: 'installation ID, if KuFlow assigned one',
  },
  {
    name: 'worker.robot-ids',
    alias: 'temporal.robot-ids',
    kind: 'uuids',
    description: 'robot IDs, as a list or a comma-separated string',
  },
  {
    name: 'worker.health-port',
    kind: 'integer',
    range: PORTS,
    default: '8081',
    description: 'port for /livez and /readyz (0: any free port)',
  },
  {
    name: 'worker.metrics-port',
    kind: 'integer',
    range: PORTS,
    default: '9464',
    description: 'port for /metrics (0: no metrics)',
  },
  {
    name: 'worker.max-concurrent-workflow-tasks',
    kind: 'integer',
    range: { min: 2, max: 10_000 },
    description: "maximum number of concurrent workflow tasks (default: set by Temporal's SDK)",
  },
  {
    name: 'worker.max-concurrent-activities',
    kind: 'integer',
    range: { min: 1, max: 10_000 },
    description: "maximum number of concurrent activities (default: set by Temporal's SDK)",
  },
  {
    name: 'worker.log-level',
    kind: 'choice',
    choices: ['trace', 'debug', 'info', 'warn', 'error'],
    default: 'info',
    description: 'minimum log level: trace, debug, info, warn or error',
  },
  {
    name: 'worker.log-format',
    kind: 'choice',
    choices: ['json', 'pretty'],
    description: 'log format: json or pretty (default: json, or pretty with --dev)',
  },
  {
    name: 'worker.attempts-before-task-log',
    kind: 'integer',
    range: { min: 1, max: 1_000 },
    default: '5',
    description:
      'for a system task, the number of failed attempts after which the error is written to the task log in KuFlow',
  },
  {
    name: 'worker.max-payload-bytes',
    kind: 'integer',
    range: { min: 10_000, max: 4_194_304 },
    default: '2097152',
    description: 'maximum size of an argument or result of an activity or workflow, in bytes',
  },
] as const satisfies readonly DeclaredSetting[];

type NamedSetting = (typeof SETTINGS)[number];
export type SettingName = NamedSetting['name'];

/** Every setting and the type of its resolved value. */
export type SettingValues = { readonly [Key in NamedSetting as Key['name']]: KindValues[Key['kind']] };

export interface SettingKey extends DeclaredSetting {
  readonly name: SettingName;
  readonly env: string;
  /** A variable with the path of a file that contains the value. */
  readonly fileEnv?: string;
}

/** The environment variable of a setting: `KUFLOW_API_CLIENTID` for `kuflow.api.client-id`. */
export const variableOf = (name: SettingName): string => name.replaceAll('.', '_').replaceAll('-', '').toUpperCase();

export const SETTING_KEYS: readonly SettingKey[] = SETTINGS.map((setting) => {
  const env = variableOf(setting.name);
  return { ...setting, env, ...(setting.kind === 'secret' && { fileEnv: `${env}_FILE` }) };
});

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
