import { usageError } from '../../base/errors.ts';
import { isUuid } from '../../base/is-uuid.ts';
import { createKuFlowClient, type KuFlowClient } from '../../kuflow/client.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import { sampleDefinition } from '../../process/sample.ts';
import { didYouMean } from '../../text/near-match.ts';
import { readUsers, type SignedInUser } from '../rest/dev-client.ts';
import { rejectUnserved, requireRunningPlatform } from '../session/attach.ts';
import { loadDefinitions } from '../session/start.ts';
import type { PlatformState } from '../state-file.ts';

/** A user of the running local KuFlow, for commands in other processes. */
export interface LocalUserSession {
  readonly user: KuFlowClient;
  /** `state.user` is the user who acts. */
  readonly state: PlatformState;
  /** Rejects with a usage error that lists the users if there is no such user. */
  findUser(email: string): Promise<SignedInUser>;
  /**
   * The definition in the folder's files. Undefined if they do not contain the process. Rejects with KnownError for an invalid file, and if
   * the local KuFlow serves another version of it.
   */
  findDefinition(code: string): Promise<ProcessDefinition | undefined>;
  close(): Promise<void>;
}

export interface LocalUserRequest {
  /** Absolute. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Relative to `cwd`; `.kuflow/dev` by default. */
  readonly stateDir?: string | undefined;
  /** The email address of the user to act as; by default the first user. */
  readonly email?: string | undefined;
  readonly signal: AbortSignal;
}

/** Signs in as a user of the local KuFlow of a folder. Rejects with KnownError if it does not run, or does not have the user. */
export async function openLocalUser(request: LocalUserRequest): Promise<LocalUserSession> {
  const { cwd, env, stateDir, email, signal } = request;
  const running = await requireRunningPlatform({ cwd, stateDir });
  const findUser = async (wanted: string): Promise<SignedInUser> => {
    const access = { http: running.loopback.http, token: running.user.token };
    return findUserByEmail(wanted, (await readUsers(access)) ?? [running.user]);
  };
  const state = email === undefined ? running : { ...running, user: await findUser(email) };
  const user = createKuFlowClient({
    endpoint: state.loopback.http,
    credentials: { token: state.user.token },
    tenantId: state.tenantId,
    signal,
  });
  return {
    user,
    state,
    findUser,
    findDefinition: async (code) => {
      const definitions = (await loadDefinitions({ cwd, env, signal, report: () => undefined })) ?? [
        sampleDefinition(),
      ];
      const definition = definitions.find(({ process }) => process.code === code);
      if (definition !== undefined) rejectUnserved(state, definition);
      return definition;
    },
    close: () => user.close(),
  };
}

function findUserByEmail(email: string, users: readonly SignedInUser[]): SignedInUser {
  const user = users.find((one) => one.email.toLowerCase() === email.toLowerCase());
  if (user !== undefined) return user;
  const emails = users.map((one) => one.email);
  throw usageError(`${email} is not a user of the local KuFlow${didYouMean(email, emails)}`, [
    `Users: ${emails.join(', ')}`,
  ]);
}

/** The only process that is served. Throws a usage error if there are several. */
export function onlyServedCode(codes: readonly string[]): string {
  const [only] = codes;
  if (only !== undefined && codes.length === 1) return only;
  throw usageError('Several processes are served: pass the code of one of them', [`Available: ${codes.join(', ')}`]);
}

const SHORTEST_END = 6;

export interface IdLookup {
  readonly what: 'process' | 'task';
  /** The IDs that the end of an ID or `latest` is looked up in, the newest first. Not called for a whole ID. */
  readonly listIds: (text: 'latest' | 'end') => Promise<readonly string[]>;
  /** The next step when an ID is not found. */
  readonly hint: string;
}

/**
 * Resolves `text` to an ID: a whole ID, the last 6 or more characters of one, in any case, or `latest`. Rejects with a usage error if no ID
 * matches, or if several do.
 */
export async function resolveId(text: string, { what, listIds, hint }: IdLookup): Promise<string> {
  const end = text.toLowerCase();
  if (isUuid(end)) return end;
  if (end === 'latest') {
    const [latest] = await listIds('latest');
    if (latest !== undefined) return latest;
    throw usageError(what === 'task' ? 'No task is open' : 'No process has been started', [hint]);
  }
  if (end.length < SHORTEST_END)
    throw usageError(
      `${text} is too short: pass the ID of the ${what}, or at least its last ${SHORTEST_END} characters`,
      [hint],
    );
  const matches = (await listIds('end')).filter((id) => id.endsWith(end));
  const [match] = matches;
  if (match === undefined) throw usageError(`No recent ${what} has an ID that ends with ${text}`, [hint]);
  if (matches.length > 1) throw usageError(`Several IDs end with ${text}: ${matches.join(', ')}`);
  return match;
}
