import { Type } from '@sinclair/typebox';
import {
  AnyObject,
  DeletedQueryParam,
  DocumentReference,
  FilterExpression,
  JsonValue,
  Uuid,
  answer,
  audited,
  deletable,
  enumeration,
  fileDownload,
  fileUpload,
  json,
  jsonPatchBody,
  model,
  page,
  paging,
  tenantFilter,
} from './common.ts';
import { resource } from './operation.ts';

export const BusinessArtifactDefinitionRef = model('BusinessArtifactDefinitionRef', { id: Uuid, code: Type.String() });

export const BusinessArtifactPageItem = model('BusinessArtifactPageItem', {
  ...deletable,
  id: Uuid,
  uri: Type.Optional(Type.String({ readOnly: true })),
  tenantId: Uuid,
  businessArtifactDefinitionRef: BusinessArtifactDefinitionRef,
});

export const BusinessArtifact = model('BusinessArtifact', {
  ...BusinessArtifactPageItem.properties,
  data: Type.Optional(JsonValue),
});

export const BusinessArtifactCreateParams = model(
  'BusinessArtifactCreateParams',
  {
    id: Type.Optional(Uuid),
    businessArtifactDefinitionId: Type.Optional(Uuid),
    tenantId: Type.Optional(Uuid),
    businessArtifactDefinitionCode: Type.Optional(Type.String()),
    data: Type.Optional(JsonValue),
  },
  {
    anyOf: [
      { required: ['businessArtifactDefinitionId'] },
      { required: ['tenantId', 'businessArtifactDefinitionCode'] },
    ],
  },
);

export const BusinessArtifactAction = model('BusinessArtifactAction', {
  ...audited,
  id: Uuid,
  type: enumeration('BusinessArtifactActionType', [
    'START_WORKFLOW',
    'START_PROCESS',
    'DOWNLOADABLE',
    'CREATE_BUSINESS_ARTIFACT',
  ]),
  // `CANCELED` has one L here, unlike process and task states.
  status: enumeration('BusinessArtifactActionStatus', ['REQUESTED', 'COMPLETED', 'CANCELED', 'ERROR']),
  businessArtifactActionDefinitionRef: model('BusinessArtifactActionDefinitionRef', { id: Uuid, code: Type.String() }),
  startWorkflow: Type.Optional(model('BusinessArtifactActionStartWorkflow', { input: Type.Optional(JsonValue) })),
  startProcess: Type.Optional(
    model('BusinessArtifactActionStartProcess', { processDefinitionId: Uuid, processId: Uuid }),
  ),
  downloadable: Type.Optional(
    model('BusinessArtifactActionDownloadable', {
      input: Type.Optional(JsonValue),
      documentUri: Type.Optional(Type.String()),
      documentExpired: Type.Optional(Type.Boolean()),
    }),
  ),
  createArtifact: Type.Optional(
    model('BusinessArtifactActionCreateArtifact', {
      businessArtifactDefinitionRef: BusinessArtifactDefinitionRef,
      businessArtifactId: Type.Optional(Uuid),
      value: Type.Optional(AnyObject),
    }),
  ),
});

export const BusinessArtifactActionCreateParams = model('BusinessArtifactActionCreateParams', {
  id: Type.Optional(Uuid),
  businessArtifactActionDefinitionCode: Type.String(),
  startWorkflow: Type.Optional(
    model('BusinessArtifactActionCreateParamsStartWorkflow', { input: Type.Optional(AnyObject) }),
  ),
  downloadable: Type.Optional(
    model('BusinessArtifactActionCreateParamsDownloadable', { input: Type.Optional(AnyObject) }),
  ),
  // entity comes from a newer revision of the document.
  startProcess: Type.Optional(
    model('BusinessArtifactActionCreateParamsStartProcess', {
      metadata: Type.Optional(AnyObject),
      entity: Type.Optional(AnyObject),
    }),
  ),
  createArtifact: Type.Optional(
    model('BusinessArtifactActionCreateParamsCreateArtifact', { value: Type.Optional(AnyObject) }),
  ),
});

const artifact = { 200: answer(BusinessArtifact, 'The business artifact') } as const;

