import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { KnownError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { cliInvocation } from '../../base/cli-invocation.ts';
import { isRecord, withoutUndefined } from '../../base/json.ts';
import type { Environment } from '../../settings/environment.ts';
import { credentialEnvironment } from './formats/environment.ts';
import type { CredentialSet } from './credential-set.ts';
import { configuredCertificate, verifyMaterial, verifyToken } from './verify-certificate-and-token.ts';
import { WORKER_SETTINGS, openCredentialClient, type CredentialContext } from './request-credentials.ts';
import { startDevCommand, toExitStatus } from '../../platform/session/worker-command.ts';
import type { SetPaths } from './store/sets.ts';

interface CredentialsExecRequest extends CredentialContext {
  readonly command: readonly [string, ...string[]];
  readonly onWarning: (text: string) => void;
  /** From this call on, every signal of this process goes to `listener`. */
  readonly passSignals: (listener: (signal: NodeJS.Signals) => void) => void;
}

/**
 * `kuflow credentials exec`: runs a command with the credentials in its environment and nowhere else: the certificate
 * in the settings, or a new one if none is configured, and a new token. Resolves to the command's own status, or 128
 * plus the number of the signal that ended it. Rejects with a KnownError if it cannot get credentials, and with a
 * CommandStartError if it cannot start the command.
 */
export async function execWithCredentials(request: CredentialsExecRequest): Promise<number> {
  const env = await buildEnvironment(request);
  const { command, cwd, signal } = request;
  signal.throwIfAborted();
  // Signals that arrive before the command has started are queued.
  const early: NodeJS.Signals[] = [];
  let deliver = (forwarded: NodeJS.Signals): void => void early.push(forwarded);
  request.passSignals((forwarded) => deliver(forwarded));
  const child = await startDevCommand({ command, cwd, env, output: 'pass' });
  deliver = (forwarded) => child.signal(forwarded);
  early.forEach(deliver);
  const exit = await child.exited;
  deliver = () => undefined;
  return toExitStatus(exit);
}

async function buildEnvironment(request: CredentialsExecRequest): Promise<NodeJS.ProcessEnv> {
  const client = await openCredentialClient(request, WORKER_SETTINGS);
  try {
    for (const warning of [...client.warnings, ...(await temporalEnvironmentWarnings(request.env))])
      request.onWarning(warning);
    const { settings } = client;
    const configured = configuredCertificate(settings);
    const material =
      configured === undefined
        ? await client.requestMaterial()
        : { namespace: settings['temporal.namespace']?.value ?? '', text: await configured.read() };
    const verdict = verifyMaterial(material, request.clock.now());
    if (!verdict.ok) {
      throw new KnownError({
        message: `The engine certificate ${configured === undefined ? 'from KuFlow' : 'in the settings'} cannot be used`,
        tried: configured && (configured.paths?.cert ?? configured.source),
        seen: verdict.problems.map(({ message }) => message).join('; '),
        next: [`${cliInvocation(request.cwd)} credentials pull --force`],
      });
    }
    const namespace = settings['temporal.namespace']?.value ?? verdict.verified.namespace;
    const token = verifyToken(await client.requestToken(), request.clock.now());
    const set = { ...client.scope, ...verdict.verified, namespace, token };
    return childEnvironment(request.env, await client.environment(), set, configured?.paths);
  } finally {
    await client.close();
  }
}

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
export async function temporalEnvironmentWarnings(env: Environment): Promise<readonly string[]> {
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
    const document = parse(text) as { readonly env?: { readonly default?: unknown } } | null;
    const values = document?.env?.default;
    return isRecord(values) ? values : {};
  } catch {
    // A missing file, or one that the Temporal CLI could not read either.
    return {};
  }
}
