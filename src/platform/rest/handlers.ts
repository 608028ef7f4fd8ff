import type { AuthenticationCreateParams } from '../../kuflow/contract/authentications.ts';
import type { JsonPatch, JsonValue } from '../../kuflow/contract/common.ts';
import type { OperationId } from '../../kuflow/contract/operations.ts';
import type { ProcessActionCreateParams } from '../../kuflow/contract/process-actions.ts';
import type { ProcessItemCreateParams } from '../../kuflow/contract/process-items.ts';
import type { ProcessCreateParams } from '../../kuflow/contract/processes.ts';
import { DELAY_WINDOW_HEADER, type WorkerCreateParams } from '../../kuflow/contract/workers.ts';
import { createAuthentication } from '../domain/credentials.ts';
import type { OperationContext } from '../domain/context.ts';
import {
  downloadDocument,
  uploadDocument,
  uploadProcessDocument,
  type Download,
  type Upload,
} from '../domain/documents.ts';
import { retrieveKmsKey } from '../domain/confidential.ts';
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

/** The operations that are implemented; the others of the contract answer 501. */
export const HANDLERS: Readonly<Partial<Record<OperationId, Handler>>> = {
  createAuthentication: async (ctx, call) =>
    ok(await createAuthentication(ctx, call.body as AuthenticationCreateParams)),

  findPrincipals: (ctx, call) => ok(people.findPrincipals(ctx, queryIn(call))),
  retrievePrincipal: (ctx, { id }) => ok(people.retrievePrincipal(ctx, id)),
  findGroups: (ctx, call) => ok(people.findGroups(ctx, queryIn(call))),
  findTenants: (ctx, call) => ok(people.findTenants(ctx, queryIn(call))),
  retrieveTenant: (ctx, { id }) => ok(people.retrieveTenant(ctx, id)),
  findTenantUsers: (ctx, call) => ok(people.findTenantUsers(ctx, queryIn(call))),
  retrieveTenantUser: (ctx, { id }) => ok(people.retrieveTenantUser(ctx, id)),

  findProcesses: (ctx, call) => ok(findProcesses(ctx, queryIn(call))),
  createProcess: (ctx, call) => {
    const { created, process } = createProcess(ctx, call.body as ProcessCreateParams);
    return createdOrOk(created, process);
  },
  retrieveProcess: (ctx, { id }) => ok(processes.retrieveProcess(ctx, id)),
  deleteProcess: (ctx, { id }) => {
    processes.deleteProcess(ctx, id);
    return { status: 204 };
  },
  completeProcess: (ctx, { id }) => ok(processes.completeProcess(ctx, id)),
  cancelProcess: (ctx, { id }) => ok(processes.cancelProcess(ctx, id)),
  cancelProcessProcessItems: (ctx, { id, query }) =>
    ok(processes.cancelProcessItems(ctx, id, (query['processItemId'] ?? []) as string[])),
  changeProcessInitiator: (ctx, call) => ok(processes.changeProcessInitiator(ctx, call.id, bodyIn(call))),
  updateProcessMetadata: (ctx, call) =>
    ok(processes.updateProcessValue(ctx, call.id, 'metadata', valueIn(call, 'metadata'))),
  patchProcessMetadata: (ctx, call) => ok(processes.patchProcessValue(ctx, call.id, 'metadata', patchIn(call))),
  updateProcessEntity: (ctx, call) => ok(processes.updateProcessValue(ctx, call.id, 'entity', valueIn(call, 'entity'))),
  patchProcessEntity: (ctx, call) => ok(processes.patchProcessValue(ctx, call.id, 'entity', patchIn(call))),
  uploadProcessDocument: (ctx, call) => ok(uploadProcessDocument(ctx, call.id, uploadIn(call))),
  downloadProcessDocument: (ctx, call) => fileAnswer(downloadDocument(ctx, queryText(call, 'documentUri'), call.id)),

  createProcessAction: (ctx, call) => {
    const { created, action } = createProcessAction(ctx, call.id, call.body as ProcessActionCreateParams);
    return createdOrOk(created, action);
  },
  retrieveProcessAction: (ctx, { id, actionId }) => ok(actions.retrieveProcessAction(ctx, id, actionId)),
  cancelProcessAction: (ctx, { id, actionId }) => ok(actions.cancelProcessAction(ctx, id, actionId)),
  uploadProcessActionDocument: (ctx, call) =>
    ok(actions.uploadProcessActionDocument(ctx, call.id, call.actionId, uploadIn(call))),
  uploadProcessUserActionDocument: (ctx, call) => {
    const actionId = queryText(call, 'userActionValueId').toLowerCase();
    const process = actions.uploadUserActionDocument(ctx, call.id, actionId, uploadIn(call));
    return process === undefined ? { status: 304 } : ok(process);
  },

  findProcessItems: (ctx, call) => ok(processItems.findProcessItems(ctx, queryIn(call))),
  createProcessItem: (ctx, call) => {
    const { created, processItem } = createProcessItem(ctx, call.body as ProcessItemCreateParams);
    return createdOrOk(created, processItem);
  },
  retrieveProcessItem: (ctx, { id }) => ok(processItems.retrieveProcessItem(ctx, id)),
  claimProcessItemTask: (ctx, { id }) => ok(processItems.claimTask(ctx, id)),
  assignProcessItemTask: (ctx, call) => ok(processItems.assignTask(ctx, call.id, bodyIn(call))),
  completeProcessItemTask: (ctx, { id }) => ok(processItems.completeTask(ctx, id)),
  appendProcessItemTaskLog: (ctx, call) =>
    ok(processItems.appendTaskLog(ctx, call.id, call.body as Parameters<typeof processItems.appendTaskLog>[2])),
  updateProcessItemTaskData: (ctx, call) => ok(processItems.updateTaskData(ctx, call.id, valueIn(call, 'data'))),
  patchProcessItemTaskData: (ctx, call) => ok(processItems.patchTaskData(ctx, call.id, patchIn(call))),
  updateProcessItemTaskContextData: (ctx, call) =>
    ok(processItems.updateTaskContextData(ctx, call.id, valueIn(call, 'data'))),

  uploadDocument: (ctx, call) => ok(uploadDocument(ctx, queryText(call, 'targetUri'), uploadIn(call))),
  downloadDocument: (ctx, call) => fileAnswer(downloadDocument(ctx, queryText(call, 'documentUri'))),

  retrieveKmsKey: (ctx, { id }) => ok(retrieveKmsKey(ctx, id)),

  createWorker: (ctx, call) => {
    const { created, worker } = createWorker(ctx, call.body as WorkerCreateParams);
    return { ...createdOrOk(created, worker), headers: { [DELAY_WINDOW_HEADER]: String(WORKER_DELAY_WINDOW) } };
  },
};
