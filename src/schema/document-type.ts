const EXTENSIONS: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  txt: 'text/plain',
  csv: 'text/csv',
  html: 'text/html',
  json: 'application/json',
  xml: 'application/xml',
  zip: 'application/zip',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

export interface DocumentType {
  /** Media type. */
  readonly type: string;
  readonly name: string;
}

/** The media type of a file by its extension; `application/octet-stream` if it is unknown. */
export function mediaTypeOf(name: string): string {
  const extension = extensionIn(name);
  return (Object.hasOwn(EXTENSIONS, extension) ? EXTENSIONS[extension] : undefined) ?? 'application/octet-stream';
}

/** In lower case and without the dot; empty for a name without one, such as `.profile` and `a.`. */
const extensionIn = (name: string): string => /[^/]\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';

/** The usual extension of a media type, without the dot. */
export function extensionOf(type: string): string | undefined {
  return Object.keys(EXTENSIONS).find((extension) => EXTENSIONS[extension] === type);
}

/** Media types, `image/*` and extensions in lower case, from a list or a text with commas as in HTML. Empty accepts everything. */
export function acceptedTypes(accept: unknown): readonly string[] {
  const texts = (Array.isArray(accept) ? (accept as unknown[]) : [accept]).filter((one) => typeof one === 'string');
  return texts
    .flatMap((text) => text.split(','))
    .map((text) => text.trim().toLowerCase())
    .filter((text) => text !== '');
}

export function isAcceptedType(accept: unknown, document: DocumentType): boolean {
  const accepted = acceptedTypes(accept);
  const type = document.type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return (
    accepted.length === 0 ||
    accepted.some((entry) => {
      if (entry === '*' || entry === '*/*') return true;
      if (entry.includes('/')) return entry.endsWith('/*') ? type.startsWith(entry.slice(0, -1)) : type === entry;
      const extension = entry.replace(/^\*?\./, '');
      return extensionIn(document.name) === extension || EXTENSIONS[extension] === type;
    })
  );
}
