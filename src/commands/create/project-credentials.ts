import { dirname, relative, resolve } from 'node:path';
import { revealed } from '../../base/secret.ts';
import { connectionContext } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { ALL_CONNECTION_KEYS } from '../../connection/flags.ts';
import { requireConnection, resolveConnection, type Connection } from '../../connection/resolve-connection.ts';
import type { ReadWith } from '../../project/next-steps.ts';
import type { Environment } from '../../settings/environment.ts';
import { resolveSettings } from '../../settings/precedence.ts';
import type { LocalValues } from '../../settings/application-files.ts';
import type { CreateAnswers } from './answers.ts';
import { credentialVariables } from '../../connection/has-no-connection.ts';

/** Resolves the connection that answers, environment and files give. Rejects with a KnownError that lists every problem. */
export type Connect = (answers: CreateAnswers) => Promise<Connection>;

/**
 * Resolves each connection once: a keychain may ask every time, and standard input can be read only once. `forget` makes the next call
 * resolve it again, except for a secret that came from standard input.
 */
export function rememberConnections(context: CommandContext): {
  readonly connect: Connect;
  readonly forget: () => void;
} {
  const known = new Map<string, { readonly answers: CreateAnswers; readonly connection: Connection }>();
  const connect: Connect = async (answers) => {
    const { secret } = answers;
    const key = JSON.stringify(ALL_CONNECTION_KEYS.map((option) => answers[option]));
    const before = known.get(key);
    if (before !== undefined && before.answers.secret === secret) return before.connection;
    const connection = await requireConnection(
      await resolveConnection(answers, { ...connectionContext(context), typedSecret: secret }),
    );
    known.set(key, { answers, connection });
    return connection;
  };
  const forget = (): void => {
    for (const [key, { answers }] of known)
      if (answers.secret !== undefined || answers.clientSecretStdin !== true) known.delete(key);
  };
  return { connect, forget };
}

/**
 * Decides which credentials and addresses the project gets. `written`: what is written into the project. `repeated`: the addresses in the
 * command that repeats the run. `readWith`: the source of the credentials that read the process, if the project does not get them.
 */
export function planCredentials(
  answers: CreateAnswers,
  connection: Connection | undefined,
  { cwd, folder }: { readonly cwd: string; readonly folder: string },
) {
  const secret = connection?.settings['kuflow.api.client-secret'];
  // A worker does not read profiles: the credentials of a profile that was chosen for it are written like typed ones.
  const isWritten =
    secret?.source.kind === 'flag' || (secret?.source.kind === 'profile' && answers.profile !== undefined);
  // Credentials are written with the address that they were used at, wherever it came from. Otherwise, another KuFlow would see them.
  const used = (
    key: 'kuflow.api.client-id' | 'kuflow.api.endpoint' | 'kuflow.api.tenant-id' | 'temporal.target' | 'kuflow.api.ca',
  ): string | undefined => {
    const setting = isWritten ? connection?.settings[key] : undefined;
    if (setting === undefined || setting.source.kind === 'default') return undefined;
    const { kind, file } = setting.source;
    const isInProject = kind === 'file' && file !== undefined && dirname(file) === folder;
    return isInProject ? undefined : setting.value;
  };
  const addresses = {
    endpoint: answers.endpoint ?? used('kuflow.api.endpoint'),
    target: answers.target ?? used('temporal.target'),
    ca: answers.ca === undefined ? used('kuflow.api.ca') : resolve(cwd, answers.ca),
  };
  const written: LocalValues = {
    'kuflow.api.client-id': answers.clientId ?? used('kuflow.api.client-id'),
    'kuflow.api.client-secret': isWritten ? secret.value : undefined,
    'kuflow.api.endpoint': addresses.endpoint,
    'kuflow.api.tenant-id':
      answers.tenantId ?? (answers.profile === undefined ? undefined : used('kuflow.api.tenant-id')),
    'kuflow.api.ca': addresses.ca,
    'temporal.target': addresses.target,
  };
  // A profile includes its addresses.
  const { endpoint, target, ca } = answers.profile === undefined ? addresses : answers;
  // A worker does not find these by itself.
  const from = isWritten ? undefined : secret?.source;
  const readWith: ReadWith | undefined =
    from?.kind === 'profile'
      ? { kind: 'profile', name: from.name }
      : from?.kind === 'file' && from.file !== undefined
        ? { kind: 'file', path: relative(folder, from.file) }
        : undefined;
  return { written, repeated: { endpoint, target, ca: answers.ca ?? ca }, readWith };
}

export interface ProjectCredentials {
  /** Where the worker of the project finds client ID and secret. */
  readonly from: 'file' | 'environment' | 'none';
  /** Variables that override different values in the project's files when a worker runs. */
  readonly shadowedBy: readonly string[];
}

const PAIR = ['kuflow.api.client-id', 'kuflow.api.client-secret'] as const;
const SHADOWABLE = ['kuflow.api.endpoint', 'kuflow.api.tenant-id', 'temporal.target', 'kuflow.api.ca'] as const;

/** The credentials as a worker that starts in `folder` would find them. */
export async function projectCredentials(folder: string, env: Environment): Promise<ProjectCredentials> {
  const files = { dir: folder };
  const { settings } = await resolveSettings({ env, files, cwd: folder });
  const { settings: alone } = await resolveSettings({ env: {}, files, cwd: folder });
  const differs = (key: keyof typeof settings): boolean =>
    settings[key]?.source.kind === 'environment' &&
    alone[key]?.source.kind === 'file' &&
    revealed(settings[key].value) !== revealed(alone[key].value);
  const inFile = PAIR.every((key) => alone[key] !== undefined);
  const here = PAIR.every((key) => settings[key] !== undefined);
  // A client ID or secret alone in the environment also counts: it is never combined with a value from a file.
  const isOver = inFile && (!here || PAIR.some(differs));
  const others = SHADOWABLE.filter(differs).flatMap((key) => settings[key]?.source.name ?? []);
  return {
    from: inFile && (isOver || settings[PAIR[0]]?.source.kind === 'file') ? 'file' : here ? 'environment' : 'none',
    shadowedBy: [...(isOver ? credentialVariables(env) : []), ...others],
  };
}
