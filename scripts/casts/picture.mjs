// Draws a cast as an SVG animated with CSS only: sharp at any size, and a still of the last screen where reduced motion is preferred.
import { openEmulator } from '../terminal-session.mjs';

const CELL = { width: 8.4, height: 18, baseline: 13.5 };
const MARGIN = { side: 16, top: 40, bottom: 14 };
const FRAME_S = 0.1;
const LAST_SCREEN_S = 6;
// The window has its own colors, readable on light and dark pages.
const COLOURS = {
  background: '#0d1117',
  border: '#3d444d',
  text: '#e6edf3',
  palette: [
    ...['#484f58', '#ff7b72', '#3fb950', '#d29922', '#58a6ff', '#bc8cff', '#39c5cf', '#b1bac4'],
    ...['#6e7681', '#ffa198', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#ffffff'],
  ],
};

/**
 * @param {import('./cast-file.mjs').Cast} cast
 * @returns {Promise<string>} the SVG
 */
export async function drawCast(cast) {
  const frames = await framesOf(cast);
  const end = (frames.at(-1)?.at ?? 0) + LAST_SCREEN_S;
  const shapes = new Map();
  const uses = new Map();
  frames.forEach(({ at, parts }, index) => {
    const until = frames[index + 1]?.at ?? end;
    for (const { y, drawing } of parts) {
      if (!shapes.has(drawing)) shapes.set(drawing, `s${shapes.size.toString(36)}`);
      const key = `${shapes.get(drawing)} ${y}`;
      const spans = uses.get(key) ?? [];
      const last = spans.at(-1);
      if (last?.until === at) last.until = until;
      else spans.push({ from: at, until });
      uses.set(key, spans);
    }
  });

  const keyframes = new Map();
  const placed = [...uses].map(([key, spans]) => {
    const [shape, y] = key.split(' ');
    const always = spans.length === 1 && spans[0].from === 0 && spans[0].until === end;
    const steps = always ? '' : stepsOf(spans, end);
    if (!always && !keyframes.has(steps)) keyframes.set(steps, `k${keyframes.size.toString(36)}`);
    // Without motion, an element is visible if it is on the last screen.
    const names = [always ? '' : keyframes.get(steps), spans.at(-1).until === end ? '' : 'h'].filter(Boolean);
    return `<use href="#${shape}" y="${round(Number(y) * CELL.height)}"${names.length === 0 ? '' : ` class="${names.join(' ')}"`}/>`;
  });
  const moving = [...keyframes].map(([steps, name]) => `@keyframes ${name}{${steps}}.${name}{animation-name:${name}}`);
  const width = round(cast.columns * CELL.width + 2 * MARGIN.side);
  const height = round(cast.rows * CELL.height + MARGIN.top + MARGIN.bottom);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" xml:space="preserve">`,
    `<title>${escape(cast.title)}</title>`,
    '<style>',
    "text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace;white-space:pre}",
    `.f{fill:${COLOURS.text}}.b{font-weight:700}.d{opacity:.62}.i{font-style:italic}.u{text-decoration:underline}.h{visibility:hidden}`,
    ...COLOURS.palette.map((colour, index) => `.c${index}{fill:${colour}}`),
    '@media (prefers-reduced-motion:no-preference){',
    `use{animation:${round(end)}s step-end infinite}`,
    ...moving,
    '}',
    '</style>',
    `<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="9" fill="${COLOURS.background}" stroke="${COLOURS.border}"/>`,
    ...['#ff7b72', '#d29922', '#3fb950'].map(
      (fill, index) => `<circle cx="${20 + 18 * index}" cy="18" r="5" fill="${fill}"/>`,
    ),
    `<text x="${width / 2}" y="23" text-anchor="middle" class="f d">${escape(cast.title)}</text>`,
    '<defs>',
    ...[...shapes].map(([drawing, id]) => `<g id="${id}">${drawing}</g>`),
    '</defs>',
    `<g transform="translate(${MARGIN.side} ${MARGIN.top})">`,
    ...placed,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** One frame each tenth of a second in which the screen changed: `{ at, parts: [{ y, drawing }] }`, from second 0 on. */
async function framesOf(cast) {
  const screen = openEmulator(cast);
  const frames = [{ at: 0, parts: partsOf(screen, cast) }];
  for (let index = 0; index < cast.outputs.length; index++) {
    const { at, text } = cast.outputs[index];
    await screen.write(text);
    const tick = Math.floor(at / FRAME_S);
    const next = cast.outputs[index + 1];
    if (next !== undefined && Math.floor(next.at / FRAME_S) === tick) continue;
    const frame = { at: round(tick * FRAME_S), parts: partsOf(screen, cast) };
    if (frame.at === frames.at(-1)?.at) frames.pop();
    if (JSON.stringify(frame.parts) !== JSON.stringify(frames.at(-1)?.parts)) frames.push(frame);
  }
  return frames;
}

function stepsOf(spans, end) {
  const percent = (at) => `${Number(((at / end) * 100).toFixed(2))}%`;
  const edges = spans[0].from === 0 ? [] : ['0%{visibility:hidden}'];
  for (const { from, until } of spans) {
    edges.push(`${percent(from)}{visibility:visible}`);
    if (until < end) edges.push(`${percent(until)}{visibility:hidden}`);
  }
  return edges.join('');
}

function partsOf({ emulator, cursorHidden }, { columns, rows }) {
  const { active } = emulator.buffer;
  const parts = [];
  for (let y = 0; y < rows; y++) {
    const drawing = drawRow(active.getLine(active.baseY + y), columns);
    if (drawing !== '') parts.push({ y, drawing });
  }
  if (!cursorHidden()) {
    const drawing = `<rect x="${round(active.cursorX * CELL.width)}" y="1" width="${CELL.width}" height="${CELL.height - 2}" class="f d"/>`;
    parts.push({ y: active.cursorY, drawing });
  }
  return parts;
}

function drawRow(line, columns) {
  const runs = [];
  for (let x = 0; line !== undefined && x < columns; x++) {
    const cell = line.getCell(x);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const text = cell.getChars() || ' ';
    const look = lookOf(cell);
    const last = runs.at(-1);
    // A character that the font may lack keeps its column only in an element of one character.
    const plain = /^[\x20-\x7e]$/.test(text);
    if (last !== undefined && plain && last.plain && last.key === look.key) last.text += text;
    else runs.push({ ...look, x, text, plain });
  }
  return runs
    .flatMap(({ x, text, classes, back }) => {
      const drawn = text.trimEnd();
      const blank = drawn.length - drawn.trimStart().length;
      const ground =
        back === undefined
          ? ''
          : `<rect x="${round(x * CELL.width)}" width="${round(text.length * CELL.width)}" height="${CELL.height}" ${back}/>`;
      if (drawn === '') return [ground];
      const shown = drawn.trimStart();
      const length = shown.length > 1 ? ` textLength="${round(shown.length * CELL.width)}"` : '';
      return [
        `${ground}<text x="${round((x + blank) * CELL.width)}" y="${CELL.baseline}" class="${classes}"${length}>${escape(shown)}</text>`,
      ];
    })
    .join('');
}

function lookOf(cell) {
  const inverse = cell.isInverse() !== 0;
  const fore = cell.isFgPalette() && cell.getFgColor() < 16 ? `c${cell.getFgColor()}` : 'f';
  const back = cell.isBgPalette() && cell.getBgColor() < 16 ? `class="c${cell.getBgColor()}"` : undefined;
  const classes = [
    inverse ? '' : fore,
    cell.isBold() !== 0 ? 'b' : '',
    cell.isDim() !== 0 ? 'd' : '',
    cell.isItalic() !== 0 ? 'i' : '',
    cell.isUnderline() !== 0 ? 'u' : '',
  ].filter(Boolean);
  const ground = inverse ? `class="${fore}"` : back;
  return { classes: classes.join(' '), back: ground, key: `${classes.join(' ')}|${ground ?? ''}` };
}

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function round(number) {
  return Number(number.toFixed(2));
}
