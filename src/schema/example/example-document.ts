import { acceptedTypes, extensionOf, mediaTypeOf, type DocumentType } from '../document-type.ts';

const DEFAULT_TYPE = 'application/pdf';
const ANY_OF: Readonly<Record<string, string>> = { 'image/*': 'image/png', 'text/*': 'text/plain' };

// One empty page. Readers rebuild the missing cross-reference table.
const PDF = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj
trailer<</Root 1 0 R>>
%%EOF
`;
// One transparent pixel.
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const CONTENTS: Readonly<Record<string, Buffer>> = {
  'application/pdf': Buffer.from(PDF),
  'image/png': Buffer.from(PNG, 'base64'),
  'application/json': Buffer.from('{}\n'),
};
const OTHER_CONTENT = Buffer.from('Example document\n');

export interface SampleDocument extends DocumentType {
  readonly bytes: Buffer;
}

/** A small document that satisfies the keywords `accept` and `maxSize` (bytes) of a schema. */
export function sampleDocument({ accept, maxSize }: Readonly<Record<string, unknown>>): SampleDocument {
  const [first = DEFAULT_TYPE] = acceptedTypes(accept);
  const { type, name } = documentType(first);
  const content = CONTENTS[type] ?? OTHER_CONTENT;
  return { type, name, bytes: typeof maxSize === 'number' ? content.subarray(0, Math.max(1, maxSize)) : content };
}

function documentType(accepted: string): DocumentType {
  if (accepted === '*' || accepted === '*/*') return documentType(DEFAULT_TYPE);
  if (!accepted.includes('/')) {
    const name = `example.${accepted.replace(/^\*?\./, '')}`;
    return { type: mediaTypeOf(name), name };
  }
  const type = ANY_OF[accepted] ?? accepted.replace('*', 'example');
  const extension = extensionOf(type);
  return { type, name: extension === undefined ? 'example' : `example.${extension}` };
}
