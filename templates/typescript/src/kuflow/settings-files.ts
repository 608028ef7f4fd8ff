import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import type { ProblemCode } from './settings-problem.ts';

/** A value as written, and where it comes from. */
export type SettingValue = {
  /** Without spaces and line breaks around it. */
  readonly text: string;
  readonly source: string;
  /** Set if there are spaces or line breaks around the text. */
  readonly isPadded?: boolean;
};

/** In ascending order of precedence. */
export const FILES = ['application.yaml', 'application-local.yaml'] as const;

/** All settings with their environment variables. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
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
  'worker.log-level': 'WORKER_LOGLEVEL',
  'worker.log-format': 'WORKER_LOGFORMAT',
};

/** The settings in the application files, by key. Calls `problem` for each file or value that is not readable. */
export function readApplicationFiles(
  directory: string,
  problem: (key: string, code: ProblemCode, source: string, expected: string) => void,
): ReadonlyMap<string, SettingValue> {
  const found = new Map<string, SettingValue>();
  for (const file of FILES) {
    let content: unknown;
    try {
      // Keeps every scalar as written: a secret of digits must not lose its leading zeros.
      content = parse(readFileSync(join(directory, file), 'utf8'), { schema: 'failsafe', logLevel: 'error' });
    } catch (error) {
      if (codeOf(error) === 'ENOENT') continue;
      problem(file, 'unreadable', file, `a readable YAML file: ${codeOf(error) ?? describeYamlError(error)}`);
      continue;
    }
    if (content !== null && content !== '' && (typeof content !== 'object' || Array.isArray(content))) {
      problem(file, 'unreadable', file, 'a YAML file with key-value pairs');
      continue;
    }
    for (const key of Object.keys(ENVIRONMENT)) {
      const raw = toText(lookUp(content, key), key === 'worker.robot-ids');
      if (raw === undefined) problem(key, 'invalid', file, 'a single value');
      else if (raw.trim() !== '') found.set(key, toValue(raw, file));
    }
  }
  return found;
}

/** Only the position: the message of a YAML error quotes the file, which may contain the secret. */
function describeYamlError(error: unknown): string {
  const at = error instanceof YAMLParseError ? error.linePos?.[0] : undefined;
  return at === undefined ? 'not valid YAML' : `not valid YAML at line ${at.line}, column ${at.col}`;
}

/** The value at a dotted key, or an empty string if it does not exist. */
function lookUp(content: unknown, key: string): unknown {
  let at: unknown = content;
  for (const part of key.split('.')) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return '';
    at = (at as Record<string, unknown>)[part] ?? '';
  }
  return at;
}

function toText(value: unknown, list: boolean): string | undefined {
  if (typeof value === 'string') return value;
  if (list && Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(',');
  return undefined;
}

export function toValue(raw: string, source: string): SettingValue {
  const text = raw.trim();
  return { text, source, isPadded: text !== raw };
}

/** The code of a system error. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : undefined;
}
