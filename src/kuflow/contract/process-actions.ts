import { Type, type Static } from '@sinclair/typebox';
import { AnyObject, JsonValue, Uuid, answer, audited, enumeration, fileUpload, json, model } from './common.ts';
import { resource } from './operation.ts';

export const ProcessAction = model('ProcessAction', {
  ...audited,
  id: Uuid,
  type: enumeration('ProcessActionType', [
    'DOWNLOADABLE',
    'START_RELATED_PROCESS',
    'START_WORKFLOW',
    'CREATE_TASK',
    'CREATE_PROCESS_ITEM_MESSAGE',
    'CREATE_PROCESS_ITEM_THREAD',
    'SEND_WORKFLOW_SIGNAL',
  ]),
  status: enumeration('ProcessActionStatus', ['REQUESTED', 'COMPLETED', 'CANCELED', 'ERROR']),
  // `id` is absent when the definition was removed.
  processActionDefinitionRef: model('ProcessActionDefinitionRef', { id: Type.Optional(Uuid), code: Type.String() }),
  downloadable: Type.Optional(
    model('ProcessActionDownloadable', {
      documentUri: Type.Optional(Type.String()),
      documentExpired: Type.Optional(Type.Boolean()),
    }),
  ),
  startRelatedProcess: Type.Optional(
    model('ProcessActionStartRelatedProcess', { processDefinitionId: Uuid, processId: Uuid }),
  ),
  createTask: Type.Optional(model('ProcessActionCreateTask', { processItemId: Type.Optional(Uuid) })),
  createProcessItemMessage: Type.Optional(
    model('ProcessActionCreateProcessItemMessage', { processItemId: Type.Optional(Uuid) }),
  ),
  createProcessItemThread: Type.Optional(
    model('ProcessActionCreateProcessItemThread', { processItemId: Type.Optional(Uuid) }),
  ),
  sendWorkflowSignal: Type.Optional(
    model('ProcessActionSendWorkflowSignal', {
      signalName: Type.Optional(Type.String()),
      input: Type.Optional(JsonValue),
    }),
  ),
});
export type ProcessAction = Static<typeof ProcessAction>;

export const ProcessActionCreateParams = model('ProcessActionCreateParams', {
  id: Type.Optional(Uuid),
  processActionDefinitionCode: Type.String(),
  createTask: Type.Optional(model('ProcessActionCreateParamsCreateTask', { processItemThreadId: Type.Optional(Uuid) })),
  createProcessItemMessage: Type.Optional(
    model('ProcessActionCreateParamsCreateProcessItemMessage', {
      text: Type.String(),
      processItemThreadId: Type.Optional(Uuid),
    }),
  ),
  startRelatedProcess: Type.Optional(
    model('ProcessActionCreateParamsStartRelatedProcess', {
      metadata: Type.Optional(AnyObject),
      entity: Type.Optional(AnyObject),
    }),
  ),
  // From newer SDKs.
  sendWorkflowSignal: Type.Optional(
    model('ProcessActionCreateParamsSendWorkflowSignal', { input: Type.Optional(AnyObject) }),
  ),
});

export type ProcessActionCreateParams = Static<typeof ProcessActionCreateParams>;

/** From a newer revision of the document; older SDKs don't call them. */
export const processActionOperations = resource('process', {
  createProcessAction: {
    call: 'POST /processes/{id}/actions',
    summary: 'Invoke an action of a process, or return the existing one with the given id',
    body: json(ProcessActionCreateParams),
    responses: { 200: answer(ProcessAction, 'It already existed'), 201: answer(ProcessAction, 'Created') },
  },
  retrieveProcessAction: {
    call: 'GET /processes/{id}/actions/{actionId}',
    summary: 'Read an action of a process',
    responses: { 200: answer(ProcessAction, 'The action') },
  },
  cancelProcessAction: {
    call: 'POST /processes/{id}/actions/{actionId}/~actions/cancel',
    summary: 'Cancel a requested action; other actions stay unchanged',
    responses: { 200: answer(ProcessAction, 'The action') },
  },
  uploadProcessActionDocument: {
    call: 'POST /processes/{id}/actions/{actionId}/~actions/upload-document',
    summary: 'Upload the document of a requested downloadable action, which completes it',
    ...fileUpload,
    responses: { 200: answer(ProcessAction, 'The action') },
  },
});
