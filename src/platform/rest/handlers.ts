import type { AuthenticationCreateParams } from '../../kuflow/contract/authentications.ts';
import type { JsonPatch, JsonValue } from '../../kuflow/contract/common.ts';
import type { OperationId } from '../../kuflow/contract/operations.ts';
import type { ProcessActionCreateParams } from '../../kuflow/contract/process-actions.ts';
import type { ProcessItemCreateParams } from '../../kuflow/contract/process-items.ts';
import type { ProcessCreateParams } from '../../kuflow/contract/processes.ts';
import { DELAY_WINDOW_HEADER, type WorkerCreateParams } from '../../kuflow/contract/workers.ts';
import { createAuthentication } from '../domain/authentications.ts';
import type { OperationContext } from '../domain/context.ts';
import {
  downloadDocument,
  uploadDocument,
  uploadProcessDocument,
  type Download,
  type Upload,
} from '../domain/documents.ts';
import { retrieveKmsKey } from '../domain/encryption-keys.ts';
import * as people from '../domain/people.ts';
import { createProcessAction } from '../domain/process-action-creation.ts';
import * as actions from '../domain/process-actions.ts';
import { createProcess } from '../domain/process-creation.ts';
import { createProcessItem } from '../domain/process-item-creation.ts';
import * as processItems from '../domain/process-items.ts';
import { findProcesses } from '../domain/process-search.ts';
import * as processes from '../domain/processes.ts';
import { WORKER_DELAY_WINDOW, createWorker } from '../domain/workers.ts';

