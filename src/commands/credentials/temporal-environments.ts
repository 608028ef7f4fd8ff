import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { escapeForTerminal } from '../../base/escape.ts';
import { isRecord } from '../../base/json.ts';

/** What says where, as whom and how Temporal's command connects; the names of its options. */
const CONNECTS = /^(address|namespace|api-key|client-authority|grpc-meta|tls(-.*)?)$/;

/**
 * Warns of what `temporal env set` once stored in the environment `default`: Temporal's command takes that over every variable, the ones of a caller
 * included, and nothing in its environment but another home folder turns that off (seen with 1.9.1, which does not read TEMPORAL_ENV_FILE).
 */
export async function temporalEnvironmentWarnings(
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const home = env[process.platform === 'win32' ? 'USERPROFILE' : 'HOME'] ?? '';
  if (home === '') return [];
  const path = join(home, '.config', 'temporalio', 'temporal.yaml');
  const keys = Object.keys(await defaultEnvironment(path)).filter((key) => CONNECTS.test(key));
  if (keys.length === 0) return [];
  return [
    `${path} sets ${escapeForTerminal(keys.join(', '), 200)}, which Temporal's own command takes over the credentials given here. ` +
      '`temporal env delete --env default` removes that; --env-file with a file that is not there leaves it out once',
  ];
}

async function defaultEnvironment(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const text = await readFile(path, 'utf8');
    const document: unknown = parse(text);
    const environments = isRecord(document) ? document['env'] : undefined;
    const found = isRecord(environments) ? environments['default'] : undefined;
    return isRecord(found) ? found : {};
  } catch {
    // Not there, or nothing that Temporal's command could read either.
    return {};
  }
}
