import { Type } from '@sinclair/typebox';
import { DocumentReference, answer, bytesBody, fileDownload, fileQuery } from './common.ts';
import { resource } from './operation.ts';

/** One pair of operations for every kind of owner. The newest SDKs use it instead of the pairs of processes and business artifacts. */
export const documentOperations = resource('document', {
  uploadDocument: {
    call: 'POST /documents/~actions/upload',
    summary: 'Upload a document for the resource `targetUri`: ku:process/{id} or ku:business-artifact/{id}',
    query: { targetUri: Type.String(), ...fileQuery },
    requiredQuery: ['targetUri', 'fileContentType', 'fileName'],
    body: bytesBody,
    responses: { 200: answer(DocumentReference, 'The location of the document') },
  },
  downloadDocument: {
    call: 'GET /documents/~actions/download',
    summary: 'Download a document by its kuflow-file: reference or its ku: uri',
    ...fileDownload,
  },
});
