import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A text in every value, id-like key and name of the tenant's instances: it must not appear anywhere else. */
export const CANARY = 'canaryvalue';

export const CODES = ['LOAN', 'EXPENSE', 'HOLIDAY'] as const;
export const TENANT = uuid(9, 1);
export const WORKER_APPLICATION = uuid(8, 1);
export const NEWEST_VERSION = uuid(5, 0);

export interface LargeTenantOptions {
  /** Processes of all definitions. */
  readonly processes?: number;
  /** Answers a request in its own way; undefined leaves it to the tenant. */
  readonly intercept?: (
    operation: string,
    url: URL,
    authorization: string | undefined,
  ) => { readonly status: number; readonly body: string } | undefined;
}

export interface LargeTenant {
  readonly endpoint: string;
  /** Method and path with query of each request. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

const START = Date.parse('2026-01-31T12:00:00Z');

// The items of a LOAN process in order of creation.
const ITEMS = [
  { type: 'TASK', code: 'APPLY', owner: 'person' },
  { type: 'TASK', code: 'SCORE', owner: 'application' },
  { type: 'TASK', code: 'APPROVE', owner: 'person' },
  { type: 'MESSAGE', code: 'NOTIFY', owner: undefined },
  { type: 'THREAD', code: 'TALK', owner: undefined },
  { type: 'MESSAGE', code: '__KF_MESSAGE__', owner: undefined },
] as const;

/** A KuFlow REST API whose tenant has any number of processes, each generated on request. */
export async function startLargeTenant(options: LargeTenantOptions = {}): Promise<LargeTenant> {
  const processes = options.processes ?? 100_000;
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    answer(request, response, processes, options.intercept);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  processes: number,
  intercept: LargeTenantOptions['intercept'],
): void {
  const url = new URL(request.url ?? '', 'http://localhost');
  const [, , resource = '', id] = url.pathname.split('/');
  const operation = id === undefined ? resource : `${resource}/{id}`;
  const own = intercept?.(operation, url, request.headers.authorization);
  const send = (status: number, body: string): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  };
  if (own !== undefined) {
    send(own.status, own.body);
    return;
  }
  const codes = url.searchParams.getAll('processDefinitionCode');
  const step = codes.length === 0 ? 1 : CODES.length;
  const first = codes.length === 0 ? 0 : CODES.findIndex((code) => codes.includes(code));
  const matching = first < 0 ? 0 : Math.max(0, Math.ceil((processes - first) / step));
  const number = Number((id ?? '').slice(-12));
  switch (operation) {
    case 'processes': {
      send(
        200,
        page(url, matching, (index) => process(first + index * step, false)),
      );
      return;
    }
    case 'processes/{id}': {
      send(200, JSON.stringify(process(number, true)));
      return;
    }
    case 'process-items': {
      const types = url.searchParams.getAll('type');
      const kinds = ITEMS.filter(({ type }) => types.length === 0 || types.includes(type));
      const total = first === 0 ? matching * kinds.length : 0;
      send(
        200,
        page(url, total, (index) => {
          const kind = kinds[kinds.length - 1 - (index % kinds.length)] ?? ITEMS[0];
          return item(Math.floor(index / kinds.length) * step * ITEMS.length + ITEMS.indexOf(kind), false);
        }),
      );
      return;
    }
    case 'process-items/{id}': {
      send(200, JSON.stringify(item(number, true)));
      return;
    }
    case 'principals': {
      send(
        200,
        page(url, 1, () => ({ id: WORKER_APPLICATION, type: 'APPLICATION', name: `Worker ${CANARY}` })),
      );
      return;
    }
    default: {
      send(404, error(404));
      return;
    }
  }
}

export function error(status: number): string {
  return JSON.stringify({ timestamp: '2026-01-31T12:00:00Z', status, message: 'No' });
}

export function uuid(kind: number, number: number): string {
  return `0000000${kind}-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

function page(url: URL, total: number, entry: (index: number) => object): string {
  const size = Number(url.searchParams.get('size') ?? 25);
  const number = Number(url.searchParams.get('page') ?? 0);
  const count = Math.max(0, Math.min(size, total - size * number));
  return JSON.stringify({
    metadata: { size, page: number, totalElements: total, totalPages: Math.ceil(total / Math.max(1, size)) },
    content: Array.from({ length: count }, (_, index) => entry(size * number + index)),
  });
}

function process(index: number, whole: boolean): object {
  return {
    id: uuid(1, index),
    state: index < 4 ? 'RUNNING' : 'COMPLETED',
    processDefinitionRef: {
      id: uuid(2, index % CODES.length),
      version: uuid(5, index < 600 ? 0 : 1),
      code: CODES[index % CODES.length],
    },
    initiatorId: person(index),
    tenantId: TENANT,
    createdAt: new Date(START - index * 60_000).toISOString(),
    createdBy: person(index),
    ...(whole
      ? {
          metadata: {
            valid: true,
            value: { APPLICANT: `${CANARY} ${index}`, AMOUNT: 1000 + index, ...byPerson(index), SINCE: '2026-01-31' },
          },
          entity: { valid: true, value: { customer: { email: `${CANARY}${index}@example.org` } } },
        }
      : {}),
  };
}

function item(number: number, whole: boolean): object {
  const index = Math.floor(number / ITEMS.length);
  const kind = ITEMS[number % ITEMS.length] ?? ITEMS[0];
  const completed = index >= 4;
  return {
    id: uuid(3, number),
    type: kind.type,
    processId: uuid(1, index),
    tenantId: TENANT,
    createdAt: new Date(START - index * 60_000 + (number % ITEMS.length) * 1000).toISOString(),
    createdBy: WORKER_APPLICATION,
    ...(kind.owner === undefined || !completed
      ? {}
      : { ownerId: kind.owner === 'application' ? WORKER_APPLICATION : person(index) }),
    processItemDefinitionRef: { id: uuid(4, number % ITEMS.length), version: uuid(5, 0), code: kind.code },
    ...(kind.type === 'TASK'
      ? {
          task: {
            state: completed ? 'COMPLETED' : 'READY',
            ...(whole
              ? {
                  data: { valid: true, value: { [`${kind.code}_NAME`]: `${CANARY} ${number}`, ...byPerson(number) } },
                  logs: [{ id: uuid(6, 1), timestamp: '2026-01-31T12:00:00Z', message: CANARY, level: 'INFO' }],
                }
              : {}),
          },
        }
      : {}),
    ...(kind.type === 'MESSAGE'
      ? { message: { text: `Dear ${CANARY}`, ...(whole ? { data: { value: { TOTAL: 7_770_000 + number } } } : {}) } }
      : {}),
  };
}

function byPerson(number: number): object {
  return {
    CONTACTS: {
      [`${CANARY}${number}@example.org`]: { calls: 1, note: CANARY },
      [person(number)]: { calls: 2, note: '' },
    },
    FILE: `kuflow-file:uri=ku:process/${CANARY}${number};type=text/plain;size=1;name=${CANARY}.txt;`,
  };
}

function person(number: number): string {
  return uuid(7, 1 + (number % 50));
}
