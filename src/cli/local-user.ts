import { openLocalUser, resolveId, type LocalUserSession } from '../platform/client/local-user.ts';
import { RECENT_RECORDS } from '../platform/client/light-client.ts';
import type { CommandContext } from './context.ts';
import type { ActingFlags, LocalUserFlags } from './local-user-options.ts';

/** Runs `work` as a user of the local KuFlow that runs for this folder. Rejects with KnownError if it does not run. */
export async function withLocalUser(
  flags: LocalUserFlags & Partial<ActingFlags>,
  context: CommandContext,
  work: (session: LocalUserSession) => Promise<void>,
): Promise<void> {
  const { cwd, env } = context;
  const session = await openLocalUser({
    cwd,
    env,
    stateDir: flags.stateDir,
    email: flags.as,
    signal: context.interruption(),
  });
  try {
    await work(session);
  } finally {
    await session.close();
  }
}

/** Resolves a process ID, the end of one, or `latest`. Rejects with a usage error if there is no such process. */
export async function findProcessId(
  { user }: LocalUserSession,
  id: string,
  { invocation }: CommandContext,
): Promise<string> {
  return await resolveId(id, {
    what: 'process',
    listIds: async () => {
      const recent = await user.findProcesses({ sort: ['createdAt,desc'], size: RECENT_RECORDS });
      return recent.content.map((process) => process.id);
    },
    hint: `List the processes: ${invocation} process list`,
  });
}
