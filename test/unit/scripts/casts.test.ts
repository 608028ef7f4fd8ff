import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { hostname, homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { readCast, shortenTurning, tracesOf, writeCast } from '../../../scripts/casts/cast-file.mjs';
import { drawCast } from '../../../scripts/casts/picture.mjs';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const pictures = ['README.md', 'docs/how-to/existing-process.md'].flatMap((page) =>
  [...read(page).matchAll(/!\[([^\]]*)\]\([./a-z]*(casts\/[\w-]+)\.svg\)/g)].map(([, words = '', path = '']) => ({
    words,
    path: `docs/${path}`,
  })),
);

describe('the pictures in README and docs', () => {
  it('are all used, each with a cast and an alternative text', () => {
    const kept = readdirSync(new URL('docs/casts/', root)).filter((name) => name.endsWith('.cast'));
    expect(pictures.map(({ path }) => `${path}.cast`).sort()).toEqual(kept.map((name) => `docs/casts/${name}`).sort());
    expect(pictures.length).toBeGreaterThan(0);
    for (const { words } of pictures) expect(words.length).toBeGreaterThan(20);
  });

  it.each(pictures)(
    'include $path, which is drawn from its cast and does not identify the machine',
    async ({ path }) => {
      expect(existsSync(new URL(`${path}.svg`, root))).toBe(true);
      const cast = readCast(read(`${path}.cast`));
      expect(cast.outputs.length).toBeGreaterThan(20);
      expect(tracesOf(cast, [hostname(), homedir()])).toEqual([]);
      const svg = read(`${path}.svg`);
      expect(svg.length).toBeLessThan(150_000);
      expect(await drawCast(cast)).toBe(svg);
    },
  );
});

const cast = (...outputs: readonly (readonly [number, string])[]) => ({
  columns: 40,
  rows: 5,
  title: 'A <test>',
  outputs: outputs.map(([at, text]) => ({ at, text })),
});

describe('a cast', () => {
  it('is written as asciicast v2 and can be read back', () => {
    const one = cast([0.5, 'a\x1b[31m"'], [1.25, '\r\n']);
    expect(writeCast(one).split('\n')[0]).toContain('"version":2,"width":40,"height":5');
    expect(readCast(writeCast(one))).toEqual(one);
  });

  it.each([
    ['version 1', '{"version":1,"width":80,"height":24}\n'],
    ['decreasing times', '{"version":2,"width":80,"height":24}\n[2,"o","a"]\n[1,"o","b"]\n'],
    ['an event of another kind', '{"version":2,"width":80,"height":24}\n[2,"i","a"]\n'],
  ])('is rejected with %s', (_, text) => expect(() => readCast(text)).toThrow());

  it('is shortened where a spinner turns for a minute, and keeps everything else', async () => {
    const turning = Array.from(
      { length: 60 },
      (_, second) => [second + 1, `\r\x1b[2K${second % 2 ? '-' : '|'}`] as const,
    );
    const before = cast([0, 'one\r\n'], ...turning, [61, '\r\x1b[2Kdone\r\n'], [64, 'two']);
    const { outputs } = await shortenTurning(before);
    expect(outputs.map(({ text }) => text)).toEqual(before.outputs.map(({ text }) => text));
    expect(outputs.at(-1)?.at).toBeLessThan(9);
    expect((outputs.at(-1)?.at ?? 0) - (outputs.at(-2)?.at ?? 0)).toBeCloseTo(3);
  });

  it.each([
    ['a path', 'Write to /home/ada/work\r\n', ['/home/ada/work']],
    ['a path with colors in it', 'in /tmp/\x1b[32mx-1/y\x1b[39m.', ['/tmp/x-1/y.']],
    ['a path on a drive', 'at C:\\Users\\ada', ['C:\\Users\\ada']],
    ['the host name', 'worker 12@build-host', ['build-host']],
    [
      'nothing in addresses, relative paths and dates',
      'https://127.0.0.1:7443/v2024-06-14/x ./src/a/b src/a.ts 1/2',
      [],
    ],
  ])('is searched for what identifies the machine: %s', (_, text, expected) => {
    expect(tracesOf(cast([0, text]), ['build-host'])).toEqual(expected);
  });
});

describe('a picture', () => {
  it('shows the escaped screen, and is animated only if the reader does not prefer reduced motion', async () => {
    const svg = await drawCast(cast([0, 'a <b> & \x1b[32mgreen'], [1, '\x1b[2J\x1b[Hlast']));
    expect(svg).toContain('<title>A &lt;test&gt;</title>');
    expect(svg).toContain('a &lt;b&gt; &amp;</text>');
    expect(svg).toContain('class="c2" textLength="42">green</text>');
    expect(svg).toContain('>last</text>');
    expect(svg.indexOf('@keyframes')).toBeGreaterThan(svg.indexOf('prefers-reduced-motion:no-preference'));
    // Without motion, the first screen is hidden and the last one is visible.
    const shape = (text: string): string => new RegExp(`<g id="(\\w+)">[^\\n]*>${text}</text>`).exec(svg)?.[1] ?? '';
    expect(svg).toMatch(new RegExp(`href="#${shape('green')}"[^>]* class="k\\w h"`));
    expect(svg).toMatch(new RegExp(`href="#${shape('last')}"[^>]* class="k\\w"`));
  });
});
