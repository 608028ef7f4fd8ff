import { KnownError } from '../../base/errors.ts';
import type { ForwardedSignal } from '../../base/interrupts.ts';
import { cliInvocation } from '../../base/cli-invocation.ts';
import { childEnvironment, temporalEnvironmentWarnings } from './child-environment.ts';
import type { CredentialToken } from './set.ts';
import { configuredCertificate, createCredentialSet, verifyMaterial, verifyToken } from './material.ts';
import { WORKER_SETTINGS, openCredentialClient, type CredentialContext } from './client.ts';
import {
  explainFailedStart,
  startDevCommand,
  toExitStatus,
  type FailedStart,
} from '../../platform/session/worker-command.ts';

/** `kuflow credentials token`: a new engine token with its expiry. Rejects with a KnownError. */
export async function requestEngineToken(
  request: CredentialContext,
): Promise<{ readonly token: CredentialToken; readonly warnings: readonly string[] }> {
  const client = await openCredentialClient(request);
  try {
    return { token: verifyToken(await client.requestToken(), request.clock.now()), warnings: client.warnings };
  } finally {
    await client.close();
  }
}

export interface CredentialsExecRequest extends CredentialContext {
  readonly command: readonly [string, ...string[]];
  readonly onWarning: (text: string) => void;
  /** From this call on, every signal of this process goes to `listener`. */
  readonly passSignals: (listener: (signal: ForwardedSignal) => void) => void;
}

/**
 * `ran`: `status` is the command's own, or 128 plus the number of the signal that ended it. `not-started`: 126 or 127,
 * and why.
 */
export type CredentialsExecResult =
  | { readonly kind: 'ran'; readonly status: number }
  | ({ readonly kind: 'not-started' } & FailedStart);

/**
 * `kuflow credentials exec`: runs a command with the credentials in its environment and nowhere else: the certificate
 * in the settings, or a new one if none is configured, and a new token. Rejects with a KnownError if it cannot get
 * credentials.
 */
export async function execWithCredentials(request: CredentialsExecRequest): Promise<CredentialsExecResult> {
  const env = await buildEnvironment(request);
  const { command, cwd, signal } = request;
  signal.throwIfAborted();
  // Signals that arrive before the command has started are queued.
  const early: ForwardedSignal[] = [];
  let deliver = (forwarded: ForwardedSignal): void => void early.push(forwarded);
  request.passSignals((forwarded) => deliver(forwarded));
  try {
    const child = await startDevCommand({ command, cwd, env, output: 'pass' });
    deliver = (forwarded) => child.signal(forwarded);
    early.forEach(deliver);
    const exit = await child.exited;
    deliver = () => undefined;
    return { kind: 'ran', status: toExitStatus(exit) };
  } catch (error) {
    const failed = explainFailedStart(error, command);
    if (failed === undefined) throw error;
    return { kind: 'not-started', ...failed };
  }
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
    const set = createCredentialSet(client.scope, { ...verdict.verified, namespace }, token);
    return childEnvironment(request.env, await client.environment(), set, configured?.paths);
  } finally {
    await client.close();
  }
}
