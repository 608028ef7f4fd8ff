import { isRecord } from '../../base/json.ts';
import type { LocalUser } from '../shared/dev-contract.ts';
import { CONSOLE_HEADER } from '../rest/deps.ts';
import type { PlatformState } from '../state/running-state.ts';

// For completion, which a shell waits for. The client of KuFlow's API, and even `fetch`, take longer to load than all the rest of a completion.

/** How many of the newest processes or tasks an abbreviated ID is looked up in. */
export const RECENT_RECORDS = 200;

const NEWEST_FIRST = `sort=createdAt,desc&size=${RECENT_RECORDS}`;
const LARGEST_ANSWER = 4 * 1024 * 1024;

/** What identifies a process or a task. */
export interface RecentRecord {
  readonly id: string;
  readonly code: string;
  readonly state: string;
  /** ISO 8601. */
  readonly createdAt?: string;
}

/** The newest processes, the newest first. Rejects if the platform does not answer; pass a signal with a time limit. */
export async function listRecentProcesses(state: PlatformState, signal: AbortSignal): Promise<readonly RecentRecord[]> {
  const items = await readList(state, `/processes?${NEWEST_FIRST}`, 'content', signal);
  return items.flatMap((item) => toRecord(item, item['processDefinitionRef'], item['state']));
}

/** The newest tasks, like `listRecentProcesses`. */
export async function listRecentTasks(state: PlatformState, signal: AbortSignal): Promise<readonly RecentRecord[]> {
  const items = await readList(state, `/process-items?type=TASK&${NEWEST_FIRST}`, 'content', signal);
  return items.flatMap((item) =>
    toRecord(item, item['processItemDefinitionRef'], isRecord(item['task']) ? item['task']['state'] : undefined),
  );
}

/** The users whose email addresses the platform knows, like `listRecentProcesses`. */
export async function listUsers(
  state: PlatformState,
  signal: AbortSignal,
): Promise<readonly Pick<LocalUser, 'email' | 'name'>[]> {
  const users = await readList(state, '/_dev/users', 'users', signal);
  return users.flatMap(({ email, name }) =>
    typeof email === 'string' ? [{ email, name: typeof name === 'string' ? name : '' }] : [],
  );
}

function toRecord(item: Readonly<Record<string, unknown>>, ref: unknown, state: unknown): readonly RecentRecord[] {
  const { id, createdAt } = item;
  const code = isRecord(ref) ? ref['code'] : undefined;
  if (typeof id !== 'string' || typeof state !== 'string') return [];
  return [
    { id, code: typeof code === 'string' ? code : '', state, ...(typeof createdAt === 'string' && { createdAt }) },
  ];
}

async function readList(
  { loopback, user }: PlatformState,
  path: string,
  key: string,
  signal: AbortSignal,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const url = new URL(path, loopback.http);
  const body: unknown = JSON.parse(await readText(url, user.token.reveal(), signal));
  const list = isRecord(body) ? body[key] : undefined;
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

async function readText(url: URL, token: string, signal: AbortSignal): Promise<string> {
  // Loaded on demand, because it takes milliseconds and this file is bundled with others.
  const { get } = await import('node:http');
  return await new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, [CONSOLE_HEADER]: '1' };
    const request = get(url, { headers, signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > LARGEST_ANSWER) request.destroy(new Error('The answer is too large'));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
        else reject(new Error(`The local KuFlow answered with status ${response.statusCode}`));
      });
    });
    request.on('error', reject);
  });
}
