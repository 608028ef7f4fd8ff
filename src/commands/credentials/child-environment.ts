import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { escapeForTerminal } from '../../base/escape.ts';
import { isRecord, withoutUndefined } from '../../base/json.ts';
import type { Environment } from '../../settings/environment.ts';
import { credentialEnvironment } from './formats/environment.ts';
import type { CredentialSet } from './set.ts';
import type { SetPaths } from './store/layout.ts';

/** Variables that would contradict or override the credentials if they were inherited from the caller. */
const CONFLICTING =
  /^(TEMPORAL_TLS(_.*)?|TEMPORAL_MUTUALTLS_.*|TEMPORAL_(CONFIG_FILE|PROFILE|ENV|ENV_FILE|API_KEY)|TEMPORAL_GRPC_META_AUTHORIZATION|KUFLOW_API_.*)$/i;

/**
 * The environment of a command: the caller's, with the credentials in the variables that KuFlow workers and Temporal
 * tools read. `connection`: the variables of the REST API. With `paths`, it refers to the certificate and key files;
 * without, it contains certificate and key.
 */
export function childEnvironment(
  base: NodeJS.ProcessEnv,
  connection: Environment,
  set: CredentialSet,
  paths?: SetPaths,
): NodeJS.ProcessEnv {
  const inherited = Object.entries(base).filter(([name]) => !CONFLICTING.test(name));
  const added: Environment = {
    ...connection,
    ...credentialEnvironment(set, paths),
    TEMPORAL_CONFIG_FILE: missingConfigFile('temporal.toml'),
    // Documented by the Temporal CLI, but version 1.9.1 only looks in the home folder, which this tool does not move.
    TEMPORAL_ENV_FILE: missingConfigFile('temporal.yaml'),
  };
  return { ...Object.fromEntries(inherited), ...withoutUndefined(added) };
}

/**
 * The path of a file that does not exist, which Temporal tools treat as an empty one. Without it they merge these
 * variables with the user's default profile, whose `tls.disabled` would send the token in clear text and whose paths
 * would contradict inline PEM. The name is unpredictable, so that nobody can create the file.
 */
function missingConfigFile(name: string): string {
  return resolve(tmpdir(), `no-temporal-config-${randomUUID()}`, name);
}

/** Options of the Temporal CLI that decide where, as whom and how it connects. */
const CONNECTION_OPTION = /^(address|namespace|api-key|client-authority|grpc-meta|tls(-.*)?)$/;

/**
 * Warns about connection options that `temporal env set` stored in the environment `default`. The Temporal CLI prefers
 * them to every variable, and nothing in its environment except another home folder turns that off (seen with 1.9.1,
 * which ignores TEMPORAL_ENV_FILE).
 */
export async function temporalEnvironmentWarnings(
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const home = env[process.platform === 'win32' ? 'USERPROFILE' : 'HOME'] ?? '';
  if (home === '') return [];
  const path = join(home, '.config', 'temporalio', 'temporal.yaml');
  const keys = Object.keys(await readDefaultEnvironment(path)).filter((key) => CONNECTION_OPTION.test(key));
  if (keys.length === 0) return [];
  return [
    `${path} sets ${escapeForTerminal(keys.join(', '), 200)}; the Temporal CLI uses that instead of these credentials. ` +
      'Run `temporal env delete --env default` to remove it, or pass --env-file with a file that does not exist to ignore it once',
  ];
}

async function readDefaultEnvironment(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const text = await readFile(path, 'utf8');
    const document: unknown = parse(text);
    const environments = isRecord(document) ? document['env'] : undefined;
    const values = isRecord(environments) ? environments['default'] : undefined;
    return isRecord(values) ? values : {};
  } catch {
    // A missing file, or one that the Temporal CLI could not read either.
    return {};
  }
}
