import { matchLines } from '../../files/match-lines.ts';

export function toLf(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

/** `text`, whose lines end in `\n`, with the endings of the same lines in `mine`; new lines end as most lines of `mine` do. */
export function withLineEndingsOf(mine: string, text: string): string {
  const endings = [...mine.matchAll(/\r?\n/g)].map(([ending]) => ending);
  const crlfs = endings.filter((ending) => ending === '\r\n').length;
  if (crlfs === 0) return text;
  const most = crlfs * 2 > endings.length ? '\r\n' : '\n';
  if (crlfs === endings.length) return text.replaceAll('\n', most);
  const [own, lines] = [toLf(mine).split('\n'), text.split('\n')];
  const kept = matchLines(lines, own);
  return lines
    .map((line, at) => line + (at === lines.length - 1 ? '' : (endings[kept.get(at) ?? -1] ?? most)))
    .join('');
}
