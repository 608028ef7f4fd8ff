import type { BodyOf, Call, QueryOf } from './call-types.ts';
import type { JsonPatch } from './contract/common.ts';
import { DELAY_WINDOW_HEADER } from './contract/workers.ts';

type Data = Readonly<Record<string, unknown>>;

/** Bytes to upload with their type and name. */
export interface DocumentUpload {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly fileName: string;
}

/** KuFlow rejects empty documents, so the call is not made. */
function checked({ bytes, contentType, fileName }: DocumentUpload): {
  readonly body: Uint8Array;
  readonly file: { readonly fileContentType: string; readonly fileName: string };
} {
  if (bytes.length === 0) throw new RangeError('A document must not be empty');
  return { body: bytes, file: { fileContentType: contentType, fileName } };
}

/** Seconds until the next registration, if the server sends a number of at least 1. */
function readDelayWindow(header: string | undefined): number | undefined {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 1 ? seconds : undefined;
}

/** The operations that the tool and its tests use, by operation id; each returns the body. `KuFlowClient.call` covers all others. */
export function namedOperations(call: Call) {
  const on = (id: string) => ({ path: { id } });
  return {
    createAuthentication: async (body: BodyOf<'createAuthentication'>) =>
      (await call('createAuthentication', { body })).body,
    retrievePrincipal: async (id: string) => (await call('retrievePrincipal', on(id))).body,
    findPrincipals: async (query: QueryOf<'findPrincipals'> = {}) => (await call('findPrincipals', { query })).body,
    findTenants: async (query: QueryOf<'findTenants'> = {}) => (await call('findTenants', { query })).body,
    retrieveTenant: async (id: string) => (await call('retrieveTenant', on(id))).body,
    findProcesses: async (query: QueryOf<'findProcesses'> = {}) => (await call('findProcesses', { query })).body,
    retrieveProcess: async (id: string) => (await call('retrieveProcess', on(id))).body,
    createProcess: async (body: BodyOf<'createProcess'>) => {
      const answer = await call('createProcess', { body });
      return { created: answer.status === 201, resource: answer.body };
    },
    completeProcess: async (id: string) => (await call('completeProcess', on(id))).body,
    cancelProcess: async (id: string) => (await call('cancelProcess', on(id))).body,
    updateProcessMetadata: async (id: string, value: Data) =>
      (await call('updateProcessMetadata', { ...on(id), body: { metadata: { value } } })).body,
    patchProcessMetadata: async (id: string, body: JsonPatch) =>
      (await call('patchProcessMetadata', { ...on(id), body })).body,
    updateProcessEntity: async (id: string, value: Data) =>
      (await call('updateProcessEntity', { ...on(id), body: { entity: { value } } })).body,
    createProcessAction: async (id: string, body: BodyOf<'createProcessAction'>) => {
      const answer = await call('createProcessAction', { ...on(id), body });
      return { created: answer.status === 201, resource: answer.body };
    },
    retrieveProcessAction: async (id: string, actionId: string) =>
      (await call('retrieveProcessAction', { path: { id, actionId } })).body,
    cancelProcessAction: async (id: string, actionId: string) =>
      (await call('cancelProcessAction', { path: { id, actionId } })).body,
    uploadProcessActionDocument: async (id: string, actionId: string, document: DocumentUpload) => {
      const { body, file } = checked(document);
      return (await call('uploadProcessActionDocument', { path: { id, actionId }, query: file, body })).body;
    },
    findProcessItems: async (query: QueryOf<'findProcessItems'> = {}) =>
      (await call('findProcessItems', { query })).body,
    createProcessItem: async (body: BodyOf<'createProcessItem'>) => {
      const answer = await call('createProcessItem', { body });
      return { created: answer.status === 201, resource: answer.body };
    },
    retrieveProcessItem: async (id: string) => (await call('retrieveProcessItem', on(id))).body,
    claimProcessItemTask: async (id: string) => (await call('claimProcessItemTask', on(id))).body,
    assignProcessItemTask: async (id: string, body: BodyOf<'assignProcessItemTask'>) =>
      (await call('assignProcessItemTask', { ...on(id), body })).body,
    completeProcessItemTask: async (id: string) => (await call('completeProcessItemTask', on(id))).body,
    updateProcessItemTaskData: async (id: string, value: Data) =>
      (await call('updateProcessItemTaskData', { ...on(id), body: { data: { value } } })).body,
    patchProcessItemTaskData: async (id: string, body: JsonPatch) =>
      (await call('patchProcessItemTaskData', { ...on(id), body })).body,
    appendProcessItemTaskLog: async (id: string, body: BodyOf<'appendProcessItemTaskLog'>) =>
      (await call('appendProcessItemTaskLog', { ...on(id), body })).body,
    createWorker: async (body: BodyOf<'createWorker'>) => {
      const answer = await call('createWorker', { body });
      return { worker: answer.body, delayWindow: readDelayWindow(answer.headers[DELAY_WINDOW_HEADER]) };
    },
    uploadProcessDocument: async (id: string, document: DocumentUpload) => {
      const { body, file } = checked(document);
      return (await call('uploadProcessDocument', { ...on(id), query: file, body })).body;
    },
    downloadProcessDocument: async (id: string, documentUri: string) =>
      (await call('downloadProcessDocument', { ...on(id), query: { documentUri } })).body,
    /** `targetUri`: ku:process/{id} or ku:business-artifact/{id}. */
    uploadDocument: async (targetUri: string, document: DocumentUpload) => {
      const { body, file } = checked(document);
      return (await call('uploadDocument', { query: { targetUri, ...file }, body })).body;
    },
    downloadDocument: async (documentUri: string) => (await call('downloadDocument', { query: { documentUri } })).body,
  };
}

export type NamedOperations = ReturnType<typeof namedOperations>;
