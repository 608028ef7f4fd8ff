import { diffIndices } from 'node-diff3';

export function toLf(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

/**
 * `text`, whose lines end in `\n`, with the line endings of `mine`: each line that is there keeps its own, and all others end as most lines of
 * `mine` do.
 */
export function withLineEndingsOf(mine: string, text: string): string {
  const endings = [...mine.matchAll(/\r?\n/g)].map(([ending]) => ending);
  const crlfs = endings.filter((ending) => ending === '\r\n').length;
  if (crlfs === 0) return text;
  const most = crlfs * 2 > endings.length ? '\r\n' : '\n';
  if (crlfs === endings.length) return text.replaceAll('\n', most);
  const [own, lines] = [toLf(mine).split('\n'), text.split('\n')];
  const kept = new Map<number, string | undefined>();
  let [at, ownAt] = [0, 0];
  const keepUntil = (end: number): void => {
    while (at < end) kept.set(at++, endings[ownAt++]);
  };
  for (const { buffer1, buffer2 } of diffIndices(own, lines)) {
    keepUntil(buffer2[0]);
    [at, ownAt] = [buffer2[0] + buffer2[1], buffer1[0] + buffer1[1]];
  }
  keepUntil(lines.length);
  return lines.map((line, index) => line + (index === lines.length - 1 ? '' : (kept.get(index) ?? most))).join('');
}
