import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import type { ProblemCode } from './settings-problem.ts';

/** A value as it is written, and where. */
export type Found = { readonly text: string; readonly source: string };

/** The second one wins. */
export const FILES = ['application.yaml', 'application-local.yaml'] as const;

/** Every setting and its environment variable. */
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
};

/** The settings that the files hold, by key. What can't be read is told to `problem`. */
export function readApplicationFiles(
  directory: string,
  problem: (key: string, code: ProblemCode, source: string, expected: string) => void,
): ReadonlyMap<string, Found> {
  const found = new Map<string, Found>();
  for (const file of FILES) {
    let content: unknown;
    try {
      // Every scalar as it is written: a secret of digits keeps its zeros.
      content = parse(readFileSync(join(directory, file), 'utf8'), { schema: 'failsafe', logLevel: 'error' });
    } catch (error) {
      if (codeOf(error) === 'ENOENT') continue;
      problem(file, 'unreadable', file, `a YAML file that can be read: ${codeOf(error) ?? notYaml(error)}`);
      continue;
    }
    if (content !== null && content !== '' && (typeof content !== 'object' || Array.isArray(content))) {
      problem(file, 'unreadable', file, 'a YAML file that holds a map');
      continue;
    }
    for (const key of Object.keys(ENVIRONMENT)) {
      const text = asText(valueAt(content, key), key === 'worker.robot-ids');
      if (text === undefined) problem(key, 'invalid', file, 'a single value');
      else if (text !== '') found.set(key, { text, source: file });
    }
  }
  return found;
}

/** Only where: the message of a YAML error quotes the file, which may hold the secret. */
function notYaml(error: unknown): string {
  const at = error instanceof YAMLParseError ? error.linePos?.[0] : undefined;
  return at === undefined ? 'not valid YAML' : `not valid YAML at line ${at.line}, column ${at.col}`;
}

/** The empty text when the way leads to nothing or through something that is no map. */
function valueAt(content: unknown, key: string): unknown {
  let at: unknown = content;
  for (const part of key.split('.')) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return '';
    at = (at as Record<string, unknown>)[part] ?? '';
  }
  return at;
}

function asText(value: unknown, list: boolean): string | undefined {
  if (typeof value === 'string') return value.trim();
  if (list && Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(',');
  return undefined;
}

/** The code of a system error. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : undefined;
}
