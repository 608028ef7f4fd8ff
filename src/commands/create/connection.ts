import { connectionContext } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { ALL_CONNECTION_KEYS } from '../../connection/flags.ts';
import type { Connection } from '../../connection/resolve.ts';
import type { CreateAnswers } from './answers.ts';

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
    const { resolveConnection } = await import('../../connection/resolve.ts');
    const { requireConnection } = await import('../../connection/resolve.ts');
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
