import { Type, type Static, type TObject, type TProperties, type TSchema, type TUnsafe } from '@sinclair/typebox';

export type MediaType =
  | 'application/json'
  | 'application/json-patch+json'
  | 'application/octet-stream'
  | 'application/pdf'
  | 'application/zip'
  | 'text/event-stream';

/** An object schema that becomes the component `name`. */
export function model<const Properties extends TProperties>(
  name: string,
  properties: Properties,
  options: Readonly<Record<string, unknown>> = {},
): TObject<Properties> {
  return Type.Object(properties, { $id: name, ...options });
}

/** A string enumeration that becomes the component `name`. */
export function enumeration<const Values extends readonly string[]>(
  name: string,
  values: Values,
): TUnsafe<Values[number]> {
  return Type.Unsafe<Values[number]>({ $id: name, type: 'string', enum: [...values] });
}

export const Uuid = Type.String({ format: 'uuid' });
export const DateTime = Type.String({ format: 'date-time' });
export const Email = Type.String({ format: 'email' });
/** An object with keys of the customer's process; never closed. */
export const AnyObject = Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true });
export const Bytes = Type.Unsafe<Uint8Array>({ type: 'string', format: 'binary' });

/** Fields of KuFlow's AbstractAudited, spread into each audited resource. */
export const audited = {
  createdBy: Type.Optional(Uuid),
  createdAt: Type.Optional(DateTime),
  lastModifiedBy: Type.Optional(Uuid),
  lastModifiedAt: Type.Optional(DateTime),
} as const;

/** Fields of AbstractDeleted in newer SDKs: those of an audited resource, and two that only a deleted one has. */
export const deletable = { ...audited, deletedBy: Type.Optional(Uuid), deletedAt: Type.Optional(DateTime) } as const;

/** Which resources a search returns: those that are not deleted (the default), all, or only deleted ones. From newer SDKs. */
export const DeletedQueryParam = enumeration('DeletedQueryParam', ['EXCLUDE', 'INCLUDE', 'ONLY']);

export const PageMetadata = model('PageMetadata', {
  size: Type.Integer({ minimum: 0 }),
  page: Type.Integer({ minimum: 0 }),
  totalElements: Type.Integer({ format: 'int64' }),
  totalPages: Type.Integer(),
});

export function page<Item extends TSchema>(name: string, item: Item) {
  return Type.Object({ metadata: PageMetadata, content: Type.Array(item) }, { $id: name });
}

export const JsonValue = model('JsonValue', {
  valid: Type.Optional(Type.Boolean({ readOnly: true })),
  value: AnyObject,
  errors: Type.Optional(
    Type.Array(
      model('JsonValueError', { propertyPath: Type.Optional(Type.String()), type: Type.Optional(Type.String()) }),
      { readOnly: true },
    ),
  ),
});
export type JsonValue = Static<typeof JsonValue>;

export const JsonPatchOperation = model('JsonPatchOperation', {
  op: enumeration('JsonPatchOperationType', ['add', 'remove', 'replace', 'move', 'copy', 'test']),
  from: Type.Optional(Type.String()),
  path: Type.String(),
  value: Type.Optional(Type.Unknown()),
});

/** RFC 6902; the pointers address the `value` of the patched JsonValue. */
export const JsonPatch = Type.Array(JsonPatchOperation, { $id: 'JsonPatch', minItems: 1 });
export type JsonPatch = Static<typeof JsonPatch>;

/** The body of every answer whose status the operation does not list. */
export const DefaultError = model('DefaultError', {
  timestamp: DateTime,
  status: Type.Integer(),
  message: Type.String(),
  errors: Type.Optional(
    Type.Array(
      model('DefaultErrorInfo', {
        code: Type.String(),
        message: Type.String(),
        location: Type.Optional(Type.String()),
        locationType: Type.Optional(Type.String()),
      }),
    ),
  ),
});
export type DefaultError = Static<typeof DefaultError>;

export const DocumentReference = model('DocumentReference', { documentUri: Type.String() });
export type DocumentReference = Static<typeof DocumentReference>;

export const paging = {
  size: Type.Integer({ default: 25, minimum: 0, maximum: 1000 }),
  page: Type.Integer({ default: 0, minimum: 0 }),
  sort: Type.Array(Type.String()),
} as const;

export const tenantFilter = { tenantId: Type.Array(Uuid) } as const;
export const groupFilter = { groupId: Type.Array(Uuid), groupCode: Type.Array(Type.String()) } as const;
export const processDefinitionFilter = {
  processDefinitionId: Type.Array(Uuid),
  processDefinitionCode: Type.Array(Type.String()),
} as const;

/** `fieldCode operation value…`, each token percent-encoded before it is joined by spaces. */
export const FilterExpression = Type.String({ pattern: '^\\S+ (eq|le|ge|between|contains|in) \\S+( \\S+)*$' });

export const fileQuery = { fileContentType: Type.String(), fileName: Type.String() } as const;

export const json = <Schema extends TSchema>(schema: Schema) =>
  ({ media: 'application/json', schema, required: true }) as const;

export const jsonPatchBody = { media: 'application/json-patch+json', schema: JsonPatch, required: true } as const;
export const bytesBody = { media: 'application/octet-stream', schema: Bytes, required: true } as const;

export const answer = <Schema extends TSchema>(schema: Schema, description: string) =>
  ({ description, schema }) as const;

export const bytesAnswer = {
  description: 'The bytes of the document',
  media: ['application/octet-stream'],
  schema: Bytes,
} as const;

/** What the operations have in common that store a file. */
export const fileUpload = {
  query: fileQuery,
  requiredQuery: ['fileContentType', 'fileName'],
  body: bytesBody,
} as const;

/** What the operations have in common that return a file by its reference. */
export const fileDownload = {
  query: { documentUri: Type.String() },
  requiredQuery: ['documentUri'],
  responses: { 200: bytesAnswer },
} as const;
