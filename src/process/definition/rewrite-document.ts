import { parseDocument, type Document } from 'yaml';
import { splitTextFile } from '../../files/text-file.ts';

/** The text of a YAML document after a change of the parsed document, which keeps comments, line ends and order, but not every space. */
export function rewriteDocument(text: string, change: (document: Document.Parsed) => void): string {
  const { mark, text: content, lineEnd } = splitTextFile(text);
  // The library does not separate a carriage return from the comment before it.
  const document = parseDocument(content.replaceAll('\r\n', '\n'));
  change(document);
  return mark + document.toString({ lineWidth: 0 }).replaceAll('\n', lineEnd);
}
