import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { usageError, type KnownError } from '../../base/errors.ts';
import type { RestConnection } from '../../connection/resolve-connection.ts';
import { createKuFlowClient, type KuFlowClient } from '../../kuflow/client.ts';
import type { Process } from '../../kuflow/contract/processes.ts';
import type { ActionDefinition, DataShape, ProcessDefinition } from '../../process/definition.ts';
import { DEFINITION_FILE } from '../../process/definition/file.ts';
import { didYouMean, nearMatch } from '../../base/near-match.ts';
import {
  readDefinitionOf,
  readDefinitions,
  readUsers,
  type DevApiAccess,
  type SignedInUser,
} from '../rest/dev-client.ts';
import type { PlatformState } from '../state/running-state.ts';

/** KuFlow for commands that start processes and work with tasks: the local KuFlow as one of its users, or another KuFlow as an application. */
export interface KuFlowSession {
  readonly client: KuFlowClient;
  /** Who makes the calls. */
  readonly caller: { readonly principalId: string; readonly name: string; readonly email?: string };
  /** Undefined in a configured KuFlow whose connection does not set it. */
  readonly tenantId: string | undefined;
  /** Undefined in a configured KuFlow. */
  readonly local:
    | {
        readonly devApi: DevApiAccess;
        /** Rejects with a usage error that lists the users if nobody has this email address. */
        readonly findUser: (email: string) => Promise<SignedInUser>;
      }
    | undefined;
  /** Codes of the processes that the local KuFlow serves, or that the folder defines. */
  listCodes(): Promise<readonly string[]>;
  /** A definition as the local KuFlow serves it or as the folder has it; undefined if neither does. Rejects with KnownError for an invalid file. */
  findDefinition(code: string): Promise<KnownDefinition | undefined>;
  /** The same for the definition of a process. The local KuFlow knows the version that the process was started with. */
  findDefinitionOf(process: Process): Promise<KnownDefinition | undefined>;
  close(): Promise<void>;
}

/** The shapes of the data of a process and of its tasks, and its user actions. */
export interface KnownDefinition {
  readonly tenant?: string | undefined;
  readonly metadata?: DataShape | undefined;
  readonly tasks: readonly { readonly code: string; readonly data?: DataShape }[];
  readonly actions?: readonly ActionDefinition[];
}

export interface SessionRequest {
  /** Absolute. The definitions of a configured KuFlow are read here. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Signs in to the running local KuFlow: as its first user, or as the one with this email address. Rejects with a usage error for an unknown user. */
export async function openLocalSession(
  running: PlatformState,
  email: string | undefined,
  request: SessionRequest,
): Promise<KuFlowSession> {
  const findUser = async (wanted: string): Promise<SignedInUser> => findUserByEmail(wanted, await readUsers(running));
  const user = email === undefined ? running.user : await findUser(email);
  const { tenantId } = running;
  const client = createKuFlowClient({
    endpoint: running.loopback.http,
    credentials: { token: user.token },
    tenantId,
    signal: request.signal,
  });
  const devApi = { loopback: running.loopback, user };
  return {
    client,
    caller: user,
    tenantId,
    local: { devApi, findUser },
    listCodes: () => Promise.resolve(running.processes),
    findDefinition: async (code) => (await readDefinitions(devApi)).find((one) => one.code === code),
    findDefinitionOf: ({ id }) => readDefinitionOf(devApi, id),
    close: () => client.close(),
  };
}

/** Connects to a configured KuFlow as the application. */
export function openApplicationSession(rest: RestConnection, request: SessionRequest): KuFlowSession {
  const client = createKuFlowClient({ ...rest, signal: request.signal });
  const { clientId } = rest.credentials;
  const load = async (): Promise<readonly ProcessDefinition[]> => {
    // Without its definition file, a project can still be used to work with KuFlow.
    if (!existsSync(join(request.folder, DEFINITION_FILE))) return [];
    // It loads the whole platform, and many commands do not need a definition.
    const { loadDefinitions } = await import('../session/start-dev-platform.ts');
    return (await loadDefinitions({ ...request, cwd: request.folder, report: () => undefined })) ?? [];
  };
  const find = async (code: string): Promise<KnownDefinition | undefined> => {
    const definition = (await load()).find(({ process }) => process.code === code);
    return definition === undefined ? undefined : { ...definition, tenant: definition.process.tenant };
  };
  return {
    client,
    // The ID of an application is that of its principal.
    caller: { principalId: clientId.toLowerCase(), name: `the application ${clientId}` },
    tenantId: rest.tenantId,
    local: undefined,
    listCodes: async () => (await load()).map(({ process }) => process.code),
    findDefinition: find,
    findDefinitionOf: ({ processDefinitionRef }) => find(processDefinitionRef?.code ?? ''),
    close: () => client.close(),
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

/** The only process that is served. Throws a usage error if there are several, or none is known. */
export function onlyServedCode(codes: readonly string[]): string {
  const [only] = codes;
  if (only === undefined) throw usageError('Pass the code of the process: this folder does not define one');
  if (codes.length === 1) return only;
  throw usageError('There are several process definitions: pass the code of one of them', [
    `Available: ${codes.join(', ')}`,
  ]);
}

/** The usage error for a code that the local KuFlow does not serve. */
export function unservedCode(code: string, codes: readonly string[]): KnownError {
  const near = nearMatch(code, codes);
  return usageError(`The local KuFlow does not serve ${code}`, [
    ...(near === undefined ? [] : [`Did you mean ${near}?`]),
    `Available: ${codes.join(', ')}`,
    'To serve another process, run kuflow add process <code> --task <task>, or restart kuflow dev with --definition <file>',
  ]);
}

/** Throws a usage error that lists the codes if the local KuFlow does not serve this one. */
export function requireServedCode(codes: readonly string[], code: string): void {
  if (!codes.includes(code)) throw unservedCode(code, codes);
}
