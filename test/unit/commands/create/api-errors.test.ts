import type { ServerResponse } from 'node:http';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { KnownError } from '../../../../src/base/errors.ts';
import { Secret } from '../../../../src/base/secret.ts';
import { discoverFromApi } from '../../../../src/discovery/from-api.ts';
import {
  closedPort,
  sendJson,
  startAnsweringServer,
  type Answerer,
  type AnsweringServer,
} from '../../../support/answering-server.ts';
import { createWorker, failureOf, FILES_ONLY, stateOf, type Ran } from '../../../support/create-worker.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { until } from '../../../support/until.ts';

const temporaryFolder = temporaryFolders();

const CLIENT_ID = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const SECRET = 'canary-2fd0a7';
const READ = ['x', '--process', 'LOAN', '--task-queue', 'Q', '--workflow-type', 'W', ...FILES_ONLY];

let server: AnsweringServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function endpointOf(answer: Answerer): Promise<string> {
  server = await startAnsweringServer(answer);
  return server.url;
}

const credentials = (endpoint: string): NodeJS.ProcessEnv => ({
  KUFLOW_API_ENDPOINT: endpoint,
  KUFLOW_API_CLIENTID: CLIENT_ID,
  KUFLOW_API_CLIENTSECRET: SECRET,
});

const says =
  (status: number, headers: Readonly<Record<string, string>> = {}): Answerer =>
  (_request, response) =>
    sendJson(response, status, { timestamp: '2026-01-01T00:00:00Z', status, message: `said ${status}` }, headers);
const raw =
  (answer: (response: ServerResponse) => void): Answerer =>
  (_request, response) =>
    answer(response);

interface Row {
  readonly what: string;
  readonly endpoint: () => Promise<string>;
  readonly status: number;
  readonly message: RegExp;
  readonly seen: RegExp;
  readonly next: RegExp;
  /** Requests that reach the server, repetitions included. */
  readonly requests?: number;
}

const ROWS: readonly Row[] = [
  {
    what: '401',
    endpoint: () => endpointOf(says(401)),
    status: 1,
    message: /did not accept the credentials/,
    seen: /^401 Unauthorized: said 401$/,
    next: /client ID and client secret/,
    requests: 1,
  },
  {
    what: '403',
    endpoint: () => endpointOf(says(403)),
    status: 1,
    message: /does not allow this application to list processes/,
    seen: /^403 Forbidden/,
    next: /role[^]*Or describe the process by flags: npx create-kuflow-worker/,
  },
  {
    what: '404',
    endpoint: () => endpointOf(says(404)),
    status: 1,
    message: /does not have KuFlow's API at this address/,
    seen: /^404 Not Found: said 404$/,
    next: /forwards GET \/v2024-06-14\/processes/,
    requests: 1,
  },
  {
    what: '429 that asks for a second',
    endpoint: () => endpointOf(says(429, { 'retry-after': '1' })),
    status: 1,
    message: /too many requests/,
    seen: /^429 Too Many Requests: said 429 \(after 2 attempts\)$/,
    next: /[Ww]ait/,
    requests: 2,
  },
  {
    what: '429 that asks for an hour',
    endpoint: () => endpointOf(says(429, { 'retry-after': '3600' })),
    status: 1,
    message: /too many requests/,
    seen: /^429 Too Many Requests: said 429$/,
    next: /Wait 3600 s before you try again/,
    requests: 1,
  },
  {
    what: '500',
    endpoint: () => endpointOf(says(500)),
    status: 1,
    message: /failed with an internal error/,
    seen: /^500 Internal Server Error: said 500 \(after 2 attempts\)$/,
    next: /Try again later/,
    requests: 2,
  },
  {
    what: 'HTML instead of JSON',
    endpoint: () =>
      endpointOf(
        raw((response) => {
          response.writeHead(200, { 'content-type': 'text/html' });
          response.end('<!doctype html><title>Sign in</title>');
        }),
      ),
    status: 1,
    message: /HTML page instead of JSON/,
    seen: /^200 OK/,
    next: /endpoint[^]*proxy/,
    requests: 1,
  },
  {
    what: 'half a body',
    endpoint: () =>
      endpointOf(
        raw((response) => {
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
          response.write('{"content":[', () => response.destroy());
        }),
      ),
    status: 1,
    message: /response is incomplete/,
    seen: /\(after 2 attempts\)$/,
    next: /Try again/,
    requests: 2,
  },
  {
    what: 'JSON of something else',
    endpoint: () => endpointOf(raw((response) => sendJson(response, 200, { hello: 'world' }))),
    status: 1,
    message: /does not match KuFlow's API contract/,
    seen: /^200 OK/,
    next: /./,
    requests: 1,
  },
  {
    what: 'a redirect, which is not followed',
    endpoint: () =>
      endpointOf(
        raw((response) => {
          response.writeHead(302, { location: '/v2024-06-14/elsewhere' });
          response.end();
        }),
      ),
    status: 1,
    message: /answered with a redirect/,
    seen: /^302 Found/,
    next: /endpoint/,
    requests: 1,
  },
  {
    what: 'a connection that is cut',
    endpoint: () => endpointOf(raw((response) => void response.destroy())),
    status: 1,
    message: /closed before a response arrived/,
    seen: /./,
    next: /Try again/,
    requests: 2,
  },
  {
    what: 'a connection that is refused',
    endpoint: async () => `http://127.0.0.1:${await closedPort()}`,
    status: 1,
    message: /connection was refused/,
    seen: /ECONNREFUSED/,
    next: /host and port/,
  },
  {
    what: 'a name that does not resolve',
    // Reserved for names that never exist.
    endpoint: () => Promise.resolve('https://kuflow.invalid'),
    status: 1,
    message: /host name could not be resolved/,
    seen: /ENOTFOUND|EAI_AGAIN/,
    next: /spelling of the endpoint/,
  },
];

