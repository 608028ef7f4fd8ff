import type { ProcessItemPageItem } from '../../kuflow/contract/process-items.ts';
import type { ProcessPageItem } from '../../kuflow/contract/processes.ts';
import type { LocalUser } from '../shared/contract.ts';
import { CONSOLE_HEADER } from '../rest/deps.ts';
import type { PlatformState } from '../state/state-file.ts';

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
  readonly createdAt?: string | undefined;
}

/** The newest processes, the newest first. Rejects if the platform does not answer; pass a signal with a time limit. */
export async function listRecentProcesses(from: PlatformState, signal: AbortSignal): Promise<readonly RecentRecord[]> {
  const items = await readList<ProcessPageItem>(from, `/processes?${NEWEST_FIRST}`, 'content', signal);
  return items.map(({ id, processDefinitionRef: { code }, state, createdAt }) => ({ id, code, state, createdAt }));
}

/** The newest tasks, like `listRecentProcesses`. */
export async function listRecentTasks(from: PlatformState, signal: AbortSignal): Promise<readonly RecentRecord[]> {
  const path = `/process-items?type=TASK&${NEWEST_FIRST}`;
  const items = await readList<ProcessItemPageItem>(from, path, 'content', signal);
  return items.map(({ id, processItemDefinitionRef, task, createdAt }) => {
    return { id, code: processItemDefinitionRef?.code ?? '', state: task?.state ?? '', createdAt };
  });
}

/** The users whose email addresses the platform knows, like `listRecentProcesses`. */
export async function listUsers(from: PlatformState, signal: AbortSignal): Promise<readonly LocalUser[]> {
  return await readList(from, '/_dev/users', 'users', signal);
}

async function readList<Item>({ loopback, user }: PlatformState, path: string, key: string, signal: AbortSignal) {
  const answer = await readText(new URL(path, loopback.http), user.token.reveal(), signal);
  return (JSON.parse(answer) as Readonly<Record<string, readonly Item[]>>)[key] ?? [];
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
