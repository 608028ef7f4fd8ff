import type { Json } from '../../base/json.ts';
import { percentDecode } from '../../base/percent-decode.ts';

/** The fields of a `kuflow-file:` string. */
export interface FileReference {
  readonly uri: string;
  readonly type: string;
  readonly size: number;
  readonly name: string;
}

const PREFIX = 'kuflow-file:';

// Readable by the parsers of all SDKs: no raw `;` or `=` (JS splits on each, Python rejects a second), no `+` (Java
// reads a space).
const encode = (value: string): string => encodeURIComponent(value).replaceAll('%3A', ':').replaceAll('%2F', '/');

/** `kuflow-file:uri=…;type=…;size=…;name=…;` with percent-encoded values and a final `;`. */
export function formatFileReference(file: FileReference): string {
  return `${PREFIX}uri=${encode(file.uri)};type=${encode(file.type)};size=${file.size};name=${encode(file.name)};`;
}

/** The `ku:` URI in a `kuflow-file:` reference, or `text` itself if it is a `ku:` URI; otherwise undefined. */
export function parseDocumentUri(text: string): string | undefined {
  if (text.startsWith('ku:')) return text;
  if (!text.startsWith(PREFIX)) return undefined;
  for (const pair of text.slice(PREFIX.length).split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim().toLowerCase() === 'uri') return percentDecode(pair.slice(at + 1));
  }
  return undefined;
}

/** Copies `value`, with `change` applied to every `kuflow-file:` string. */
export function mapFileReferences<T extends Json>(value: T, change: (reference: string) => string): T {
  const walk = (part: Json): Json => {
    if (typeof part === 'string') return part.startsWith(PREFIX) ? change(part) : part;
    if (part === null || typeof part !== 'object') return part;
    if (Array.isArray(part)) return (part as readonly Json[]).map(walk);
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, walk(inner)]));
  };
  return walk(value) as T;
}
