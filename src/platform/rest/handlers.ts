import type { AuthenticationCreateParams } from '../../kuflow/contract/authentications.ts';
import type { JsonPatch, JsonValue } from '../../kuflow/contract/common.ts';
import type { OperationId } from '../../kuflow/contract/operations.ts';
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
import * as people from '../domain/people.ts';
import { createProcess } from '../domain/process-creation.ts';
import { createProcessItem } from '../domain/process-item-creation.ts';
import * as processItems from '../domain/process-items.ts';
import { findProcesses } from '../domain/process-search.ts';
import * as processes from '../domain/processes.ts';
import { WORKER_DELAY_WINDOW, createWorker } from '../domain/workers.ts';
import { attachment } from './attachment.ts';

/** A request that has passed the contract: path ids in lower case, the query typed, JSON parsed or raw bytes. */
export interface OperationCall {
  readonly id: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

export interface OperationAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler = (ctx: OperationContext, call: OperationCall) => OperationAnswer | Promise<OperationAnswer>;

const ok = (body: unknown): OperationAnswer => ({ status: 200, body });
const made = (created: boolean, body: unknown): OperationAnswer => ({ status: created ? 201 : 200, body });
const file = (download: Download): OperationAnswer => ({
  status: 200,
  body: download.bytes,
  headers: { 'content-type': 'application/octet-stream', 'content-disposition': attachment(download.name) },
});
// The contract was checked before: these say what it guarantees.
const bodyAs = (call: OperationCall): Record<string, unknown> => call.body as Record<string, unknown>;
const valueIn = (call: OperationCall, field: string): JsonValue => bodyAs(call)[field] as JsonValue;
const patchIn = (call: OperationCall): JsonPatch => call.body as JsonPatch;
const text = (call: OperationCall, name: string): string => String(call.query[name]);
const query = (call: OperationCall): never => call.query as never;
const upload = (call: OperationCall): Upload => ({
  fileName: text(call, 'fileName'),
  fileContentType: text(call, 'fileContentType'),
  bytes: Buffer.isBuffer(call.body) ? call.body : Buffer.alloc(0),
});

/** The operations that work here; the others of the contract answer 501. */
export const HANDLERS: Readonly<Partial<Record<OperationId, Handler>>> = {
  createAuthentication: async (ctx, call) =>
    ok(await createAuthentication(ctx, call.body as AuthenticationCreateParams)),

  findPrincipals: (ctx, call) => ok(people.findPrincipals(ctx, query(call))),
  retrievePrincipal: (ctx, { id }) => ok(people.retrievePrincipal(ctx, id)),
  findGroups: (ctx, call) => ok(people.findGroups(ctx, query(call))),
  findTenants: (ctx, call) => ok(people.findTenants(ctx, query(call))),
  retrieveTenant: (ctx, { id }) => ok(people.retrieveTenant(ctx, id)),
  findTenantUsers: (ctx, call) => ok(people.findTenantUsers(ctx, query(call))),
  retrieveTenantUser: (ctx, { id }) => ok(people.retrieveTenantUser(ctx, id)),

  findProcesses: (ctx, call) => ok(findProcesses(ctx, query(call))),
  createProcess: (ctx, call) => {
    const { created, process } = createProcess(ctx, call.body as ProcessCreateParams);
    return made(created, process);
  },
  retrieveProcess: (ctx, { id }) => ok(processes.retrieveProcess(ctx, id)),
  completeProcess: (ctx, { id }) => ok(processes.completeProcess(ctx, id)),
  cancelProcess: (ctx, { id }) => ok(processes.cancelProcess(ctx, id)),
  cancelProcessProcessItems: (ctx, call) =>
    ok(processes.cancelProcessItems(ctx, call.id, (call.query['processItemId'] ?? []) as string[])),
  changeProcessInitiator: (ctx, call) => ok(processes.changeProcessInitiator(ctx, call.id, bodyAs(call))),
  updateProcessMetadata: (ctx, call) =>
    ok(processes.updateProcessValue(ctx, call.id, 'metadata', valueIn(call, 'metadata'))),
  patchProcessMetadata: (ctx, call) => ok(processes.patchProcessValue(ctx, call.id, 'metadata', patchIn(call))),
  updateProcessEntity: (ctx, call) => ok(processes.updateProcessValue(ctx, call.id, 'entity', valueIn(call, 'entity'))),
  patchProcessEntity: (ctx, call) => ok(processes.patchProcessValue(ctx, call.id, 'entity', patchIn(call))),
  uploadProcessDocument: (ctx, call) => ok(uploadProcessDocument(ctx, call.id, upload(call))),
  downloadProcessDocument: (ctx, call) => file(downloadDocument(ctx, text(call, 'documentUri'), call.id)),

  findProcessItems: (ctx, call) => ok(processItems.findProcessItems(ctx, query(call))),
  createProcessItem: (ctx, call) => {
    const { created, processItem } = createProcessItem(ctx, call.body as ProcessItemCreateParams);
    return made(created, processItem);
  },
  retrieveProcessItem: (ctx, { id }) => ok(processItems.retrieveProcessItem(ctx, id)),
  claimProcessItemTask: (ctx, { id }) => ok(processItems.claimTask(ctx, id)),
  assignProcessItemTask: (ctx, call) => ok(processItems.assignTask(ctx, call.id, bodyAs(call))),
  completeProcessItemTask: (ctx, { id }) => ok(processItems.completeTask(ctx, id)),
  appendProcessItemTaskLog: (ctx, call) =>
    ok(processItems.appendTaskLog(ctx, call.id, call.body as Parameters<typeof processItems.appendTaskLog>[2])),
  updateProcessItemTaskData: (ctx, call) => ok(processItems.updateTaskData(ctx, call.id, valueIn(call, 'data'))),
  patchProcessItemTaskData: (ctx, call) => ok(processItems.patchTaskData(ctx, call.id, patchIn(call))),
  updateProcessItemTaskContextData: (ctx, call) =>
    ok(processItems.updateTaskContextData(ctx, call.id, valueIn(call, 'data'))),

  uploadDocument: (ctx, call) => ok(uploadDocument(ctx, text(call, 'targetUri'), upload(call))),
  downloadDocument: (ctx, call) => file(downloadDocument(ctx, text(call, 'documentUri'))),

  createWorker: (ctx, call) => {
    const { created, worker } = createWorker(ctx, call.body as WorkerCreateParams);
    return { ...made(created, worker), headers: { [DELAY_WINDOW_HEADER]: String(WORKER_DELAY_WINDOW) } };
  },
};
