// Asciicast v2: one line of JSON with the size of the terminal, then one line for each piece of output.
// https://docs.asciinema.org/manual/asciicast/v2/
import { openEmulator } from '../terminal-session.mjs';

/** @typedef {{ readonly at: number, readonly text: string }} Output seconds since the beginning, and what was written */
/** @typedef {{ readonly columns: number, readonly rows: number, readonly title: string, readonly outputs: readonly Output[] }} Cast */

// A spinner shows the same after two seconds as after twenty.
const LONGEST_TURNING_S = 2.4;

/** @param {Cast} cast */
export function writeCast({ columns, rows, title, outputs }) {
  const header = { version: 2, width: columns, height: rows, title, env: { TERM: 'xterm-256color' } };
  const events = outputs.map(({ at, text }) => JSON.stringify([Number(at.toFixed(3)), 'o', text]));
  return `${[JSON.stringify(header), ...events].join('\n')}\n`;
}

/**
 * Reads an asciicast of version 2. Throws an Error that names the first invalid line.
 * @param {string} text
 * @returns {Cast}
 */
export function readCast(text) {
  const [first = '', ...rest] = text.trimEnd().split('\n');
  const header = JSON.parse(first);
  if (header.version !== 2 || !Number.isInteger(header.width) || !Number.isInteger(header.height)) {
    throw new Error('The first line is not a header of an asciicast of version 2');
  }
  let before = 0;
  const outputs = rest.map((line, index) => {
    const event = JSON.parse(line);
    const [at, kind, data] = Array.isArray(event) ? event : [];
    if (typeof at !== 'number' || at < before || kind !== 'o' || typeof data !== 'string') {
      throw new Error(`Line ${index + 2} is not an output that follows the line before it`);
    }
    before = at;
    return { at, text: data };
  });
  return { columns: header.width, rows: header.height, title: header.title ?? '', outputs };
}

/**
 * Shortens stretches in which only one row is redrawn, as a spinner does.
 * @param {Cast} cast
 * @returns {Promise<Cast>}
 */
export async function shortenTurning(cast) {
  const rows = [];
  const screen = openEmulator(cast);
  let before = [];
  for (const { text } of cast.outputs) {
    await screen.write(text);
    const { active } = screen.emulator.buffer;
    const now = Array.from({ length: active.length }, (_, y) => active.getLine(y)?.translateToString() ?? '');
    const changed = now.flatMap((line, y) => (line === before[y] ? [] : [y]));
    rows.push(changed.length === 1 ? changed[0] : undefined);
    before = now;
  }
  const outputs = [];
  let spent = 0;
  for (let start = 0; start < cast.outputs.length;) {
    let end = start;
    while (rows[start] !== undefined && rows[end + 1] === rows[start]) end++;
    const origin = cast.outputs[start].at;
    const length = cast.outputs[end].at - origin;
    const scale = length > LONGEST_TURNING_S ? LONGEST_TURNING_S / length : 1;
    for (let index = start; index <= end; index++) {
      const { at, text } = cast.outputs[index];
      outputs.push({ at: origin - spent + (at - origin) * scale, text });
    }
    spent += length * (1 - scale);
    start = end + 1;
  }
  return { ...cast, outputs };
}

// The path of a URL (https://host/path) is not a path of this machine.
const ABSOLUTE = /(?<![\w.:/~-])(?:\/(?:[\w.@-]+\/)+[\w.@-]*|[A-Z]:\\[^\s"']*)/g;

/**
 * What a recording reveals about the machine: absolute paths and the given words.
 * @param {Cast} cast
 * @param {readonly string[]} words
 * @returns {string[]}
 */
export function tracesOf(cast, words = []) {
  // Escape sequences may split a path in the output, but not on the screen.
  const text = cast.outputs
    .map((output) => output.text)
    .join('')
    .replace(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, '');
  return [
    ...new Set([...(text.match(ABSOLUTE) ?? []), ...words.filter((word) => word.length > 3 && text.includes(word))]),
  ];
}
