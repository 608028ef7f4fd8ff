import { isAcceptedType, type DocumentType } from './document-type.ts';
import {
  isComplete,
  parseReference,
  REFERENCE_KINDS,
  type Reference,
  type ReferenceKind,
} from './kuflow-references.ts';

export type KuFlowFormat = 'kuflow-file' | 'kuflow-principal' | 'kuflow-group';

interface FormatFacts {
  /** What a value refers to. */
  readonly kind: ReferenceKind & ('file' | 'principal' | 'group');
  /** The type of its values in generated code. */
  readonly type: string;
  /** What to do in a form about a missing and about an incomplete value. */
  readonly missing: string;
  readonly incomplete: string;
}

/** KuFlow's formats of text in JSON Schema: `kuflow-KIND:key=value;…`. */
export const KUFLOW_FORMATS: Readonly<Record<KuFlowFormat, FormatFacts>> = {
  'kuflow-file': {
    kind: 'file',
    type: 'KuFlowFile',
    missing: 'Add a file',
    incomplete: 'Remove this file and add it again: it is not a complete reference to a document',
  },
  'kuflow-principal': {
    kind: 'principal',
    type: 'KuFlowPrincipal',
    missing: 'Choose one of the options',
    incomplete: 'Choose a user: this is not a complete reference to a principal',
  },
  'kuflow-group': {
    kind: 'group',
    type: 'KuFlowGroup',
    missing: 'Choose one of the options',
    incomplete: 'Choose a group: this is not a complete reference to a group',
  },
};

/** The types in generated code of values that refer to something in KuFlow. */
export const REFERENCE_TYPES: readonly string[] = Object.values(KUFLOW_FORMATS).map(({ type }) => type);

export const isKuFlowFormat = (format: unknown): format is KuFlowFormat =>
  typeof format === 'string' && Object.hasOwn(KUFLOW_FORMATS, format);

export const kuFlowFormat = (format: unknown): FormatFacts | undefined =>
  isKuFlowFormat(format) ? KUFLOW_FORMATS[format] : undefined;

export interface ReferencedResources {
  findDocument(uri: string): SizedDocument | undefined;
  hasPrincipal(id: string): boolean;
  hasGroup(id: string): boolean;
}

type SizedDocument = DocumentType & { readonly size: number };

/** The checks of KuFlow's formats, and of its keywords `accept` and `maxSize` (bytes) for documents. */
export interface ReferenceChecks {
  readonly formats: Readonly<Record<string, (text: string) => boolean>>;
  readonly keywords: Readonly<Record<string, (limit: unknown, text: string) => boolean>>;
}

/** Without `resources`, everything exists, and documents are as their references describe them. */
export function referenceChecks(resources?: ReferencedResources): ReferenceChecks {
  const checkOf = (kind: ReferenceKind) => (text: string) => {
    const reference = parseReference(text);
    return reference?.kind === kind && isComplete(reference) && exists(reference, resources);
  };
  const documentCheck =
    (check: (limit: unknown, document: SizedDocument) => boolean) =>
    (limit: unknown, text: string): boolean => {
      const document = referencedDocument(text, resources);
      return document === undefined || check(limit, document);
    };
  return {
    formats: Object.fromEntries(REFERENCE_KINDS.map((kind) => [`kuflow-${kind}`, checkOf(kind)])),
    keywords: {
      accept: documentCheck(isAcceptedType),
      maxSize: documentCheck((limit, { size }) => typeof limit !== 'number' || size <= limit),
    },
  };
}

/** References of a kind that the local platform does not have are accepted. */
function exists({ kind, fields }: Reference, resources: ReferencedResources | undefined): boolean {
  if (resources === undefined) return true;
  if (kind === 'file') return resources.findDocument(fields['uri'] ?? '') !== undefined;
  const id = (fields['id'] ?? '').toLowerCase();
  if (kind === 'principal') return resources.hasPrincipal(id);
  return kind === 'group' ? resources.hasGroup(id) : true;
}

/** Undefined if the text is not a reference to a document. */
function referencedDocument(text: string, resources: ReferencedResources | undefined): SizedDocument | undefined {
  const reference = parseReference(text);
  if (reference?.kind !== 'file' || !isComplete(reference)) return undefined;
  const { uri = '', type = '', name = '', size } = reference.fields;
  return resources === undefined ? { type, name, size: Number(size) } : resources.findDocument(uri);
}
