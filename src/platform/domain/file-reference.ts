import { formatReference, parseReference } from '../../schema/references.ts';

/** The fields of a `kuflow-file:` string. */
export interface FileReference {
  readonly uri: string;
  readonly type: string;
  readonly size: number;
  readonly name: string;
}

export function formatFileReference({ uri, type, size, name }: FileReference): string {
  return formatReference('file', { uri, type, size: String(size), name });
}

/** The `ku:` URI in a `kuflow-file:` reference, or `text` itself if it is a `ku:` URI; otherwise undefined. */
export function parseDocumentUri(text: string): string | undefined {
  if (text.startsWith('ku:')) return text;
  const reference = parseReference(text);
  return reference?.kind === 'file' ? reference.fields['uri'] : undefined;
}
