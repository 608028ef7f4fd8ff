import { Type, type Static } from '@sinclair/typebox';
import {
  DeletedQueryParam,
  DocumentReference,
  Email,
  FilterExpression,
  JsonValue,
  Uuid,
  answer,
  bytesBody,
  deletable,
  enumeration,
  fileDownload,
  fileQuery,
  fileUpload,
  json,
  jsonPatchBody,
  model,
  page,
  paging,
  processDefinitionFilter,
  tenantFilter,
} from './common.ts';
import { resource } from './operation.ts';

export const ProcessState = enumeration('ProcessState', ['RUNNING', 'COMPLETED', 'CANCELLED']);
export type ProcessState = Static<typeof ProcessState>;

export const ProcessDefinitionRef = model('ProcessDefinitionRef', { id: Uuid, version: Uuid, code: Type.String() });

const processFields = {
  ...deletable,
  id: Uuid,
  uri: Type.Optional(Type.String({ readOnly: true })),
  state: ProcessState,
  initiatorId: Type.Optional(Uuid),
  tenantId: Uuid,
} as const;

// The published document also requires `initiator` and `processDefinition` here, which it never defines.
export const Process = model('Process', {
  ...processFields,
  processDefinitionRef: Type.Optional(ProcessDefinitionRef),
  metadata: Type.Optional(JsonValue),
  entity: Type.Optional(JsonValue),
  // `outcoming` is KuFlow's spelling.
  processRelated: Type.Optional(
    model('ProcessRelated', { incoming: Type.Optional(Type.Array(Uuid)), outcoming: Type.Optional(Type.Array(Uuid)) }),
  ),
});
export type Process = Static<typeof Process>;

// As above: the published document also requires an undefined `initiator`.
export const ProcessPageItem = model('ProcessPageItem', {
  ...processFields,
  processDefinitionRef: ProcessDefinitionRef,
});
export type ProcessPageItem = Static<typeof ProcessPageItem>;

export const ProcessCreateParams = model(
  'ProcessCreateParams',
  {
    id: Type.Optional(Uuid),
    processDefinitionId: Type.Optional(Uuid),
    tenantId: Type.Optional(Uuid),
    processDefinitionCode: Type.Optional(Type.String()),
    metadata: Type.Optional(JsonValue),
    entity: Type.Optional(JsonValue),
    relatedProcessId: Type.Optional(Uuid),
    initiatorId: Type.Optional(Uuid),
    initiatorEmail: Type.Optional(Email),
  },
  { anyOf: [{ required: ['processDefinitionId'] }, { required: ['tenantId', 'processDefinitionCode'] }] },
);
export type ProcessCreateParams = Static<typeof ProcessCreateParams>;

const process = { 200: answer(Process, 'The process') } as const;

export const processOperations = resource('process', {
  findProcesses: {
    call: 'GET /processes',
    summary: 'List the processes that the caller may see; sortable by id, createdAt, lastModifiedAt',
    // state, initiatorId, initiatorEmail and metadata come from a newer revision of the document, deleted from newer SDKs.
    query: {
      ...paging,
      ...tenantFilter,
      ...processDefinitionFilter,
      state: Type.Array(ProcessState),
      initiatorId: Type.Array(Uuid),
      initiatorEmail: Type.Array(Email),
      metadata: Type.Array(FilterExpression),
      deleted: DeletedQueryParam,
    },
    responses: { 200: answer(page('ProcessPage', ProcessPageItem), 'A page of processes') },
  },
  createProcess: {
    call: 'POST /processes',
    summary: 'Create a process, or return the existing one with the given id',
    body: json(ProcessCreateParams),
    responses: { 200: answer(Process, 'It already existed'), 201: answer(Process, 'Created') },
  },
  retrieveProcess: {
    call: 'GET /processes/{id}',
    summary: 'Read a process',
    responses: process,
  },
  // From newer SDKs.
  deleteProcess: {
    call: 'DELETE /processes/{id}',
    summary:
      'Delete a process that has ended, with its process items. It cannot be restored, but can still be read by ID',
    responses: { 204: { description: 'Deleted, or it was already deleted' } },
  },
  completeProcess: {
    call: 'POST /processes/{id}/~actions/complete',
    summary: 'Complete a process; has no effect if it is already completed',
    responses: process,
  },
  cancelProcess: {
    call: 'POST /processes/{id}/~actions/cancel',
    summary: 'Cancel a process and its active items; has no effect if it is already canceled',
    responses: process,
  },
  cancelProcessProcessItems: {
    call: 'POST /processes/{id}/~actions/cancel-process-items',
    summary: 'Cancel the given items of a process, or all active ones',
    query: { processItemId: Type.Array(Uuid) },
    responses: process,
  },
  changeProcessInitiator: {
    call: 'POST /processes/{id}/~actions/change-initiator',
    summary: 'Change the initiator of a process, by principal id or by email',
    body: json(
      model('ProcessChangeInitiatorParams', { initiatorId: Type.Optional(Uuid), initiatorEmail: Type.Optional(Email) }),
    ),
    responses: process,
  },
  uploadProcessUserActionDocument: {
    call: 'POST /processes/{id}/~actions/upload-user-action-document',
    summary: 'Save the document of a user action',
    query: { ...fileQuery, userActionValueId: Uuid },
    requiredQuery: ['fileContentType', 'fileName', 'userActionValueId'],
    body: bytesBody,
    responses: { 200: answer(Process, 'The process'), 304: { description: 'The process is unchanged' } },
  },
  updateProcessMetadata: {
    call: 'PUT /processes/{id}/metadata',
    summary: 'Replace the metadata; invalid values are saved and marked as such',
    body: json(model('ProcessMetadataUpdateParams', { metadata: JsonValue })),
    responses: process,
  },
  patchProcessMetadata: {
    call: 'PATCH /processes/{id}/metadata',
    summary: 'Change the metadata by JSON Patch',
    body: jsonPatchBody,
    responses: process,
  },
  updateProcessEntity: {
    call: 'PUT /processes/{id}/entity',
    summary: 'Replace the entity; invalid values are saved and marked as such',
    body: json(model('ProcessEntityUpdateParams', { entity: JsonValue })),
    responses: process,
  },
  patchProcessEntity: {
    call: 'PATCH /processes/{id}/entity',
    summary: 'Change the entity by JSON Patch',
    body: jsonPatchBody,
    responses: process,
  },
  uploadProcessDocument: {
    call: 'POST /processes/{id}/~actions/upload-document',
    summary: 'Upload a document, to be linked by writing its uri into a value of the process or of one of its items',
    ...fileUpload,
    responses: { 200: answer(DocumentReference, 'The location of the document') },
  },
  downloadProcessDocument: {
    call: 'GET /processes/{id}/~actions/download-document',
    summary: 'Download a document of the process',
    ...fileDownload,
  },
});
