import type { AnswerOf, BodyOf, Call, CallParts, QueryOf } from './call-types.ts';
import type { JsonPatch } from './contract/common.ts';
import type { OperationId } from './contract/operations.ts';

type Data = Readonly<Record<string, unknown>>;

interface DocumentUpload {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly fileName: string;
}

/** The operations that the tool and its tests use, by operation id; each returns the body. `KuFlowClient.call` covers all others. */
export function namedOperations(call: Call) {
  const send = async <Id extends OperationId>(id: Id, parts: CallParts<Id>): Promise<AnswerOf<Id>> =>
    (await call(id, parts)).body;
  const on = (id: string) => ({ path: { id } });
  return {
    createAuthentication: (body: BodyOf<'createAuthentication'>) => send('createAuthentication', { body }),
    retrievePrincipal: (id: string) => send('retrievePrincipal', on(id)),
    findTenants: (query: QueryOf<'findTenants'> = {}) => send('findTenants', { query }),
    retrieveTenant: (id: string) => send('retrieveTenant', on(id)),
    findProcesses: (query: QueryOf<'findProcesses'> = {}) => send('findProcesses', { query }),
    retrieveProcess: (id: string) => send('retrieveProcess', on(id)),
    createProcess: (body: BodyOf<'createProcess'>) => send('createProcess', { body }),
    completeProcess: (id: string) => send('completeProcess', on(id)),
    cancelProcess: (id: string) => send('cancelProcess', on(id)),
    updateProcessMetadata: (id: string, value: Data) =>
      send('updateProcessMetadata', { ...on(id), body: { metadata: { value } } }),
    patchProcessMetadata: (id: string, body: JsonPatch) => send('patchProcessMetadata', { ...on(id), body }),
    createProcessAction: (id: string, body: BodyOf<'createProcessAction'>) =>
      send('createProcessAction', { ...on(id), body }),
    retrieveProcessAction: (id: string, actionId: string) => send('retrieveProcessAction', { path: { id, actionId } }),
    findProcessItems: (query: QueryOf<'findProcessItems'> = {}) => send('findProcessItems', { query }),
    createProcessItem: (body: BodyOf<'createProcessItem'>) => send('createProcessItem', { body }),
    retrieveProcessItem: (id: string) => send('retrieveProcessItem', on(id)),
    claimProcessItemTask: (id: string) => send('claimProcessItemTask', on(id)),
    assignProcessItemTask: (id: string, body: BodyOf<'assignProcessItemTask'>) =>
      send('assignProcessItemTask', { ...on(id), body }),
    completeProcessItemTask: (id: string) => send('completeProcessItemTask', on(id)),
    updateProcessItemTaskData: (id: string, value: Data) =>
      send('updateProcessItemTaskData', { ...on(id), body: { data: { value } } }),
    appendProcessItemTaskLog: (id: string, body: BodyOf<'appendProcessItemTaskLog'>) =>
      send('appendProcessItemTaskLog', { ...on(id), body }),
    /** KuFlow rejects empty documents, so the call is not made. */
    uploadProcessDocument: async (id: string, { bytes, contentType, fileName }: DocumentUpload) => {
      if (bytes.length === 0) throw new RangeError('A document must not be empty');
      const query = { fileContentType: contentType, fileName };
      return await send('uploadProcessDocument', { ...on(id), query, body: bytes });
    },
    downloadProcessDocument: (id: string, documentUri: string) =>
      send('downloadProcessDocument', { ...on(id), query: { documentUri } }),
  };
}

export type NamedOperations = ReturnType<typeof namedOperations>;