const plain = (ran: Ran): string => ran.stderr.replaceAll(/\n {2,}/g, '\n');

describe('create --process and an API that answers with', () => {
  it.each(ROWS)('$what: reports it with status $status and writes nothing', async (row) => {
    const cwd = temporaryFolder();
    const endpoint = await row.endpoint();
    const ran = await createWorker(cwd, [...READ, '--json'], credentials(endpoint));
    const { error } = failureOf(ran.stdout);
    expect(error.message).toMatch(row.message);
    expect(error.seen).toMatch(row.seen);
    expect(error.next.join('\n')).toMatch(row.next);
    expect(error.tried).toMatch(
      /^GET \S+\/v2024-06-14\/processes \(findProcesses\)$|^listing processes and process items/,
    );
    expect({ ran: ran.status, told: error.status }).toEqual({ ran: row.status, told: row.status });
    if (row.requests !== undefined) expect(server?.requests).toHaveLength(row.requests);
    // The same for a person, and no secret for anybody.
    expect(plain(ran)).toContain(error.message);
    expect(ran.stdout + ran.stderr).not.toContain(SECRET);
    expect(ran.stdout + ran.stderr).not.toContain(Buffer.from(`${CLIENT_ID}:${SECRET}`).toString('base64'));
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('nothing at all: exits with 4, could not tell', async () => {
    const endpoint = await endpointOf(() => undefined);
    const rest = {
      endpoint,
      credentials: { clientId: CLIENT_ID, clientSecret: new Secret(SECRET) },
      proxy: { kind: 'direct', reason: 'a test' },
      env: {},
      // The client's own minute, cut short.
      timeoutMs: 200,
    } as const;
    const error: unknown = await discoverFromApi({ rest, code: 'LOAN', sample: 0 }).catch((reason: unknown) => reason);
    if (!(error instanceof KnownError)) throw new Error(`expected a KnownError, got ${String(error)}`);
    expect(error).toMatchObject({
      message: 'No response before the timeout; the reason is unknown',
      status: 4,
      tried: expect.stringContaining('findProcesses') as string,
    });
    expect(error.next).toContain('Try again');
  });

  it('nothing at all, and Ctrl-C: exits with 130 at once and writes nothing', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'mine'), 'mine');
    const before = stateOf(cwd);
    const endpoint = await endpointOf(() => undefined);
    const work = createWorker(cwd, READ, credentials(endpoint), (fake) => {
      void until('the request is there', () => (server?.requests.length ?? 0) > 0).then(() => fake.signal('SIGINT'));
    });
    const ran = await work;
    expect(ran.status).toBe(130);
    expect(ran.stderr).toContain('Interrupted');
    expect(stateOf(cwd)).toEqual(before);
  });

  it('an empty list: exits with 4, explains both possible causes and how to continue without the API', async () => {
    const page = { content: [], page: { size: 25, page: 0, totalElements: 0, totalPages: 0 } };
    const metadata = { metadata: { size: 25, page: 0, totalElements: 0, totalPages: 0 }, content: [] };
    const endpoint = await endpointOf((_request, response) => sendJson(response, 200, { ...page, ...metadata }));
    const ran = await createWorker(temporaryFolder(), [...READ, '--json'], credentials(endpoint));
    const { error } = failureOf(ran.stdout);
    expect(error.message).toContain('No process is visible');
    expect(error.next.join('\n')).toContain('--process LOAN --task <code[:kind]>');
    expect(ran.status).toBe(4);
  });
});
