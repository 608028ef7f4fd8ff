import { usageError } from '../../base/errors.ts';
import { isUuid } from '../../base/uuid.ts';
import { createKuFlowClient, type KuFlowClient } from '../../kuflow/client.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import { sampleDefinition } from '../../process/sample.ts';
import { rejectUnserved, requireRunningPlatform } from '../session/attach.ts';
import { loadDefinitions } from '../session/start.ts';
import type { PlatformState } from '../state-file.ts';

/** The user of the running local KuFlow, for commands in other processes. */
export interface LocalUserSession {
  readonly user: KuFlowClient;
  readonly state: PlatformState;
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
  readonly signal: AbortSignal;
}

/** Signs in as the user of the local KuFlow of a folder. Rejects with KnownError if it does not run. */
export async function openLocalUser(request: LocalUserRequest): Promise<LocalUserSession> {
  const { cwd, env, stateDir, signal } = request;
  const state = await requireRunningPlatform({ cwd, stateDir });
  const user = createKuFlowClient({
    endpoint: state.loopback.http,
    credentials: { token: state.user.token },
    tenantId: state.tenantId,
    signal,
  });
  return {
    user,
    state,
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

const SHORTEST_END = 6;

/**
 * The id that `text` means: a whole id, the end of one in `ids` (at least 6 characters, in any case), or `latest` for the first one. Throws a
 * usage error with `list` as the next step if there is no such id, or if several have this end.
 */
export function resolveId(text: string, what: 'process' | 'task', ids: readonly string[], list: string): string {
  const end = text.toLowerCase();
  if (isUuid(end)) return end;
  if (end === 'latest') {
    const [latest] = ids;
    if (latest === undefined) throw usageError(what === 'task' ? 'No task is open' : 'There are no processes', [list]);
    return latest;
  }
  if (end.length < SHORTEST_END)
    throw usageError(
      `${text} is too short: pass the ID of the ${what}, or at least its last ${SHORTEST_END} characters`,
      [list],
    );
  const matches = ids.filter((id) => id.endsWith(end));
  const [match] = matches;
  if (match === undefined) throw usageError(`No recent ${what} has an ID that ends with ${text}`, [list]);
  if (matches.length > 1) throw usageError(`Several IDs end with ${text}: ${matches.join(', ')}`);
  return match;
}
