import { readdirSync, readFileSync, statSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);

it('README shows every picture of the console, in light and dark, with an alternative text', () => {
  const readme = readFileSync(new URL('README.md', root), 'utf8');
  const shown = [...readme.matchAll(/<picture>\n(.*)\n(.*)\n<\/picture>/g)].map(([, dark = '', light = '']) => {
    expect(dark).toContain('media="(prefers-color-scheme: dark)"');
    expect(/alt="([^"]*)"/.exec(light)?.[1]?.length).toBeGreaterThan(40);
    return [
      /srcset="docs\/images\/([\w-]+)-dark\.png"/.exec(dark)?.[1],
      /src="docs\/images\/([\w-]+)-light\.png"/.exec(light)?.[1],
    ];
  });
  for (const [dark, light] of shown) expect(dark).toBe(light);
  const files = readdirSync(new URL('docs/images/', root));
  expect(shown.flatMap(([name]) => [`${name}-dark.png`, `${name}-light.png`]).sort()).toEqual(files.sort());
  for (const file of files) expect(statSync(new URL(`docs/images/${file}`, root)).size).toBeLessThan(120 * 1024);
});
