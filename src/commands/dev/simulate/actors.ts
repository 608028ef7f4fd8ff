import { createKuFlowClient, type KuFlowClient } from '../../../kuflow/client.ts';
import { readUsers, type GroupMember } from '../../../platform/rest/dev-client.ts';
import type { PlatformState } from '../../../platform/state/state-file.ts';

/** The users of a local KuFlow, each of whom can complete tasks. */
export type Actors = Awaited<ReturnType<typeof openActors>>;

export interface Actor {
  readonly principalId: string;
  readonly user: KuFlowClient;
}

interface ClaimableTask {
  readonly ownerId?: string | undefined;
  readonly candidates?: readonly string[] | undefined;
}

export async function openActors(state: PlatformState, signal: AbortSignal) {
  const users = await readUsers(state);
  const clients = new Map<string, KuFlowClient>();
  const clientOf = ({ principalId, token }: GroupMember): KuFlowClient => {
    const known = clients.get(principalId);
    if (known !== undefined) return known;
    const { tenantId, loopback } = state;
    const client = createKuFlowClient({ endpoint: loopback.http, credentials: { token }, tenantId, signal });
    clients.set(principalId, client);
    return client;
  };
  return {
    /** The owner, or without one the first user that may claim the task. Undefined if that is nobody. */
    find: ({ ownerId, candidates }: ClaimableTask): Actor | undefined => {
      const found = users.find((user) =>
        ownerId === undefined ? mayClaim(user, candidates) : user.principalId === ownerId,
      );
      return found === undefined ? undefined : { principalId: found.principalId, user: clientOf(found) };
    },
    close: async (): Promise<void> => {
      for (const client of clients.values()) await client.close();
    },
  };
}

function mayClaim({ email, groups }: GroupMember, candidates: readonly string[] | undefined): boolean {
  if (candidates === undefined) return true;
  return candidates.some((candidate) => candidate.toLowerCase() === email.toLowerCase() || groups.includes(candidate));
}
