import type { DocumentAnswer } from './answer.ts';
import type { AnswerOf, BodyOf, Call, QueryOf } from './call-types.ts';
import type { Authentication } from './contract/authentications.ts';
import type { DocumentReference, JsonPatch } from './contract/common.ts';
import type { Principal } from './contract/principals.ts';
import type { ProcessAction } from './contract/process-actions.ts';
import type { ProcessItem } from './contract/process-items.ts';
import type { Process } from './contract/processes.ts';
import type { Tenant } from './contract/tenants.ts';
import { DELAY_WINDOW_HEADER } from './contract/workers.ts';
import type { Worker } from './contract/workers.ts';

type Data = Readonly<Record<string, unknown>>;

/** Bytes to upload with their type and name. */
export interface DocumentUpload {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly fileName: string;
}

export interface WorkerRegistration {
  readonly worker: Worker;
  /** Seconds until the next registration, if the server sends a number of at least 1. */
  readonly delayWindow: number | undefined;
}

/** Whether the resource is new or already existed with the given id. */
export interface Created<Resource> {
  readonly created: boolean;
  readonly resource: Resource;
}

/** The operations that the tool uses, by operation id; each returns the body. `KuFlowClient.call` covers all others. */
export interface NamedOperations {
  createAuthentication(body: BodyOf<'createAuthentication'>): Promise<Authentication>;
  retrievePrincipal(id: string): Promise<Principal>;
  findPrincipals(query?: QueryOf<'findPrincipals'>): Promise<AnswerOf<'findPrincipals'>>;
  findTenants(query?: QueryOf<'findTenants'>): Promise<AnswerOf<'findTenants'>>;
  retrieveTenant(id: string): Promise<Tenant>;
  findProcesses(query?: QueryOf<'findProcesses'>): Promise<AnswerOf<'findProcesses'>>;
  retrieveProcess(id: string): Promise<Process>;
  createProcess(body: BodyOf<'createProcess'>): Promise<Created<Process>>;
  completeProcess(id: string): Promise<Process>;
  cancelProcess(id: string): Promise<Process>;
  updateProcessMetadata(id: string, value: Data): Promise<Process>;
  patchProcessMetadata(id: string, patch: JsonPatch): Promise<Process>;
  updateProcessEntity(id: string, value: Data): Promise<Process>;
  patchProcessEntity(id: string, patch: JsonPatch): Promise<Process>;
  createProcessAction(id: string, body: BodyOf<'createProcessAction'>): Promise<Created<ProcessAction>>;
  retrieveProcessAction(id: string, actionId: string): Promise<ProcessAction>;
  cancelProcessAction(id: string, actionId: string): Promise<ProcessAction>;
  uploadProcessActionDocument(id: string, actionId: string, document: DocumentUpload): Promise<ProcessAction>;
  findProcessItems(query?: QueryOf<'findProcessItems'>): Promise<AnswerOf<'findProcessItems'>>;
  createProcessItem(body: BodyOf<'createProcessItem'>): Promise<Created<ProcessItem>>;
  retrieveProcessItem(id: string): Promise<ProcessItem>;
  claimProcessItemTask(id: string): Promise<ProcessItem>;
  assignProcessItemTask(id: string, owner: BodyOf<'assignProcessItemTask'>): Promise<ProcessItem>;
  completeProcessItemTask(id: string): Promise<ProcessItem>;
  updateProcessItemTaskData(id: string, value: Data): Promise<ProcessItem>;
  patchProcessItemTaskData(id: string, patch: JsonPatch): Promise<ProcessItem>;
  updateProcessItemTaskContextData(id: string, value: Data): Promise<ProcessItem>;
  appendProcessItemTaskLog(id: string, entry: BodyOf<'appendProcessItemTaskLog'>): Promise<ProcessItem>;
  createWorker(body: BodyOf<'createWorker'>): Promise<WorkerRegistration>;
  uploadProcessDocument(id: string, document: DocumentUpload): Promise<DocumentReference>;
  downloadProcessDocument(id: string, documentUri: string): Promise<DocumentAnswer>;
  /** `targetUri`: ku:process/{id} or ku:business-artifact/{id}. */
  uploadDocument(targetUri: string, document: DocumentUpload): Promise<DocumentReference>;
  downloadDocument(documentUri: string): Promise<DocumentAnswer>;
}

