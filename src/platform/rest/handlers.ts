import type { BodyOf, PagedOperationId, QueryOf } from '../../kuflow/call-types.ts';
import type { OperationId } from '../../kuflow/contract/operations.ts';
import { DELAY_WINDOW_HEADER } from '../../kuflow/contract/workers.ts';
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
import type { ListQuery } from '../domain/paging.ts';
import * as people from '../domain/people.ts';
import * as actions from '../domain/process-actions.ts';
import { createProcess } from '../domain/process-creation.ts';
import * as processItems from '../domain/process-items.ts';
import * as processes from '../domain/processes.ts';
import { WORKER_DELAY_WINDOW, createWorker } from '../domain/workers.ts';

/** A request that conforms to the contract. Its ids are in lower case, and its query has the defaults. */
export interface OperationCall<Id extends OperationId = OperationId> {
  readonly id: string;
  /** Only for operations of an action. */
  readonly actionId: string;
  readonly query: Id extends PagedOperationId ? ListQuery<Id> : QueryOf<Id>;
  readonly body: BodyOf<Id>;
}

export interface OperationAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler<Id extends OperationId = OperationId> = (
  ctx: OperationContext,
  call: OperationCall<Id>,
) => OperationAnswer | Promise<OperationAnswer>;

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
const uploadIn = ({
  query: { fileName, fileContentType },
  body: bytes,
}: Pick<OperationCall<'uploadProcessDocument'>, 'query' | 'body'>): Upload => ({ fileName, fileContentType, bytes });

/** The operations that are implemented; the others of the contract answer 501. */
export const HANDLERS: { readonly [Id in OperationId]?: Handler<Id> } = {
  createAuthentication: async (ctx, { body }) => ok(await createAuthentication(ctx, body)),

  findPrincipals: (ctx, { query }) => ok(people.findPrincipals(ctx, query)),
  retrievePrincipal: (ctx, { id }) => ok(people.retrievePrincipal(ctx, id)),
  findGroups: (ctx, { query }) => ok(people.findGroups(ctx, query)),
  findTenants: (ctx, { query }) => ok(people.findTenants(ctx, query)),
  retrieveTenant: (ctx, { id }) => ok(people.retrieveTenant(ctx, id)),
  findTenantUsers: (ctx, { query }) => ok(people.findTenantUsers(ctx, query)),
  retrieveTenantUser: (ctx, { id }) => ok(people.retrieveTenantUser(ctx, id)),

  findProcesses: (ctx, { query }) => ok(processes.findProcesses(ctx, query)),
  createProcess: (ctx, { body }) => {
    const { created, process } = createProcess(ctx, body);
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
    ok(processes.cancelProcessItems(ctx, id, query.processItemId ?? [])),
  changeProcessInitiator: (ctx, { id, body }) => ok(processes.changeProcessInitiator(ctx, id, body)),
  updateProcessMetadata: (ctx, { id, body }) => ok(processes.updateProcessValue(ctx, id, 'metadata', body.metadata)),
  patchProcessMetadata: (ctx, { id, body }) => ok(processes.patchProcessValue(ctx, id, 'metadata', body)),
  updateProcessEntity: (ctx, { id, body }) => ok(processes.updateProcessValue(ctx, id, 'entity', body.entity)),
  patchProcessEntity: (ctx, { id, body }) => ok(processes.patchProcessValue(ctx, id, 'entity', body)),
  uploadProcessDocument: (ctx, call) => ok(uploadProcessDocument(ctx, call.id, uploadIn(call))),
  downloadProcessDocument: (ctx, { id, query }) => fileAnswer(downloadDocument(ctx, query.documentUri, id)),

  createProcessAction: (ctx, { id, body }) => {
    const { created, action } = actions.createProcessAction(ctx, id, body);
    return createdOrOk(created, action);
  },
  retrieveProcessAction: (ctx, { id, actionId }) => ok(actions.retrieveProcessAction(ctx, id, actionId)),
  cancelProcessAction: (ctx, { id, actionId }) => ok(actions.cancelProcessAction(ctx, id, actionId)),
  uploadProcessActionDocument: (ctx, call) =>
    ok(actions.uploadProcessActionDocument(ctx, call.id, call.actionId, uploadIn(call))),
  uploadProcessUserActionDocument: (ctx, call) => {
    const actionId = call.query.userActionValueId.toLowerCase();
    const process = actions.uploadUserActionDocument(ctx, call.id, actionId, uploadIn(call));
    return process === undefined ? { status: 304 } : ok(process);
  },

  findProcessItems: (ctx, { query }) => ok(processItems.findProcessItems(ctx, query)),
  createProcessItem: (ctx, { body }) => {
    const { created, processItem } = processItems.createProcessItem(ctx, body);
    return createdOrOk(created, processItem);
  },
  retrieveProcessItem: (ctx, { id }) => ok(processItems.retrieveProcessItem(ctx, id)),
  claimProcessItemTask: (ctx, { id }) => ok(processItems.claimTask(ctx, id)),
  assignProcessItemTask: (ctx, { id, body }) => ok(processItems.assignTask(ctx, id, body)),
  completeProcessItemTask: (ctx, { id }) => ok(processItems.completeTask(ctx, id)),
  appendProcessItemTaskLog: (ctx, { id, body }) => ok(processItems.appendTaskLog(ctx, id, body)),
  updateProcessItemTaskData: (ctx, { id, body }) => ok(processItems.updateTaskData(ctx, id, body.data)),
  patchProcessItemTaskData: (ctx, { id, body }) => ok(processItems.patchTaskData(ctx, id, body)),
  updateProcessItemTaskContextData: (ctx, { id, body }) => ok(processItems.updateTaskContextData(ctx, id, body.data)),

  uploadDocument: (ctx, call) => ok(uploadDocument(ctx, call.query.targetUri, uploadIn(call))),
  downloadDocument: (ctx, { query }) => fileAnswer(downloadDocument(ctx, query.documentUri)),

  retrieveKmsKey: (ctx, { id }) => ok(retrieveKmsKey(ctx, id)),

  createWorker: (ctx, { body }) => {
    const { created, worker } = createWorker(ctx, body);
    return { ...createdOrOk(created, worker), headers: { [DELAY_WINDOW_HEADER]: String(WORKER_DELAY_WINDOW) } };
  },
};
