import { KnownError } from '../base/errors.ts';
import { ownCommand } from '../base/own-command.ts';
import { childEnvironment } from '../credentials/child-environment.ts';
import type { CredentialToken } from '../credentials/credential-set.ts';
import { makeSet } from '../credentials/material/make-set.ts';
import { verifyMaterial, verifyToken, type UnverifiedMaterial } from '../credentials/material/verify.ts';
import { connectionSettings } from '../doctor/connection-settings.ts';
import type { ConnectionFlags } from './connection-flags.ts';
import { OF_WORKER, openCredentialAccess, type CredentialAccess, type CredentialWorld } from './credentials-access.ts';
import { failedStart, startDevCommand, statusOfExit, type FailedStart } from './dev-command.ts';

export interface CredentialsTokenRequest extends CredentialWorld {
  readonly flags: ConnectionFlags;
}

/** `kuflow credentials token`: a new engine token with its end. Rejects with a KnownError. */
export async function requestEngineToken(
  request: CredentialsTokenRequest,
): Promise<{ readonly token: CredentialToken; readonly warnings: readonly string[] }> {
  const access = await openCredentialAccess(request.flags, request);
  try {
    return { token: verifyToken(await access.requestToken(), request.clock.now()), warnings: access.warnings };
  } finally {
    await access.close();
  }
}

export interface CredentialsExecRequest extends CredentialWorld {
  readonly flags: ConnectionFlags;
  readonly command: readonly [string, ...string[]];
  readonly onWarning: (text: string) => void;
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
  try {
    const child = await startDevCommand({ command, cwd, env, output: 'pass' });
    const passOn = (): void => void child.drain(causeOf(signal.reason) === 'SIGINT' ? 'SIGINT' : 'SIGTERM');
    signal.addEventListener('abort', passOn, { once: true });
    if (signal.aborted) passOn();
    const exit = await child.exited;
    signal.removeEventListener('abort', passOn);
    return { kind: 'ran', status: statusOfExit(exit) };
  } catch (error) {
    const failed = failedStart(error, command);
    if (failed === undefined) throw error;
    return { kind: 'not-started', ...failed };
  }
}

function causeOf(reason: unknown): unknown {
  return reason instanceof Error ? reason.cause : undefined;
}

async function environmentFor(request: CredentialsExecRequest): Promise<NodeJS.ProcessEnv> {
  const access = await openCredentialAccess(request.flags, request, OF_WORKER);
  try {
    access.warnings.forEach(request.onWarning);
    const { settings } = access;
    const given = await givenMaterial(access);
    const verdict = verifyMaterial(given?.material ?? (await access.requestMaterial()), request.clock.now());
    if (!verdict.ok) {
      throw new KnownError({
        message: `The engine certificate ${given === undefined ? 'that KuFlow answered' : 'of the settings'} can't be used`,
        ...(given && { tried: given.source }),
        seen: verdict.problems.map(({ message }) => message).join('; '),
        next: [`${ownCommand(request.cwd)} credentials pull --force`],
      });
    }
    const namespace = settings['temporal.namespace']?.value ?? verdict.verified.namespace;
    const token = verifyToken(await access.requestToken(), request.clock.now());
    const set = makeSet(access.place, { ...verdict.verified, namespace }, token);
    return childEnvironment(request.env, access.rest, set, given?.paths);
  } finally {
    await access.close();
  }
}

interface GivenMaterial {
  readonly material: UnverifiedMaterial;
  readonly source: string;
  readonly paths?: { readonly cert: string; readonly key: string; readonly ca: string };
}

/** The certificate of the settings, as a worker would take it; undefined when they give none. Rejects with a KnownError for a file that can't be read. */
async function givenMaterial({ settings }: CredentialAccess): Promise<GivenMaterial | undefined> {
  const { material: origin } = await connectionSettings({ settings, problems: [], warnings: [] });
  if (origin.kind === 'requested') return undefined;
  const namespace = settings['temporal.namespace']?.value ?? '';
  const material = { namespace, text: await origin.read() };
  const [cert, key, ca] = (['cert', 'key', 'ca'] as const).map(
    (name) => settings[`temporal.mutual-tls.${name}`]?.value,
  );
  if (origin.form !== 'files' || cert === undefined || key === undefined || ca === undefined)
    return { material, source: origin.source };
  return { material, source: cert, paths: { cert, key, ca } };
}
