import { KnownError } from '../../base/errors.ts';
import type { ForwardedSignal } from '../../base/interrupts.ts';
import { cliInvocation } from '../../base/cli-invocation.ts';
import { childEnvironment } from './child-environment.ts';
import type { CredentialToken } from './set.ts';
import { createCredentialSet } from './material/make-set.ts';
import { verifyMaterial, verifyToken } from './material.ts';
import type { ConnectionFlags } from '../../connection/flags.ts';
import { WORKER_SETTINGS, openCredentialClient, type CredentialContext } from './client.ts';
import {
  explainFailedStart,
  startDevCommand,
  toExitStatus,
  type FailedStart,
} from '../../platform/session/worker-command.ts';
import { configuredCertificate } from './configured-certificate.ts';
import { temporalEnvironmentWarnings } from './temporal-environments.ts';

export interface CredentialsTokenRequest extends CredentialContext {
  readonly flags: ConnectionFlags;
}

/** `kuflow credentials token`: a new engine token with its end. Rejects with a KnownError. */
export async function requestEngineToken(
  request: CredentialsTokenRequest,
): Promise<{ readonly token: CredentialToken; readonly warnings: readonly string[] }> {
  const access = await openCredentialClient(request.flags, request);
  try {
    return { token: verifyToken(await access.requestToken(), request.clock.now()), warnings: access.warnings };
  } finally {
    await access.close();
  }
}

export interface CredentialsExecRequest extends CredentialContext {
  readonly flags: ConnectionFlags;
  readonly command: readonly [string, ...string[]];
  readonly onWarning: (text: string) => void;
  /** Has every signal of this process come to `listener` from now on. */
  readonly passSignals: (listener: (signal: ForwardedSignal) => void) => void;
}

/** The command ran: `status` is its own, or 128 and the number of the signal that ended it. It did not: 126 or 127, and why. */
export type CredentialsExecResult =
  { readonly kind: 'ran'; readonly status: number } | ({ readonly kind: 'not-started' } & FailedStart);

/**
 * `kuflow credentials exec`: runs a command with the credentials in its environment and nowhere else: the certificate of the settings, or a
 * new one where they give none, and a new token. Rejects with a KnownError when there are none to be had.
 */
export async function execWithCredentials(request: CredentialsExecRequest): Promise<CredentialsExecResult> {
  const env = await environmentFor(request);
  const { command, cwd, signal } = request;
  signal.throwIfAborted();
  // What comes before the command is there waits for it.
  const early: ForwardedSignal[] = [];
  let deliver = (one: ForwardedSignal): void => void early.push(one);
  request.passSignals((one) => deliver(one));
  try {
    const child = await startDevCommand({ command, cwd, env, output: 'pass' });
    deliver = (one) => child.signal(one);
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

async function environmentFor(request: CredentialsExecRequest): Promise<NodeJS.ProcessEnv> {
  const access = await openCredentialClient(request.flags, request, WORKER_SETTINGS);
  try {
    for (const warning of [...access.warnings, ...(await temporalEnvironmentWarnings(request.env))])
      request.onWarning(warning);
    const { settings } = access;
    const given = configuredCertificate(settings);
    const material =
      given === undefined
        ? await access.requestMaterial()
        : { namespace: settings['temporal.namespace']?.value ?? '', text: await given.read() };
    const verdict = verifyMaterial(material, request.clock.now());
    if (!verdict.ok) {
      throw new KnownError({
        message: `The engine certificate ${given === undefined ? 'that KuFlow answered' : 'of the settings'} can't be used`,
        ...(given && { tried: given.paths?.cert ?? given.source }),
        seen: verdict.problems.map(({ message }) => message).join('; '),
        next: [`${cliInvocation(request.cwd)} credentials pull --force`],
      });
    }
    const namespace = settings['temporal.namespace']?.value ?? verdict.verified.namespace;
    const token = verifyToken(await access.requestToken(), request.clock.now());
    const set = createCredentialSet(access.place, { ...verdict.verified, namespace }, token);
    return childEnvironment(request.env, await access.restCredentials(), set, given?.paths);
  } finally {
    await access.close();
  }
}
