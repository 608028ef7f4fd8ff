import { Type, type Static } from '@sinclair/typebox';
import {
  Bytes,
  DateTime,
  DeletedQueryParam,
  Email,
  JsonValue,
  Uuid,
  answer,
  deletable,
  enumeration,
  json,
  jsonPatchBody,
  model,
  page,
  paging,
  processDefinitionFilter,
  tenantFilter,
} from './common.ts';
import { resource } from './operation.ts';

export const ProcessItemType = enumeration('ProcessItemType', ['TASK', 'MESSAGE', 'THREAD']);
export type ProcessItemType = Static<typeof ProcessItemType>;

export const ProcessItemTaskState = enumeration('ProcessItemTaskState', ['READY', 'CLAIMED', 'COMPLETED', 'CANCELLED']);
export type ProcessItemTaskState = Static<typeof ProcessItemTaskState>;

export const ProcessItemTaskLogLevel = enumeration('ProcessItemTaskLogLevel', ['INFO', 'WARN', 'ERROR']);

export const ProcessItemTaskLog = model('ProcessItemTaskLog', {
  id: Uuid,
  timestamp: DateTime,
  message: Type.String(),
  level: ProcessItemTaskLogLevel,
});
export type ProcessItemTaskLog = Static<typeof ProcessItemTaskLog>;

// The published document also requires a `taskDefinition` here, which it never defines.
export const ProcessItemTask = model('ProcessItemTask', {
  state: ProcessItemTaskState,
  data: Type.Optional(JsonValue),
  contextData: Type.Optional(JsonValue),
  logs: Type.Optional(Type.Array(ProcessItemTaskLog)),
});

export const ProcessItemMessage = model('ProcessItemMessage', {
  text: Type.Optional(Type.String()),
  data: Type.Optional(JsonValue),
  dataStructureDataDefinitionCode: Type.Optional(Type.String()),
});

// processItemThreadId comes from newer SDKs, here and in the models below.
const itemFields = {
  ...deletable,
  id: Uuid,
  uri: Type.Optional(Type.String({ readOnly: true })),
  type: ProcessItemType,
  processId: Uuid,
  processItemThreadId: Type.Optional(Uuid),
  ownerId: Type.Optional(Uuid),
  processItemDefinitionRef: Type.Optional(
    model('ProcessItemDefinitionRef', { id: Uuid, version: Uuid, code: Type.String() }),
  ),
} as const;

export const ProcessItem = model('ProcessItem', {
  ...itemFields,
  tenantId: Type.Optional(Uuid),
  task: Type.Optional(ProcessItemTask),
  message: Type.Optional(ProcessItemMessage),
});
export type ProcessItem = Static<typeof ProcessItem>;

export const ProcessItemPageItem = model('ProcessItemPageItem', {
  ...itemFields,
  tenantId: Uuid,
  task: Type.Optional(model('ProcessItemTaskPageItem', { state: ProcessItemTaskState })),
  message: Type.Optional(
    model('ProcessItemMessagePageItem', {
      text: Type.Optional(Type.String()),
      dataStructureDataDefinitionCode: Type.Optional(Type.String()),
    }),
  ),
});
export type ProcessItemPageItem = Static<typeof ProcessItemPageItem>;

export const ProcessItemCreateParams = model('ProcessItemCreateParams', {
  id: Type.Optional(Uuid),
  type: ProcessItemType,
  processId: Uuid,
  processItemThreadId: Type.Optional(Uuid),
  ownerId: Type.Optional(Uuid),
  ownerEmail: Type.Optional(Email),
  processItemDefinitionCode: Type.Optional(Type.String()),
  task: Type.Optional(
    model('ProcessItemTaskCreateParams', { data: Type.Optional(JsonValue), contextData: Type.Optional(JsonValue) }),
  ),
  message: Type.Optional(model('ProcessItemMessageCreateParams', ProcessItemMessage.properties)),
});
export type ProcessItemCreateParams = Static<typeof ProcessItemCreateParams>;

export const ProcessItemAiAssistance = model('ProcessItemAiAssistance', {
  requestId: Uuid,
  state: enumeration('ProcessItemAiAssistanceState', ['PENDING', 'COMPLETED', 'FAILED']),
  embeddingPending: Type.Optional(Type.Integer({ format: 'int32' })),
  embeddingProcessing: Type.Optional(Type.Integer({ format: 'int32' })),
  retryAfterSeconds: Type.Optional(Type.Integer({ format: 'int32' })),
  model: Type.Optional(Type.String()),
  finishReason: Type.Optional(Type.String()),
  errorCode: Type.Optional(Type.String()),
  errorMessage: Type.Optional(Type.String()),
  startedAt: DateTime,
  finishedAt: Type.Optional(DateTime),
});

