import { readdirSync, readFileSync, statSync } from 'node:fs';
import { minVersion, satisfies } from 'semver';
import { expect, it } from 'vitest';
import { SUPPORTED_NODES } from '../../../scripts/installed-node.mjs';

const root = new URL('../../../', import.meta.url);

it('README has at most 700 words', () => {
  expect(readFileSync(new URL('README.md', root), 'utf8').trim().split(/\s+/).length).toBeLessThanOrEqual(700);
});

it('README and the page about the console show every picture of the console, in light and dark, with alternative text', () => {
  const pages = ['README.md', 'docs/how-to/complete-tasks.md'].map((page) => readFileSync(new URL(page, root), 'utf8'));
  const shown = [...pages.join('\n').matchAll(/<picture>\n(.*)\n(.*)\n<\/picture>/g)].map(
    ([, dark = '', light = '']) => {
      expect(dark).toContain('media="(prefers-color-scheme: dark)"');
      expect(/alt="([^"]*)"/.exec(light)?.[1]?.length).toBeGreaterThan(40);
      return [
        /srcset="(?:docs|\.\.)\/images\/([\w-]+)-dark\.png"/.exec(dark)?.[1],
        /src="(?:docs|\.\.)\/images\/([\w-]+)-light\.png"/.exec(light)?.[1],
      ];
    },
  );
  for (const [dark, light] of shown) expect(dark).toBe(light);
  const files = readdirSync(new URL('docs/images/', root));
  expect(shown.flatMap(([name]) => [`${name}-dark.png`, `${name}-light.png`]).sort()).toEqual(files.sort());
  for (const file of files) expect(statSync(new URL(`docs/images/${file}`, root)).size).toBeLessThan(120 * 1024);
});

it('README names the Node.js versions in `engines`, which the soak runs, and the limits name when the oldest is dropped', () => {
  const { engines } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { engines: { node: string } };
  const [oldest, next] = engines.node.split(' || ').map((range) => minVersion(range));
  const named = (version: typeof oldest): string => `${version?.major}.${version?.minor}+`;
  const textOf = (page: string): string => readFileSync(new URL(page, root), 'utf8').replaceAll(/\s+/g, ' ');
  expect(textOf('README.md')).toContain(`Node.js ${named(oldest)} or ${named(next)} with npm`);
  expect(SUPPORTED_NODES.filter((version) => !satisfies(version, engines.node))).toEqual([]);
  expect(SUPPORTED_NODES[0]?.split('.')[0]).toBe(String(oldest?.major));
  const limits = textOf('docs/explanation/limits.md');
  expect(limits).toContain(`Node.js ${oldest?.major} reached its end of life on`);
  expect(limits).toContain(`releases after that date need Node.js ${named(next)}.`);
});