export const businessArtifactOperations = resource('businessArtifact', {
  findBusinessArtifacts: {
    call: 'GET /business-artifacts',
    summary: 'List the business artifacts that the caller may see; sortable by id, createdAt, lastModifiedAt',
    query: {
      ...paging,
      ...tenantFilter,
      businessArtifactDefinitionId: Type.Array(Uuid),
      businessArtifactDefinitionCode: Type.Array(Type.String()),
      value: Type.Array(FilterExpression),
      deleted: DeletedQueryParam,
    },
    responses: { 200: answer(page('BusinessArtifactPage', BusinessArtifactPageItem), 'A page of business artifacts') },
  },
  createBusinessArtifact: {
    call: 'POST /business-artifacts',
    summary: 'Create a business artifact, or return the existing one with the given id',
    body: json(BusinessArtifactCreateParams),
    responses: { 200: answer(BusinessArtifact, 'It already existed'), 201: answer(BusinessArtifact, 'Created') },
  },
  retrieveBusinessArtifact: {
    call: 'GET /business-artifacts/{id}',
    summary: 'Read a business artifact',
    responses: artifact,
  },
  deleteBusinessArtifact: {
    call: 'DELETE /business-artifacts/{id}',
    summary: 'Delete a business artifact',
    responses: { 204: { description: 'Deleted' } },
  },
  restoreBusinessArtifact: {
    call: 'POST /business-artifacts/{id}/~actions/restore',
    summary: 'Restore a deleted business artifact; has no effect if it is not deleted',
    responses: artifact,
  },
  updateBusinessArtifactData: {
    call: 'PUT /business-artifacts/{id}/data',
    summary: 'Replace the data; invalid values are saved and marked as such',
    body: json(model('BusinessArtifactDataUpdateParams', { data: JsonValue })),
    responses: artifact,
  },
  patchBusinessArtifactData: {
    call: 'PATCH /business-artifacts/{id}/data',
    summary: 'Change the data by JSON Patch',
    body: jsonPatchBody,
    responses: artifact,
  },
  createBusinessArtifactAction: {
    call: 'POST /business-artifacts/{id}/actions',
    summary: 'Invoke an action of a business artifact, or return the existing one with the given id',
    body: json(BusinessArtifactActionCreateParams),
    responses: {
      200: answer(BusinessArtifactAction, 'It already existed'),
      201: answer(BusinessArtifactAction, 'Created'),
    },
  },
  retrieveBusinessArtifactAction: {
    call: 'GET /business-artifacts/{id}/actions/{actionId}',
    summary: 'Read an action of a business artifact',
    responses: { 200: answer(BusinessArtifactAction, 'The action') },
  },
  cancelBusinessArtifactAction: {
    call: 'POST /business-artifacts/{id}/actions/{actionId}/~actions/cancel',
    summary: 'Cancel a requested action; other actions stay unchanged',
    responses: { 200: answer(BusinessArtifactAction, 'The action') },
  },
  prepareBusinessArtifactCreateArtifact: {
    call: 'POST /business-artifacts/{id}/~actions/prepare-create-artifact',
    summary: 'Compute the prefilled value of an action that creates a business artifact; does not save anything',
    body: json(
      model('BusinessArtifactCreateArtifactPrepareParams', { businessArtifactActionDefinitionCode: Type.String() }),
    ),
    responses: {
      200: answer(
        model('BusinessArtifactCreateArtifactPrepare', {
          businessArtifactDefinitionRef: BusinessArtifactDefinitionRef,
          value: Type.Optional(AnyObject),
        }),
        'The prefilled value',
      ),
    },
  },
  // Known from newer SDK models only: neither the path nor the operation id was ever published.
  prepareBusinessArtifactStartProcess: {
    call: 'POST /business-artifacts/{id}/~actions/prepare-start-process',
    summary: 'Compute the prefilled metadata of an action that starts a process; does not save anything',
    body: json(
      model('BusinessArtifactStartProcessPrepareParams', { businessArtifactActionDefinitionCode: Type.String() }),
    ),
    responses: {
      200: answer(
        model('BusinessArtifactActionStartProcessPrepare', {
          processDefinitionId: Uuid,
          metadata: Type.Optional(AnyObject),
        }),
        'The prefilled metadata',
      ),
    },
  },
  uploadBusinessArtifactDocument: {
    call: 'POST /business-artifacts/{id}/~actions/upload-document',
    summary: 'Upload a document, to be linked by writing its uri into the data of the business artifact',
    ...fileUpload,
    responses: { 200: answer(DocumentReference, 'The location of the document') },
  },
  downloadBusinessArtifactDocument: {
    call: 'GET /business-artifacts/{id}/~actions/download-document',
    summary: 'Download a document of the business artifact',
    ...fileDownload,
  },
});
