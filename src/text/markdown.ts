import { oneLine } from './one-line.ts';

const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\p{Cf}\p{Cs}\p{Co}]/gu;

function visibleLine(text: string, limit: number): string {
  return oneLine(text, limit).replace(CONTROLS, '\ufffd');
}

/** A text as plain words within one line of Markdown, table cells included: no markup, HTML or link comes of it. */
export function mdText(text: string, limit = 300): string {
  return visibleLine(text, limit)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/[\\`*_{}[\]()#+\-.!|~>$:@=]/g, (mark, at: number, whole: string) =>
      isMarkup(mark, at, whole) ? `\\${mark}` : mark,
    );
}

/** A text as inline code, table cells included. */
export function mdCode(text: string, limit = 300): string {
  const line = visibleLine(text, limit);
  if (line !== '' && !/[`|\\]/.test(line)) return `\`${line}\``;
  const entities = line.replace(/[^A-Za-z0-9 ]/gu, (character) => `&#${character.codePointAt(0) ?? 0};`);
  return `<code>${entities}</code>`;
}

/** Marks that mean something only at the start of a line, or that a reader would see escaped in every sentence, stay bare elsewhere. */
function isMarkup(mark: string, at: number, whole: string): boolean {
  if ('-+#=>'.includes(mark)) return at === 0 || mark === '>';
  if (mark === '.' || mark === ')') return /^\d+$/.test(whole.slice(0, at)) || /www$/i.test(whole.slice(0, at));
  if (mark === '(') return false;
  if (mark === ':') return whole.startsWith('://', at);
  return mark !== '{' && mark !== '}';
}
