import { readFile, writeFile } from 'node:fs/promises';

const START = '<!-- bench:start -->';
const END = '<!-- bench:end -->';

/** Formats rows `{ what, measured, target, met }` as a Markdown table; `met` is undefined where there is no target. */
export function markdown(rows, machine) {
  const lines = [
    '| What | Measured | Target | |',
    '| --- | --- | --- | --- |',
    ...rows.map(({ what, measured, target = '', met }) => `| ${what} | ${measured} | ${target} | ${mark(met)} |`),
    '',
    `${machine}. Medians of interleaved runs; the demo ran twice, one after the other.`,
  ];
  return lines.join('\n');
}

function mark(met) {
  if (met === undefined) return '';
  return met ? 'met' : 'missed';
}

/** Replaces the lines between the markers of a file, which must contain them. */
export async function writeBetweenMarkers(path, table) {
  const text = await readFile(path, 'utf8');
  const [start, end] = [text.indexOf(START), text.indexOf(END)];
  if (start === -1 || end < start) throw new Error(`${path} lacks the lines ${START} and ${END}`);
  await writeFile(path, `${text.slice(0, start + START.length)}\n\n${table}\n\n${text.slice(end)}`);
}
