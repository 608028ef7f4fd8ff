import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type DefaultTheme } from 'vitepress';
import { headingId } from '../../scripts/heading-id.mjs';
import { DOCUMENTATION_URL } from '../../src/base/documentation.ts';
import { writeMarkdown } from './output.mts';

const docs = join(import.meta.dirname, '..');
const read = (page: string): string => readFileSync(join(docs, page), 'utf8');

/** The index page lists all pages by subject: `## Subject`, then links. The pages of the commands are listed on their own index. */
function sidebar(): DefaultTheme.SidebarItem[] {
  return read('index.md')
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      text: section.split('\n')[0],
      items: linksOf(section).map(({ text, page }) => ({
        text,
        link: `/${page}`,
        ...(page === 'reference/commands/index.md' && { collapsed: true, items: commandPages() }),
      })),
    }));
}

function linksOf(markdown: string): readonly { text: string; page: string }[] {
  return [...markdown.matchAll(/\[([^\]]+)\]\(([\w/-]+\.md)\)/g)].map(([, text, page]) => ({ text, page }));
}

function commandPages(): DefaultTheme.SidebarItem[] {
  return readdirSync(join(docs, 'reference', 'commands'))
    .filter((file) => file !== 'index.md')
    .map((file) => file.replace(/\.md$/, ''))
    .map((command) => ({ text: `kuflow ${command}`, link: `/reference/commands/${command}` }));
}

// Tables have long names in code, which may break so that all columns fit.
const STYLE = `.dark .only-light, html:not(.dark) .only-dark { display: none }
.vp-doc :is(th, td) { padding: 6px 10px }
.vp-doc table code { overflow-wrap: anywhere }`;

export default defineConfig({
  title: 'create-kuflow-worker',
  description: 'Build KuFlow workers in TypeScript, Java or Python',
  base: DOCUMENTATION_URL === '' ? '/' : new URL(`${DOCUMENTATION_URL}/`).pathname.replace(/\/+$/, '/'),
  markdown: {
    // The same ids as on GitHub, where these files are read too.
    anchor: { slugify: headingId },
    // In code, `{{ }}` is text and not an expression of Vue.
    config: ({ renderer: { rules } }) => {
      const renderCode = rules.code_inline;
      rules.code_inline = (...token) => renderCode?.(...token).replace(/^<code/, '<code v-pre') ?? '';
      // On the site, a switch and not the system chooses between light and dark.
      rules.html_block = (tokens, index) =>
        (tokens[index]?.content ?? '').replace(
          /<picture>\s*<source .*srcset="([^"]+)">\s*<img src="([^"]+)" (alt="[^"]*")>\s*<\/picture>/g,
          '<img class="only-dark" loading="lazy" src="$1" $3><img class="only-light" loading="lazy" src="$2" $3>',
        );
    },
  },
  head: [['style', {}, STYLE]],
  outDir: '../site/dist',
  srcExclude: ['internals/**'],
  buildEnd: writeMarkdown,
  themeConfig: {
    nav: [
      { text: 'Install', link: '/how-to/install' },
      { text: 'Tutorial', link: '/tutorial/first-worker' },
      { text: 'Concepts', link: '/explanation/concepts' },
      { text: 'Commands', link: '/reference/commands/' },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
    footer: { message: 'Not affiliated with KuFlow or with Temporal Technologies.' },
  },
});
