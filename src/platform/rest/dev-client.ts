import { KnownError } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { Secret } from '../../base/secret.ts';
import type { LocalUser } from '../console/contract.ts';
import type { NamedEvent } from '../store/events.ts';

// Reads the `/_dev` routes of a running platform. This file is for commands in other processes, so it must not load the
// server.

export interface DevApiAccess {
  /** The loopback address of the platform. */
  readonly http: string;
  readonly token: Secret;
}

export type TimelineEntry = NamedEvent;

/** The fields of a worker's registration on a task queue that commands need. */
export interface RegisteredWorker {
  readonly identity: string;
  readonly taskQueue: string;
  /** When it last registered, ISO 8601. */
  readonly lastModifiedAt?: string;
}

/** What happened to a process, in order. */
export async function readTimeline(access: DevApiAccess, processId: string): Promise<readonly TimelineEntry[]> {
  const path = `/_dev/processes/${encodeURIComponent(processId)}/timeline`;
  return await readList<TimelineEntry>(access, path, 'entries', 'the timeline of the process');
}

/** The registered workers, the most recent registration first. */
export async function readWorkers(access: DevApiAccess): Promise<readonly RegisteredWorker[]> {
  return await readList<RegisteredWorker>(access, '/_dev/workers', 'workers', 'the registered workers');
}

/** A user as whom commands can act. */
export type SignedInUser = Pick<LocalUser, 'principalId' | 'email' | 'name'> & { readonly token: Secret };

/** `groups`: codes. */
export type GroupMember = SignedInUser & { readonly groups: readonly string[] };

/** The users of the platform; undefined if it was started by a version that has only one. */
export async function readUsers(access: DevApiAccess): Promise<readonly GroupMember[] | undefined> {
  const users = await readListOf<LocalUser>(access, '/_dev/users', 'users', 'its users', { mayBeMissing: true });
  return users?.map(({ principalId, email, name, groups, token }) => ({
    ...{ principalId, email, name, groups },
    token: new Secret(token),
  }));
}

/** A code that signs the user in to the page once, within a minute. */
export async function requestOpenCode({ http, token }: DevApiAccess): Promise<string> {
  const url = `${http}/_dev/open-codes`;
  const answer = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token.reveal()}` } });
  const body: unknown = await answer.json();
  if (answer.ok && isRecord(body) && typeof body['code'] === 'string') return body['code'];
  throw new KnownError({
    message: 'The local platform did not return a code for the page',
    tried: `POST ${url}`,
    seen: `${answer.status} ${answer.statusText}`,
    next: ['If an older version started it, stop it and start it again'],
  });
}

async function readList<Item>(access: DevApiAccess, path: string, key: string, what: string): Promise<readonly Item[]> {
  return (await readListOf<Item>(access, path, key, what)) ?? [];
}

/** Undefined only if the platform does not have the route and it may be missing. */
async function readListOf<Item>(
  access: DevApiAccess,
  path: string,
  key: string,
  what: string,
  { mayBeMissing = false } = {},
): Promise<readonly Item[] | undefined> {
  const url = `${access.http}${path}`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${access.token.reveal()}` } });
  const body: unknown = await answer.json();
  if (answer.status === 404 && mayBeMissing) return undefined;
  if (!answer.ok || !isRecord(body) || !Array.isArray(body[key])) {
    throw new KnownError({
      message: `The local platform did not return ${what}`,
      tried: `GET ${url}`,
      seen: `${answer.status} ${answer.statusText}`,
    });
  }
  return body[key] as Item[];
}
