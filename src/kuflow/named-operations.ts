import type { BodyOf, Call, QueryOf } from './call-types.ts';
import type { JsonPatch } from './contract/common.ts';

type Data = Readonly<Record<string, unknown>>;

interface DocumentUpload {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly fileName: string;
}

/** The operations that the tool and its tests use, by operation id; each returns the body. `KuFlowClient.call` covers all others. */
export function namedOperations(call: Call) {
  const on = (id: string) => ({ path: { id } });
  return {
    createAuthentication: async (body: BodyOf<'createAuthentication'>) =>
      (await call('createAuthentication', { body })).body,
    retrievePrincipal: async (id: string) => (await call('retrievePrincipal', on(id))).body,
    findTenants: async (query: QueryOf<'findTenants'> = {}) => (await call('findTenants', { query })).body,
    retrieveTenant: async (id: string) => (await call('retrieveTenant', on(id))).body,
    findProcesses: async (query: QueryOf<'findProcesses'> = {}) => (await call('findProcesses', { query })).body,
    retrieveProcess: async (id: string) => (await call('retrieveProcess', on(id))).body,
    createProcess: async (body: BodyOf<'createProcess'>) => (await call('createProcess', { body })).body,
    completeProcess: async (id: string) => (await call('completeProcess', on(id))).body,
    cancelProcess: async (id: string) => (await call('cancelProcess', on(id))).body,
    updateProcessMetadata: async (id: string, value: Data) =>
      (await call('updateProcessMetadata', { ...on(id), body: { metadata: { value } } })).body,
    patchProcessMetadata: async (id: string, body: JsonPatch) =>
      (await call('patchProcessMetadata', { ...on(id), body })).body,
    createProcessAction: async (id: string, body: BodyOf<'createProcessAction'>) =>
      (await call('createProcessAction', { ...on(id), body })).body,
    retrieveProcessAction: async (id: string, actionId: string) =>
      (await call('retrieveProcessAction', { path: { id, actionId } })).body,
    findProcessItems: async (query: QueryOf<'findProcessItems'> = {}) =>
      (await call('findProcessItems', { query })).body,
    createProcessItem: async (body: BodyOf<'createProcessItem'>) => (await call('createProcessItem', { body })).body,
    retrieveProcessItem: async (id: string) => (await call('retrieveProcessItem', on(id))).body,
    claimProcessItemTask: async (id: string) => (await call('claimProcessItemTask', on(id))).body,
    assignProcessItemTask: async (id: string, body: BodyOf<'assignProcessItemTask'>) =>
      (await call('assignProcessItemTask', { ...on(id), body })).body,
    completeProcessItemTask: async (id: string) => (await call('completeProcessItemTask', on(id))).body,
    updateProcessItemTaskData: async (id: string, value: Data) =>
      (await call('updateProcessItemTaskData', { ...on(id), body: { data: { value } } })).body,
    appendProcessItemTaskLog: async (id: string, body: BodyOf<'appendProcessItemTaskLog'>) =>
      (await call('appendProcessItemTaskLog', { ...on(id), body })).body,
    /** KuFlow rejects empty documents, so the call is not made. */
    uploadProcessDocument: async (id: string, { bytes, contentType, fileName }: DocumentUpload) => {
      if (bytes.length === 0) throw new RangeError('A document must not be empty');
      const query = { fileContentType: contentType, fileName };
      return (await call('uploadProcessDocument', { ...on(id), query, body: bytes })).body;
    },
    downloadProcessDocument: async (id: string, documentUri: string) =>
      (await call('downloadProcessDocument', { ...on(id), query: { documentUri } })).body,
  };
}

export type NamedOperations = ReturnType<typeof namedOperations>;