const item = { 200: answer(ProcessItem, 'The process item') } as const;

export const processItemOperations = resource('processItem', {
  findProcessItems: {
    call: 'GET /process-items',
    summary:
      'List the process items that the caller may see; sortable by id, createdAt, lastModifiedAt, claimedAt, completedAt, cancelledAt',
    query: {
      ...paging,
      processId: Type.Array(Uuid),
      type: Type.Array(ProcessItemType),
      taskState: Type.Array(ProcessItemTaskState),
      processItemDefinitionCode: Type.Array(Type.String()),
      ...processDefinitionFilter,
      ...tenantFilter,
      deleted: DeletedQueryParam,
    },
    responses: { 200: answer(page('ProcessItemPage', ProcessItemPageItem), 'A page of process items') },
  },
  createProcessItem: {
    call: 'POST /process-items',
    summary: 'Create a process item, or return the existing one with the given id',
    body: json(ProcessItemCreateParams),
    responses: { 200: answer(ProcessItem, 'It already existed'), 201: answer(ProcessItem, 'Created') },
  },
  retrieveProcessItem: {
    call: 'GET /process-items/{id}',
    summary: 'Read a process item',
    responses: item,
  },
  retrieveProcessItemAiAssistance: {
    call: 'GET /process-items/{id}/~actions/ai-assistance',
    summary: 'Read the current run of AI assistance',
    responses: { 200: answer(ProcessItemAiAssistance, 'The current run') },
  },
  generateProcessItemAiAssistance: {
    call: 'POST /process-items/{id}/~actions/ai-assistance',
    summary: 'Start a run of AI assistance, or read the existing run with the given request id',
    body: json(model('ProcessItemAiAssistanceGenerateParams', { requestId: Uuid })),
    responses: {
      200: answer(ProcessItemAiAssistance, 'The existing run with this request id'),
      202: answer(ProcessItemAiAssistance, 'A new run was accepted'),
    },
  },
  claimProcessItemTask: {
    call: 'POST /process-items/{id}/task/~actions/claim',
    summary: 'Claim a ready task for the calling principal',
    responses: item,
  },
  assignProcessItemTask: {
    call: 'POST /process-items/{id}/task/~actions/assign',
    summary: 'Assign a task to a principal, by id or by email',
    body: json(
      model('ProcessItemTaskAssignParams', { ownerId: Type.Optional(Uuid), ownerEmail: Type.Optional(Email) }),
    ),
    responses: item,
  },
  completeProcessItemTask: {
    call: 'POST /process-items/{id}/task/~actions/complete',
    summary: 'Complete a task that the calling principal has claimed',
    responses: item,
  },
  appendProcessItemTaskLog: {
    call: 'POST /process-items/{id}/task/~actions/append-log',
    summary: 'Append a log entry; the oldest entry is removed when there are too many',
    body: json(model('ProcessItemTaskAppendLogParams', { message: Type.String(), level: ProcessItemTaskLogLevel })),
    responses: item,
  },
  updateProcessItemTaskData: {
    call: 'PUT /process-items/{id}/task/data',
    summary: 'Replace the data of a task; invalid values are saved and marked as such',
    body: json(model('ProcessItemTaskDataUpdateParams', { data: JsonValue })),
    responses: item,
  },
  patchProcessItemTaskData: {
    call: 'PATCH /process-items/{id}/task/data',
    summary: 'Change the data of a task by JSON Patch',
    body: jsonPatchBody,
    responses: item,
  },
  updateProcessItemTaskContextData: {
    call: 'PUT /process-items/{id}/task/context-data',
    summary: 'Replace the context data of a task',
    body: json(model('ProcessItemTaskContextDataUpdateParams', { data: JsonValue })),
    responses: item,
  },
  downloadProcessItemTaskDataWebformsAsDocument: {
    call: 'GET /process-items/{id}/task/data/~actions/download-webforms-as-document',
    summary: 'Download a form as PDF, or as ZIP of PDFs when the element is multiple',
    query: { propertyPath: Type.String() },
    requiredQuery: ['propertyPath'],
    responses: {
      200: { description: 'The bytes of the document', media: ['application/pdf', 'application/zip'], schema: Bytes },
    },
  },
});