/** KuFlow rejects empty documents, so the call is not made. */
function checked({ bytes, contentType, fileName }: DocumentUpload): {
  readonly body: Uint8Array;
  readonly file: { readonly fileContentType: string; readonly fileName: string };
} {
  if (bytes.length === 0) throw new RangeError('A document must not be empty');
  return { body: bytes, file: { fileContentType: contentType, fileName } };
}

function readDelayWindow(header: string | undefined): number | undefined {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 1 ? seconds : undefined;
}

export function namedOperations(call: Call): NamedOperations {
  const on = (id: string) => ({ path: { id } });
  return {
    createAuthentication: async (body) => (await call('createAuthentication', { body })).body,
    retrievePrincipal: async (id) => (await call('retrievePrincipal', on(id))).body,
    findPrincipals: async (query = {}) => (await call('findPrincipals', { query })).body,
    findTenants: async (query = {}) => (await call('findTenants', { query })).body,
    retrieveTenant: async (id) => (await call('retrieveTenant', on(id))).body,
    findProcesses: async (query = {}) => (await call('findProcesses', { query })).body,
    retrieveProcess: async (id) => (await call('retrieveProcess', on(id))).body,
    createProcess: async (body) => {
      const answer = await call('createProcess', { body });
      return { created: answer.status === 201, resource: answer.body };
    },
    completeProcess: async (id) => (await call('completeProcess', on(id))).body,
    cancelProcess: async (id) => (await call('cancelProcess', on(id))).body,
    updateProcessMetadata: async (id, value) =>
      (await call('updateProcessMetadata', { ...on(id), body: { metadata: { value } } })).body,
    patchProcessMetadata: async (id, body) => (await call('patchProcessMetadata', { ...on(id), body })).body,
    updateProcessEntity: async (id, value) =>
      (await call('updateProcessEntity', { ...on(id), body: { entity: { value } } })).body,
    patchProcessEntity: async (id, body) => (await call('patchProcessEntity', { ...on(id), body })).body,
    createProcessAction: async (id, body) => {
      const answer = await call('createProcessAction', { ...on(id), body });
      return { created: answer.status === 201, resource: answer.body };
    },
    retrieveProcessAction: async (id, actionId) =>
      (await call('retrieveProcessAction', { path: { id, actionId } })).body,
    cancelProcessAction: async (id, actionId) => (await call('cancelProcessAction', { path: { id, actionId } })).body,
    uploadProcessActionDocument: async (id, actionId, document) => {
      const { body, file } = checked(document);
      return (await call('uploadProcessActionDocument', { path: { id, actionId }, query: file, body })).body;
    },
    findProcessItems: async (query = {}) => (await call('findProcessItems', { query })).body,
    createProcessItem: async (body) => {
      const answer = await call('createProcessItem', { body });
      return { created: answer.status === 201, resource: answer.body };
    },
    retrieveProcessItem: async (id) => (await call('retrieveProcessItem', on(id))).body,
    claimProcessItemTask: async (id) => (await call('claimProcessItemTask', on(id))).body,
    assignProcessItemTask: async (id, body) => (await call('assignProcessItemTask', { ...on(id), body })).body,
    completeProcessItemTask: async (id) => (await call('completeProcessItemTask', on(id))).body,
    updateProcessItemTaskData: async (id, value) =>
      (await call('updateProcessItemTaskData', { ...on(id), body: { data: { value } } })).body,
    patchProcessItemTaskData: async (id, body) => (await call('patchProcessItemTaskData', { ...on(id), body })).body,
    updateProcessItemTaskContextData: async (id, value) =>
      (await call('updateProcessItemTaskContextData', { ...on(id), body: { data: { value } } })).body,
    appendProcessItemTaskLog: async (id, body) => (await call('appendProcessItemTaskLog', { ...on(id), body })).body,
    createWorker: async (body) => {
      const answer = await call('createWorker', { body });
      return { worker: answer.body, delayWindow: readDelayWindow(answer.headers[DELAY_WINDOW_HEADER]) };
    },
    uploadProcessDocument: async (id, document) => {
      const { body, file } = checked(document);
      return (await call('uploadProcessDocument', { ...on(id), query: file, body })).body;
    },
    downloadProcessDocument: async (id, documentUri) =>
      (await call('downloadProcessDocument', { ...on(id), query: { documentUri } })).body,
    uploadDocument: async (targetUri, document) => {
      const { body, file } = checked(document);
      return (await call('uploadDocument', { query: { targetUri, ...file }, body })).body;
    },
    downloadDocument: async (documentUri) => (await call('downloadDocument', { query: { documentUri } })).body,
  };
}
