import { oneLine } from './escape.ts';

const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\p{Cf}\p{Cs}\p{Co}]/gu;

function visibleLine(text: string, limit: number): string {
  return oneLine(text, limit).replace(CONTROLS, '\ufffd');
}

/** Escapes a text for one line of Markdown or a table cell, so that it never becomes markup, HTML or a link. */
export function mdText(text: string, limit = 300): string {
  return visibleLine(text, limit)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/[\\`*_{}[\]()#+\-.!|~>$:@=]/g, (mark, at: number, whole: string) =>
      isMarkup(mark, at, whole) ? `\\${mark}` : mark,
    );
}

/** Formats a text as inline code for Markdown, also in table cells. */
export function mdCode(text: string, limit = 300): string {
  const line = visibleLine(text, limit);
  if (line !== '' && !/[`|\\]/.test(line)) return `\`${line}\``;
  const entities = line.replace(/[^A-Za-z0-9 ]/gu, (character) => `&#${character.codePointAt(0) ?? 0};`);
  return `<code>${entities}</code>`;
}

/** Whether a mark needs escaping at this place. Some are markup only at the start of a line or in a link. */
function isMarkup(mark: string, at: number, whole: string): boolean {
  if ('-+#=>'.includes(mark)) return at === 0 || mark === '>';
  if (mark === '.' || mark === ')') return /^\d+$/.test(whole.slice(0, at)) || /www$/i.test(whole.slice(0, at));
  if (mark === '(') return false;
  if (mark === ':') return whole.startsWith('://', at);
  return mark !== '{' && mark !== '}';
}
