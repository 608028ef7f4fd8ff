import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';

import { KnownError, messageOf } from '../../base/errors.ts';
import { pointerStep, type JsonObject } from '../../base/json.ts';
import type { DataShape } from '../../process/definition.ts';
import { isAcceptedType, type DocumentType } from '../../process/document-type.ts';
import { isComplete, parseReference, REFERENCE_KINDS, type Reference } from '../../process/references.ts';
import { createPatternTests, type PatternTests } from '../../process/json-schema/match-pattern.ts';

/** KuFlow's JsonValue, as the API returns it. */
export interface CheckedValue {
  readonly valid: boolean;
  readonly value: Record<string, unknown>;
  readonly errors?: { readonly propertyPath: string; readonly type: string }[];
}

export type ValueCheck = (value: JsonObject) => CheckedValue;

/** What references in values are looked up in. */
export interface ReferencedResources {
  findDocument(uri: string): (DocumentType & { readonly size: number }) | undefined;
  hasPrincipal(id: string): boolean;
  hasGroup(id: string): boolean;
}

export const acceptAnyValue: ValueCheck = (value) => ({ valid: true, value });

const OPTIONS: Options = {
  allErrors: true,
  verbose: true,
  strict: false,
  meta: false,
  validateSchema: false,
  logger: false,
};

/** Each schema needs its own instance, because the ids in one schema could clash with those in another. */
function createAjv(
  dialect: unknown,
  resources: ReferencedResources | undefined,
  { regExp }: PatternTests,
): Pick<Ajv, 'compile'> {
  const ajv = createAjvForDialect(typeof dialect === 'string' ? dialect : '', { ...OPTIONS, code: { regExp } });
  // Without the plugin's own keywords, such as formatMinimum: they are not part of JSON Schema, and it throws on those
  // it can't use.
  ajvFormats.default(ajv, { keywords: false });
  addReferences(ajv, resources);
  return ajv;
}

/** Adds KuFlow's formats for references, and its keywords `accept` and `maxSize` (bytes) for documents. */
function addReferences(ajv: Ajv | Ajv2019 | Ajv2020, resources: ReferencedResources | undefined): void {
  for (const kind of REFERENCE_KINDS) {
    ajv.addFormat(`kuflow-${kind}`, (text: string) => {
      const reference = parseReference(text);
      return reference?.kind === kind && isComplete(reference) && exists(reference, resources);
    });
  }
  const addDocumentKeyword = (
    keyword: string,
    check: (limit: unknown, document: DocumentType & { readonly size: number }) => boolean,
  ): void => {
    ajv.addKeyword({
      keyword,
      type: 'string',
      validate: (limit: unknown, text: string) => {
        const document = referencedDocument(text, resources);
        return document === undefined || check(limit, document);
      },
    });
  };
  addDocumentKeyword('accept', isAcceptedType);
  addDocumentKeyword('maxSize', (limit, { size }) => typeof limit !== 'number' || size <= limit);
}

/** References of a kind that the local platform does not have are accepted. */
function exists({ kind, fields }: Reference, resources: ReferencedResources | undefined): boolean {
  if (resources === undefined) return true;
  if (kind === 'file') return resources.findDocument(fields['uri'] ?? '') !== undefined;
  const id = (fields['id'] ?? '').toLowerCase();
  if (kind === 'principal') return resources.hasPrincipal(id);
  return kind === 'group' ? resources.hasGroup(id) : true;
}

/** The document as it is stored; without `resources`, as the reference describes it. Undefined if the text is not a reference to a document. */
function referencedDocument(
  text: string,
  resources: ReferencedResources | undefined,
): (DocumentType & { readonly size: number }) | undefined {
  const reference = parseReference(text);
  if (reference?.kind !== 'file' || !isComplete(reference)) return undefined;
  const { uri = '', type = '', name = '', size } = reference.fields;
  return resources === undefined ? { type, name, size: Number(size) } : resources.findDocument(uri);
}

function createAjvForDialect(dialect: string, options: Options): Ajv | Ajv2019 | Ajv2020 {
  if (dialect.includes('2020-12')) return new Ajv2020(options);
  return dialect.includes('2019-09') ? new Ajv2019(options) : new Ajv(options);
}

/** For a missing property, the path is that of the property and not that of its object. */
function toValueError(error: ErrorObject): { propertyPath: string; type: string } {
  const params = error.params as Record<string, unknown>;
  const missing =
    error.keyword === 'required'
      ? params['missingProperty']
      : error.keyword === 'additionalProperties'
        ? params['additionalProperty']
        : undefined;
  const name = typeof missing === 'string' ? pointerStep(missing) : '';
  return { propertyPath: `${error.instancePath}${name}`, type: isUnknownReference(error) ? 'notFound' : error.keyword };
}

function isUnknownReference({ keyword, schema, data }: ErrorObject): boolean {
  if (keyword !== 'format' || typeof data !== 'string') return false;
  const reference = parseReference(data);
  return reference !== undefined && `kuflow-${reference.kind}` === schema && isComplete(reference);
}

/**
 * Creates a check of values against a shape. Its `errors` have the path of the property (RFC 6901) and the JSON Schema
 * keyword as `type`, or `notFound` for a reference to something that is not in `resources`. Without `resources`,
 * everything exists. A text that a pattern can't be tested with in a fifth of a second does not match. Without a shape every object is valid. Throws KnownError, with `where` in its message, for an
 * invalid schema.
 */
export function createValueCheck(
  shape: DataShape | undefined,
  where: string,
  resources?: ReferencedResources,
): ValueCheck {
  if (shape === undefined) return acceptAnyValue;
  let validate: ValidateFunction;
  const patterns = createPatternTests();
  try {
    const { $schema: dialect, ...schema } = shape.schema;
    validate = createAjv(dialect, resources, patterns).compile(schema);
  } catch (error) {
    throw new KnownError({
      message: `The JSON Schema of ${where} can't be used: ${messageOf(error)}`,
      next: ['Fix it in kuflow.process.yaml'],
      status: 2,
      cause: error,
    });
  }
  return (value) => {
    patterns.begin();
    if (validate(value)) return { valid: true, value };
    return { valid: false, value, errors: (validate.errors ?? []).map(toValueError) };
  };
}
