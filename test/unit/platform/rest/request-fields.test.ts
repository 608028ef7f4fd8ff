import { describe, expect, it } from 'vitest';

import { uuid7 } from '../../../../src/base/uuid.ts';
import { operationIds, operations, type OperationId } from '../../../../src/kuflow/contract/operations.ts';
import { isRecord } from '../../../../src/base/json.ts';
import type { Operation } from '../../../../src/kuflow/contract/operation.ts';
import { HANDLERS, type Handler } from '../../../../src/platform/rest/handlers.ts';
import { createRest, createTask, startLoan, type Rest } from './server.ts';

const implemented = operationIds.filter((id) => HANDLERS[id] !== undefined);

interface Sample {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Ids {
  readonly tenantId: string;
  readonly processId: string;
  readonly endedId: string;
  readonly taskId: string;
  readonly threadId: string;
  readonly messageId: string;
  readonly userId: string;
  readonly email: string;
  readonly documentUri: string;
  /** Requested downloadable actions. */
  readonly actionId: string;
  readonly oldActionId: string;
}

const page = { size: '5', page: '0', sort: 'id' };
const value = { value: { FIRST_NAME: 'Ann' } };
const file = { fileContentType: 'text/plain', fileName: 'a.txt' };
const bytes = Buffer.from('x');
const patch = [
  { op: 'add', path: '/FIRST_NAME', value: 'Ann' },
  { op: 'copy', from: '/FIRST_NAME', path: '/LAST_NAME' },
];

/** Valid requests for every implemented operation which together have every field that the contract knows. */
const SAMPLES: Readonly<Partial<Record<OperationId, (ids: Ids) => readonly Sample[]>>> = {
  createAuthentication: ({ tenantId }) => [{ body: { type: 'ENGINE_TOKEN', tenantId } }],
  findPrincipals: ({ tenantId }) => [{ query: { ...page, type: 'USER', groupId: uuid7(), groupCode: 'G', tenantId } }],
  retrievePrincipal: ({ userId }) => [{ path: { id: userId } }],
  findGroups: ({ tenantId, userId }) => [
    { query: { ...page, tenantId, principalId: userId, groupId: uuid7(), groupCode: 'G' } },
  ],
  findTenants: ({ tenantId }) => [{ query: { ...page, tenantId } }],
  retrieveTenant: ({ tenantId }) => [{ path: { id: tenantId } }],
  findTenantUsers: ({ tenantId, email }) => [{ query: { ...page, groupId: uuid7(), groupCode: 'G', email, tenantId } }],
  findProcesses: ({ tenantId, userId, email }) => [
    { query: { ...page, tenantId, processDefinitionId: uuid7(), deleted: 'ONLY', metadata: 'FIRST_NAME eq Ann' } },
    {
      query: { processDefinitionCode: 'LOAN', state: 'RUNNING', initiatorId: userId, initiatorEmail: email },
    },
  ],
  createProcess: ({ tenantId, processId, userId, email }) => [
    {
      body: {
        ...{ id: uuid7(), tenantId, processDefinitionCode: 'LOAN', metadata: value, entity: value },
        ...{ relatedProcessId: processId, initiatorId: userId, initiatorEmail: email },
      },
    },
    { body: { processDefinitionId: uuid7() } },
  ],
  retrieveProcess: ({ processId }) => [{ path: { id: processId } }],
  deleteProcess: ({ endedId }) => [{ path: { id: endedId } }],
  cancelProcessProcessItems: ({ processId, messageId }) => [
    { path: { id: processId }, query: { processItemId: messageId } },
  ],
  changeProcessInitiator: ({ processId, userId, email }) => [
    { path: { id: processId }, body: { initiatorId: userId, initiatorEmail: email } },
  ],
  updateProcessMetadata: ({ processId }) => [{ path: { id: processId }, body: { metadata: value } }],
  patchProcessMetadata: ({ processId }) => [{ path: { id: processId }, body: patch }],
  updateProcessEntity: ({ processId }) => [{ path: { id: processId }, body: { entity: value } }],
  patchProcessEntity: ({ processId }) => [{ path: { id: processId }, body: patch }],
  uploadProcessDocument: ({ processId }) => [{ path: { id: processId }, query: file, body: bytes }],
  downloadProcessDocument: ({ processId, documentUri }) => [{ path: { id: processId }, query: { documentUri } }],
  findProcessItems: ({ tenantId, processId }) => [
    {
      query: {
        ...{ ...page, processId, type: 'TASK', taskState: 'READY', processItemDefinitionCode: 'APPLICATION' },
        ...{ processDefinitionId: uuid7(), processDefinitionCode: 'LOAN', tenantId, deleted: 'INCLUDE' },
      },
    },
  ],
  createProcessItem: ({ processId, threadId, userId, email }) => [
    {
      body: {
        ...{ id: uuid7(), type: 'TASK', processId, processItemThreadId: threadId, ownerId: userId, ownerEmail: email },
        ...{ processItemDefinitionCode: 'APPLICATION', task: { data: value, contextData: value } },
      },
    },
    {
      body: {
        ...{ type: 'MESSAGE', processId, processItemDefinitionCode: 'NOTE' },
        message: { text: 'Hi', data: value, dataStructureDataDefinitionCode: 'D' },
      },
    },
  ],
  retrieveProcessItem: ({ taskId }) => [{ path: { id: taskId } }],
  assignProcessItemTask: ({ taskId, userId, email }) => [
    { path: { id: taskId }, body: { ownerId: userId, ownerEmail: email } },
  ],
  appendProcessItemTaskLog: ({ taskId }) => [{ path: { id: taskId }, body: { message: 'm', level: 'INFO' } }],
  updateProcessItemTaskData: ({ taskId }) => [{ path: { id: taskId }, body: { data: value } }],
  patchProcessItemTaskData: ({ taskId }) => [{ path: { id: taskId }, body: patch }],
  updateProcessItemTaskContextData: ({ taskId }) => [{ path: { id: taskId }, body: { data: value } }],
  createProcessAction: ({ processId, threadId }) =>
    [
      { id: uuid7(), processActionDefinitionCode: 'ASK', createTask: { processItemThreadId: threadId } },
      { processActionDefinitionCode: 'CORRECT', sendWorkflowSignal: { input: { AMOUNT: 1 } } },
      {
        processActionDefinitionCode: 'SAY',
        createProcessItemMessage: { text: 'Hi', processItemThreadId: threadId },
      },
      {
        processActionDefinitionCode: 'AGAIN',
        startRelatedProcess: { metadata: { FIRST_NAME: 'Ann' }, entity: { a: {} } },
      },
    ].map((body) => ({ path: { id: processId }, body })),
  retrieveProcessAction: ({ processId, actionId }) => [{ path: { id: processId, actionId } }],
  cancelProcessAction: ({ processId }) => [{ path: { id: processId, actionId: uuid7() } }],
  uploadProcessActionDocument: ({ processId, actionId }) => [
    { path: { id: processId, actionId }, query: file, body: bytes },
  ],
  uploadProcessUserActionDocument: ({ processId, oldActionId }) => [
    { path: { id: processId }, query: { ...file, userActionValueId: oldActionId }, body: bytes },
  ],
  uploadDocument: ({ processId }) => [{ query: { ...file, targetUri: `ku:process/${processId}` }, body: bytes }],
  downloadDocument: ({ documentUri }) => [{ query: { documentUri } }],
  createWorker: ({ tenantId }) => [
    {
      body: {
        ...{
          identity: 'i',
          taskQueue: 'Q',
          workflowTypes: ['W'],
          activityTypes: ['a'],
          hostname: 'h',
          ip: '127.0.0.1',
        },
        ...{ installationId: uuid7(), robotIds: [uuid7()], tenantId },
      },
    },
  ],
};

/** A copy of `value` that notes the path of every field that is read. */
function recording<T>(value: T, path: string, read: Set<string>): T {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  return new Proxy(value, {
    get: (target, name, receiver) => {
      const inner: unknown = Reflect.get(target, name, receiver);
      if (typeof name !== 'string' || !Object.hasOwn(target, name)) return inner;
      const at = Array.isArray(target) ? `${path}[]` : `${path}.${name}`;
      read.add(at);
      return recording(inner, at, read);
    },
  });
}

async function createIds(rest: Rest): Promise<Ids> {
  const { tenantId, user } = rest.world.identity;
  const processId = await startLoan(rest);
  const endedId = await startLoan(rest);
  await rest.call('POST', `/processes/${endedId}/~actions/cancel`);
  const taskId = await createTask(rest, processId);
  const threadId = await createTask(rest, processId, { type: 'THREAD', processItemDefinitionCode: 'TALK' });
  const messageId = await createTask(rest, processId, {
    ...{ type: 'MESSAGE', processItemDefinitionCode: 'NOTE', message: { text: 'Hi' } },
  });
  const upload = await rest.call(
    'POST',
    `/processes/${processId}/~actions/upload-document?fileContentType=text%2Fplain&fileName=a`,
    { payload: bytes, headers: { 'content-type': 'application/octet-stream' } },
  );
  const { documentUri } = upload.json<{ documentUri: string }>();
  const print = { payload: { processActionDefinitionCode: 'PRINT' } };
  const [first, second] = [1, 2].map(() => rest.call('POST', `/processes/${processId}/actions`, print));
  return {
    actionId: (await first)?.json<{ id: string }>().id ?? '',
    oldActionId: (await second)?.json<{ id: string }>().id ?? '',
    tenantId,
    processId,
    endedId,
    taskId,
    threadId,
    messageId,
    userId: user.principalId,
    email: user.email,
    documentUri,
  };
}

function send(rest: Rest, id: OperationId, { path = {}, query = {}, body }: Sample): ReturnType<Rest['call']> {
  const { method, path: template, body: described } = operations[id];
  const url = template.replaceAll(/\{(\w+)\}/g, (_all, name: string) => path[name] ?? uuid7());
  const payload = body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return rest.call(method.toUpperCase(), `${url}?${new URLSearchParams(query).toString()}`, {
    ...(payload === undefined ? {} : { payload, headers: { 'content-type': described?.media ?? '' } }),
  });
}

/** The request fields that the contract knows: `query.size`, `body.task.data.value`, `body[].op`. Read-only fields are not part of a request. */
function knownFields({ query, body }: Operation): readonly string[] {
  const ofQuery = Object.keys(query).map((name) => `query.${name}`);
  return [...ofQuery, ...(body?.media.includes('json') === true ? listFields(body.schema, 'body') : [])];
}

function listFields(schema: unknown, path: string): string[] {
  if (!isRecord(schema) || schema['readOnly'] === true) return [];
  const { properties, items } = schema;
  if (isRecord(properties))
    return Object.entries(properties).flatMap(([name, property]) => listFields(property, `${path}.${name}`));
  return isRecord(items) && isRecord(items['properties']) ? listFields(items, `${path}[]`) : [path];
}

describe('the fields of requests', () => {
  it('that the contract knows are all used by the handler of their operation', async () => {
    const read = new Set<string>();
    const handlers: Record<string, Handler> = {};
    for (const id of implemented) {
      const handle = HANDLERS[id] as Handler | undefined;
      handlers[id] = (ctx, { query, body, ...ids }) =>
        handle?.(ctx, {
          ...ids,
          query: recording(query, `${id} query`, read),
          body: recording(body, `${id} body`, read),
        }) ?? { status: 500 };
    }
    const rest = createRest({ handlers });
    try {
      const ids = await createIds(rest);
      read.clear();
      for (const id of implemented) {
        for (const sample of SAMPLES[id]?.(ids) ?? []) {
          const answer = await send(rest, id, sample);
          // A sample may name something that does not exist, but must conform to the contract.
          expect([200, 201, 204, 404], `${id}: ${answer.body}`).toContain(answer.statusCode);
        }
      }
      for (const id of implemented) {
        const unused = knownFields(operations[id]).filter((field) => !read.has(`${id} ${field}`));
        expect(unused, id).toEqual([]);
      }
    } finally {
      await rest.stop();
    }
  });
});
