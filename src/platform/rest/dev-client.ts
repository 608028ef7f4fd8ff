import { STATUS_CODES } from 'node:http';
import { KnownError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { isRecord } from '../../base/json.ts';
import { Secret } from '../../base/secret.ts';
import type { ProcessItem } from '../../kuflow/contract/process-items.ts';
import type {
  ActionsOfProcess,
  ClockStatus,
  LocalUser,
  QueueStatus,
  SentSignal,
  ServedProcess,
  SignalRequest,
  SkipRequest,
  SkipResult,
  TimelineEntry,
  WebhookDelivery,
  WebhookDeliveryDetail,
  WorkerStatus,
} from '../shared/dev-contract.ts';

// Calls the `/_dev` routes of a running platform. For commands in other processes, so it must not load the server.

/** The part of a `PlatformState` that the requests need: the loopback address of the platform, and the user who asks. */
export interface DevApiAccess {
  readonly loopback: { readonly http: string };
  readonly user: { readonly token: Secret };
}

const segment = encodeURIComponent;

/** A name without a folder: the browser opens no other file. */
const OPEN_FILE = /^[\da-f-]{36}\.html$/;

/** What happened to a process, in order. */
export async function readTimeline(access: DevApiAccess, processId: string): Promise<readonly TimelineEntry[]> {
  const path = `/_dev/processes/${segment(processId)}/timeline`;
  return await readList(access, path, 'entries', 'the timeline of the process');
}

/** The registered workers, the most recent registration first. */
export async function readWorkers(access: DevApiAccess): Promise<readonly WorkerStatus[]> {
  return await readList(access, '/_dev/workers', 'workers', 'the registered workers');
}

/** The task queues of the served definitions, and who polls them. */
export async function readQueues(access: DevApiAccess): Promise<readonly QueueStatus[]> {
  return await readList(access, '/_dev/workers', 'queues', 'its task queues');
}

/** A user as whom commands can act. */
export type SignedInUser = Pick<LocalUser, 'principalId' | 'email' | 'name'> & { readonly token: Secret };

/** `groups`: codes. */
export type GroupMember = SignedInUser & { readonly groups: readonly string[] };

export async function readUsers(access: DevApiAccess): Promise<readonly GroupMember[]> {
  const users = await readList<LocalUser>(access, '/_dev/users', 'users', 'its users');
  return users.map(({ principalId, email, name, groups, token }) => ({
    ...{ principalId, email, name, groups },
    token: new Secret(token),
  }));
}

/** The name of a file that signs the user in to the console once, within a minute, and opens `path`. */
export async function requestOpenFile(access: DevApiAccess, path: string): Promise<string> {
  const answer = await send(access, `POST /_dev/open-codes?path=${segment(path)}`);
  const { body } = answer;
  if (answer.ok && isRecord(body) && OPEN_FILE.test(String(body['file']))) return String(body['file']);
  throw unexpectedAnswer('did not write a file that opens the console', answer);
}

/** The definitions that new processes use. */
export async function readDefinitions(access: DevApiAccess): Promise<readonly ServedProcess[]> {
  return await readList(access, '/_dev/definitions', 'definitions', 'its definitions');
}

/** The definition that a process was started with; undefined if the platform does not serve it any more. */
export async function readDefinitionOf(access: DevApiAccess, processId: string): Promise<ServedProcess | undefined> {
  const answer = await send(access, `GET /_dev/processes/${segment(processId)}/definition`);
  if (answer.ok) return answer.body as ServedProcess;
  if (answer.status === 404) return undefined;
  throw unexpectedAnswer('did not return the definition of the process', answer);
}

/** The user actions that the user can invoke on a process, and those that were invoked. */
export async function readActions(access: DevApiAccess, processId: string): Promise<ActionsOfProcess> {
  return await request(
    access,
    `GET /_dev/processes/${segment(processId)}/actions`,
    'did not return the actions of the process',
  );
}

/** Gives a claimed task back, as its owner. Returns it afterward. */
export async function requestRelease(access: DevApiAccess, taskId: string): Promise<ProcessItem> {
  return await request(access, `POST /_dev/process-items/${segment(taskId)}/release`, 'did not release the task');
}

/** Sends a signal to the workflow of a running process. Without `input`, it does not have an argument. */
export async function requestSignal(access: DevApiAccess, processId: string, body: SignalRequest): Promise<SentSignal> {
  return await request(access, `POST /_dev/processes/${segment(processId)}/signals`, 'did not send the signal', {
    body,
  });
}

/** The events for webhooks, the newest first. */
export async function readWebhookDeliveries(
  access: DevApiAccess,
  { processId, limit }: { readonly processId?: string | undefined; readonly limit: number },
): Promise<readonly WebhookDelivery[]> {
  const query = new URLSearchParams({ limit: String(limit), ...(processId === undefined ? {} : { processId }) });
  return await readList(access, `/_dev/webhooks?${query.toString()}`, 'deliveries', 'the webhook deliveries');
}

export async function readWebhookDeliveryDetail(access: DevApiAccess, id: string): Promise<WebhookDeliveryDetail> {
  return await request(access, `GET /_dev/webhooks/${segment(id)}`, 'did not return the webhook delivery');
}

/** Sends an event again. Returns the delivery, which is pending then. */
export async function requestReplay(access: DevApiAccess, id: string): Promise<WebhookDelivery> {
  return await request(access, `POST /_dev/webhooks/${segment(id)}/replay`, 'did not send the event again');
}

export async function readClock(access: DevApiAccess): Promise<ClockStatus> {
  return await request(access, 'GET /_dev/clock', 'did not return its time');
}

export async function requestSkip(access: DevApiAccess, body: SkipRequest, signal: AbortSignal): Promise<SkipResult> {
  return await request(access, 'POST /_dev/clock/skip', 'did not skip time', { body, signal });
}

/** `call`: method and path. Rejects with a KnownError that has the platform's reason; `failure` completes "The local KuFlow …". */
async function request<Result>(access: DevApiAccess, call: string, failure: string, options?: SendOptions) {
  const answer = await send(access, call, options);
  if (answer.ok) return answer.body as Result;
  throw unexpectedAnswer(failure, answer);
}

async function readList<Item>(access: DevApiAccess, path: string, key: string, what: string): Promise<readonly Item[]> {
  const answer = await send(access, `GET ${path}`);
  const { body } = answer;
  if (answer.ok && isRecord(body) && Array.isArray(body[key])) return body[key] as Item[];
  throw unexpectedAnswer(`did not return ${what}`, answer);
}

interface SendOptions {
  readonly body?: object;
  readonly signal?: AbortSignal;
}

type DevAnswer = Awaited<ReturnType<typeof send>>;

async function send({ loopback, user }: DevApiAccess, call: string, { body, signal }: SendOptions = {}) {
  const [method = '', path = ''] = call.split(' ');
  const url = `${loopback.http}${path}`;
  const answer = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${user.token.reveal()}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
  const content: unknown = await answer.json();
  return { request: `${method} ${url}`, ok: answer.ok, status: answer.status, body: content };
}

function unexpectedAnswer(what: string, { request, status, body }: DevAnswer): KnownError {
  const reason =
    isRecord(body) && typeof body['message'] === 'string' ? escapeForTerminal(body['message'], 300) : undefined;
  return new KnownError({
    message: `The local KuFlow ${what}`,
    ...(reason === undefined ? { tried: request, seen: `${status} ${STATUS_CODES[status] ?? ''}` } : { seen: reason }),
    next: status === 404 || status === 201 ? ['If an older version started it, stop it and start it again'] : [],
  });
}
