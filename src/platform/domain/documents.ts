import type { Readable } from 'node:stream';
import type { JsonObject } from '../../base/json.ts';
import { uuid7 } from '../../base/uuid.ts';
import type { DocumentReference } from '../../kuflow/contract/common.ts';
import { findReferences, formatReference, mapReferences, parseReference } from '../../schema/kuflow-references.ts';
import { findDocumentByUri, DOCUMENTS, linkDocument, type DocumentRow } from '../store/documents.ts';
import { findActionsOfProcess } from '../store/process-actions.ts';
import type { ProcessRow } from '../store/processes.ts';
import { ApiError, badRequest, forbidden } from './api-error.ts';
import type { OperationContext } from './context.ts';
import { formatProcessUri, requireProcess } from './process-view.ts';

export interface Upload {
  readonly fileName: string;
  /** Media type. */
  readonly fileContentType: string;
  readonly bytes: Uint8Array;
}

export interface Download {
  readonly name: string;
  readonly size: number;
  readonly content: Readable;
}

/** The URI of an invoked action, which owns its document. */
export const formatActionUri = (actionId: string): string => `ku:process-action-value/${actionId}`;

function formatFileReference({ uri, type, size, name }: DocumentRow): string {
  return formatReference('file', { uri, type, size: String(size), name });
}

/** The `ku:` URI in a `kuflow-file:` reference, or `text` itself if it is a `ku:` URI; otherwise undefined. */
export function parseDocumentUri(text: string): string | undefined {
  if (text.startsWith('ku:')) return text;
  const reference = parseReference(text);
  return reference?.kind === 'file' ? reference.fields['uri'] : undefined;
}

/** Stores a document and returns a reference to it, in the current transaction. */
export function storeDocument(ctx: OperationContext, ownerUri: string, upload: Upload): string {
  if (upload.bytes.length === 0) throw badRequest('The file is empty');
  const created = newDocument(ctx, ownerUri);
  const { fileName: name, fileContentType: type } = upload;
  const document: DocumentRow = { ...created, contentId: created.id, name, type, size: upload.bytes.length };
  ctx.store.content.write(document.contentId, upload.bytes);
  DOCUMENTS.insert(ctx.store.sql, document);
  return formatFileReference(document);
}

function newDocument(ctx: OperationContext, ownerUri: string) {
  const id = uuid7(ctx.clock.now());
  const uri = `${ownerUri}/document/${id}`;
  return { id, uri, ownerUri, createdBy: ctx.principal.id, createdAt: ctx.store.now() };
}

/** Stores a document for a running process. It is linked once a value contains the returned reference. */
export function uploadProcessDocument(ctx: OperationContext, processId: string, upload: Upload): DocumentReference {
  const process = requireProcess(ctx, processId);
  if (process.state !== 'RUNNING') throw forbidden(`Process ${processId} is ${process.state}`);
  return { documentUri: ctx.store.transaction(() => storeDocument(ctx, formatProcessUri(processId), upload)) };
}

/** Like `uploadProcessDocument`, with the `ku:` URI of the owner. As in KuFlow, any other URI is a 404. */
export function uploadDocument(ctx: OperationContext, targetUri: string, upload: Upload): DocumentReference {
  const processId = /^ku:process\/([0-9a-fA-F-]{36})$/.exec(targetUri)?.[1];
  if (processId !== undefined) return uploadProcessDocument(ctx, processId.toLowerCase(), upload);
  throw new ApiError(404, 'targetUri does not name a resource that can own a document; expected ku:process/{id}');
}

/** `reference`: a `kuflow-file:` string or a `ku:` URI. With `processId`, only a document of that process is returned. */
export function downloadDocument(ctx: OperationContext, reference: string, processId?: string): Download {
  const uri = parseDocumentUri(reference);
  if (uri === undefined) throw new ApiError(404, 'documentUri is neither a kuflow-file: reference nor a ku: URI');
  if (processId !== undefined) requireProcess(ctx, processId);
  const document = findDocumentByUri(ctx.store.sql, uri);
  if (document === undefined || (processId !== undefined && !isOfProcess(ctx, document, processId))) {
    throw new ApiError(
      404,
      processId === undefined ? 'No document has this URI' : `Process ${processId} has no document with this URI`,
    );
  }
  return { name: document.name, size: document.size, content: ctx.store.content.read(document.contentId) };
}

/** Whether the document belongs to the process or to one of its actions. */
function isOfProcess({ store }: OperationContext, { ownerUri }: DocumentRow, processId: string): boolean {
  if (ownerUri === formatProcessUri(processId)) return true;
  return findActionsOfProcess(store.sql, processId).some(({ id }) => ownerUri === formatActionUri(id));
}

/** Copies a document of the process for the action, unless the action has it already. Returns the reference; undefined if the process does not have the document. */
export function adoptDocument(ctx: OperationContext, reference: string, processId: string, actionId: string) {
  const uri = parseDocumentUri(reference);
  const original = uri === undefined ? undefined : findDocumentByUri(ctx.store.sql, uri);
  if (original === undefined || !isOfProcess(ctx, original, processId)) return undefined;
  const ownerUri = formatActionUri(actionId);
  return original.ownerUri === ownerUri
    ? formatFileReference(original)
    : copyDocument(ctx, original, ownerUri, ownerUri);
}

function copyDocument(ctx: OperationContext, original: DocumentRow, ownerUri: string, linkedTo: string): string {
  const copy: DocumentRow = { ...original, ...newDocument(ctx, ownerUri), linkedTo };
  DOCUMENTS.insert(ctx.store.sql, copy);
  return formatFileReference(copy);
}

/** Links every document that `value` references to `owner` (a `ku:` URI), in the current transaction. */
export function linkDocuments(ctx: OperationContext, value: JsonObject, owner: string): void {
  for (const reference of findReferences(value, ['file'])) {
    const uri = parseDocumentUri(reference);
    if (uri !== undefined) linkDocument(ctx.store.sql, uri, owner);
  }
}

/** The value for a new process item, in which each referenced document is a copy that the item owns. */
export function copyDocuments(ctx: OperationContext, value: JsonObject, process: ProcessRow, owner: string) {
  return mapReferences(value, ['file'], (reference) => {
    const uri = parseDocumentUri(reference);
    const original = uri === undefined ? undefined : findDocumentByUri(ctx.store.sql, uri);
    return original === undefined ? reference : copyDocument(ctx, original, formatProcessUri(process.id), owner);
  });
}