/** A request that conforms to the contract, with ids in lower case, a typed query, and parsed JSON or raw bytes. */
export interface OperationCall {
  readonly id: string;
  /** Only for operations of an action. */
  readonly actionId: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

export interface OperationAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler = (ctx: OperationContext, call: OperationCall) => OperationAnswer | Promise<OperationAnswer>;

/**
 * The `Content-Disposition` of a download. KuFlow's Java SDK reads `filename="` up to the next quote, so the plain form
 * has neither quotes nor backslashes nor anything beyond ASCII. The extended form (RFC 6266) has the real name.
 */
function contentDisposition(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const full = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"${plain === name ? '' : `; filename*=UTF-8''${full}`}`;
}

const ok = (body: unknown): OperationAnswer => ({ status: 200, body });
const createdOrOk = (created: boolean, body: unknown): OperationAnswer => ({ status: created ? 201 : 200, body });
const fileAnswer = (download: Download): OperationAnswer => ({
  status: 200,
  body: download.content,
  headers: {
    'content-type': 'application/octet-stream',
    'content-length': String(download.size),
    'content-disposition': contentDisposition(download.name),
  },
});
// The request has been validated, so these casts only state what the contract guarantees.
const bodyIn = (call: OperationCall): Record<string, unknown> => call.body as Record<string, unknown>;
const valueIn = (call: OperationCall, field: string): JsonValue => bodyIn(call)[field] as JsonValue;
const patchIn = (call: OperationCall): JsonPatch => call.body as JsonPatch;
const queryText = (call: OperationCall, name: string): string => String(call.query[name]);
const queryIn = (call: OperationCall): never => call.query as never;
const uploadIn = (call: OperationCall): Upload => ({
  fileName: queryText(call, 'fileName'),
  fileContentType: queryText(call, 'fileContentType'),
  bytes: Buffer.isBuffer(call.body) ? call.body : Buffer.alloc(0),
});

/** An operation of this platform. A request with a known field that is not in `fields` is refused with 501 before `run` is called. */
export interface Implementation {
  /** The request fields that `run` uses, as in `knownFields`. */
  readonly fields: readonly string[];
  readonly run: Handler;
}

const uses = (fields: readonly string[], run: Handler): Implementation => ({ fields, run });
const queryFields = (...names: readonly string[]): readonly string[] => names.map((name) => `query.${name}`);
const bodyFields = (...names: readonly string[]): readonly string[] => names.map((name) => `body.${name}`);

const PAGING = queryFields('size', 'page', 'sort');
const GROUP = queryFields('groupId', 'groupCode');
const FILE = queryFields('fileContentType', 'fileName');
const PATCH = ['body[].op', 'body[].from', 'body[].path', 'body[].value'];
const PROCESS_FILTER = queryFields('tenantId', 'processDefinitionId', 'processDefinitionCode', 'deleted');

/** The operations that are implemented; the others of the contract answer 501. */
export const HANDLERS: Readonly<Partial<Record<OperationId, Implementation>>> = {
  createAuthentication: uses(bodyFields('type', 'tenantId'), async (ctx, call) =>
    ok(await createAuthentication(ctx, call.body as AuthenticationCreateParams)),
  ),

  findPrincipals: uses([...PAGING, ...GROUP, ...queryFields('type', 'tenantId')], (ctx, call) =>
    ok(people.findPrincipals(ctx, queryIn(call))),
  ),
  retrievePrincipal: uses([], (ctx, { id }) => ok(people.retrievePrincipal(ctx, id))),
  findGroups: uses([...PAGING, ...GROUP, ...queryFields('tenantId', 'principalId')], (ctx, call) =>
    ok(people.findGroups(ctx, queryIn(call))),
  ),
  findTenants: uses([...PAGING, 'query.tenantId'], (ctx, call) => ok(people.findTenants(ctx, queryIn(call)))),
  retrieveTenant: uses([], (ctx, { id }) => ok(people.retrieveTenant(ctx, id))),
  findTenantUsers: uses([...PAGING, ...GROUP, ...queryFields('email', 'tenantId')], (ctx, call) =>
    ok(people.findTenantUsers(ctx, queryIn(call))),
  ),
  retrieveTenantUser: uses([], (ctx, { id }) => ok(people.retrieveTenantUser(ctx, id))),

  findProcesses: uses(
    [...PAGING, ...PROCESS_FILTER, ...queryFields('state', 'initiatorId', 'initiatorEmail', 'metadata')],
    (ctx, call) => ok(findProcesses(ctx, queryIn(call))),
  ),
  createProcess: uses(
    [
      ...bodyFields('id', 'processDefinitionId', 'tenantId', 'processDefinitionCode', 'metadata.value'),
      ...bodyFields('entity.value', 'relatedProcessId', 'initiatorId', 'initiatorEmail'),
    ],
    (ctx, call) => {
      const { created, process } = createProcess(ctx, call.body as ProcessCreateParams);
      return createdOrOk(created, process);
    },
  ),
  retrieveProcess: uses([], (ctx, { id }) => ok(processes.retrieveProcess(ctx, id))),
  deleteProcess: uses([], (ctx, { id }) => {
    processes.deleteProcess(ctx, id);
    return { status: 204 };
  }),
  completeProcess: uses([], (ctx, { id }) => ok(processes.completeProcess(ctx, id))),
  cancelProcess: uses([], (ctx, { id }) => ok(processes.cancelProcess(ctx, id))),
  cancelProcessProcessItems: uses(queryFields('processItemId'), (ctx, call) =>
    ok(processes.cancelProcessItems(ctx, call.id, (call.query['processItemId'] ?? []) as string[])),
  ),
  changeProcessInitiator: uses(bodyFields('initiatorId', 'initiatorEmail'), (ctx, call) =>
    ok(processes.changeProcessInitiator(ctx, call.id, bodyIn(call))),
  ),
  updateProcessMetadata: uses(bodyFields('metadata.value'), (ctx, call) =>
    ok(processes.updateProcessValue(ctx, call.id, 'metadata', valueIn(call, 'metadata'))),
  ),
  patchProcessMetadata: uses(PATCH, (ctx, call) =>
    ok(processes.patchProcessValue(ctx, call.id, 'metadata', patchIn(call))),
  ),
  updateProcessEntity: uses(bodyFields('entity.value'), (ctx, call) =>
    ok(processes.updateProcessValue(ctx, call.id, 'entity', valueIn(call, 'entity'))),
  ),
  patchProcessEntity: uses(PATCH, (ctx, call) =>
    ok(processes.patchProcessValue(ctx, call.id, 'entity', patchIn(call))),
  ),
  uploadProcessDocument: uses(FILE, (ctx, call) => ok(uploadProcessDocument(ctx, call.id, uploadIn(call)))),
  downloadProcessDocument: uses(queryFields('documentUri'), (ctx, call) =>
    fileAnswer(downloadDocument(ctx, queryText(call, 'documentUri'), call.id)),
  ),

  createProcessAction: uses(
    [
      ...bodyFields('id', 'processActionDefinitionCode', 'createTask.processItemThreadId', 'sendWorkflowSignal.input'),
      ...bodyFields('createProcessItemMessage.text', 'createProcessItemMessage.processItemThreadId'),
      ...bodyFields('startRelatedProcess.metadata', 'startRelatedProcess.entity'),
    ],
    (ctx, call) => {
      const { created, action } = createProcessAction(ctx, call.id, call.body as ProcessActionCreateParams);
      return createdOrOk(created, action);
    },
  ),
  retrieveProcessAction: uses([], (ctx, { id, actionId }) => ok(actions.retrieveProcessAction(ctx, id, actionId))),
  cancelProcessAction: uses([], (ctx, { id, actionId }) => ok(actions.cancelProcessAction(ctx, id, actionId))),
  uploadProcessActionDocument: uses(FILE, (ctx, call) =>
    ok(actions.uploadProcessActionDocument(ctx, call.id, call.actionId, uploadIn(call))),
  ),
  uploadProcessUserActionDocument: uses([...FILE, 'query.userActionValueId'], (ctx, call) => {
    const actionId = queryText(call, 'userActionValueId').toLowerCase();
    const process = actions.uploadUserActionDocument(ctx, call.id, actionId, uploadIn(call));
    return process === undefined ? { status: 304 } : ok(process);
  }),

  findProcessItems: uses(
    [...PAGING, ...PROCESS_FILTER, ...queryFields('processId', 'type', 'taskState', 'processItemDefinitionCode')],
    (ctx, call) => ok(processItems.findProcessItems(ctx, queryIn(call))),
  ),
  createProcessItem: uses(
    [
      ...bodyFields('id', 'type', 'processId', 'processItemThreadId', 'ownerId', 'ownerEmail'),
      ...bodyFields('processItemDefinitionCode', 'task.data.value', 'task.contextData.value'),
      ...bodyFields('message.text', 'message.data.value', 'message.dataStructureDataDefinitionCode'),
    ],
    (ctx, call) => {
      const { created, processItem } = createProcessItem(ctx, call.body as ProcessItemCreateParams);
      return createdOrOk(created, processItem);
    },
  ),
  retrieveProcessItem: uses([], (ctx, { id }) => ok(processItems.retrieveProcessItem(ctx, id))),
  claimProcessItemTask: uses([], (ctx, { id }) => ok(processItems.claimTask(ctx, id))),
  assignProcessItemTask: uses(bodyFields('ownerId', 'ownerEmail'), (ctx, call) =>
    ok(processItems.assignTask(ctx, call.id, bodyIn(call))),
  ),
  completeProcessItemTask: uses([], (ctx, { id }) => ok(processItems.completeTask(ctx, id))),
  appendProcessItemTaskLog: uses(bodyFields('message', 'level'), (ctx, call) =>
    ok(processItems.appendTaskLog(ctx, call.id, call.body as Parameters<typeof processItems.appendTaskLog>[2])),
  ),
  updateProcessItemTaskData: uses(bodyFields('data.value'), (ctx, call) =>
    ok(processItems.updateTaskData(ctx, call.id, valueIn(call, 'data'))),
  ),
  patchProcessItemTaskData: uses(PATCH, (ctx, call) => ok(processItems.patchTaskData(ctx, call.id, patchIn(call)))),
  updateProcessItemTaskContextData: uses(bodyFields('data.value'), (ctx, call) =>
    ok(processItems.updateTaskContextData(ctx, call.id, valueIn(call, 'data'))),
  ),

  uploadDocument: uses([...FILE, 'query.targetUri'], (ctx, call) =>
    ok(uploadDocument(ctx, queryText(call, 'targetUri'), uploadIn(call))),
  ),
  downloadDocument: uses(queryFields('documentUri'), (ctx, call) =>
    fileAnswer(downloadDocument(ctx, queryText(call, 'documentUri'))),
  ),

  retrieveKmsKey: uses([], (ctx, { id }) => ok(retrieveKmsKey(ctx, id))),

  createWorker: uses(
    [
      ...bodyFields('identity', 'taskQueue', 'workflowTypes', 'activityTypes', 'hostname', 'ip'),
      ...bodyFields('installationId', 'robotIds', 'tenantId'),
    ],
    (ctx, call) => {
      const { created, worker } = createWorker(ctx, call.body as WorkerCreateParams);
      return { ...createdOrOk(created, worker), headers: { [DELAY_WINDOW_HEADER]: String(WORKER_DELAY_WINDOW) } };
    },
  ),
};
