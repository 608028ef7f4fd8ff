import { execFile } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';
import { describeInChromium, useBrowser } from '../support/browser.ts';

let site: string;
let pages: readonly string[];

const filesIn = (folder: string, extension: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith(extension));

beforeAll(async () => {
  site = mkdtempSync(join(inject('runFolder'), 'site-'));
  const vitepress = join(ROOT, 'node_modules', 'vitepress', 'bin', 'vitepress.js');
  // The build fails on links to pages that do not exist.
  await promisify(execFile)(process.execPath, [vitepress, 'build', 'docs', '--outDir', site], { cwd: ROOT });
  pages = filesIn(site, '.html');
});

/** The index lists all pages but itself. The pages of the commands are listed on their own index. */
const isListed = (file: string): boolean =>
  !/^(?:internals\/|index\.md$|reference\/commands\/(?!index\.md))/.test(file.replaceAll('\\', '/'));

/** The links, anchors and images of a page whose target does not exist. */
function deadReferences(page: string): readonly string[] {
  const html = read(page);
  const references = [...html.matchAll(/<(?:a|img|link|script|source)\b[^>]*? (?:href|src|srcset)="([^"]+)"/g)].map(
    ([, reference = '']) => reference.replaceAll('&amp;', '&'),
  );
  return references.filter((reference) => {
    if (/^(?:https?:|data:)/.test(reference)) return false;
    const [path = '', anchor] = decodeURI(reference).split('#');
    const target = path === '' ? page : relative(site, targetOf(path, page));
    if (!existsSync(join(site, target))) return true;
    return anchor !== undefined && anchor !== '' && !read(target).includes(`id="${anchor}"`);
  });
}

const read = (page: string): string => readFileSync(join(site, page), 'utf8');

function targetOf(path: string, page: string): string {
  const target = path.startsWith('/') ? join(site, path) : join(site, dirname(page), path);
  return path.endsWith('/') ? join(target, 'index.html') : target;
}

describe('the documentation site', () => {
  it('has every page for users in docs', () => {
    const sources = filesIn(join(ROOT, 'docs'), '.md')
      .filter((file) => !file.startsWith('internals'))
      .map((file) => file.replace(/\.md$/, '.html'));
    expect([...pages].sort()).toEqual([...sources, '404.html'].sort());
    expect(sources.length).toBeGreaterThan(20);
  });

  it('has no dead links, anchors or images', () => {
    expect(pages.flatMap((page) => deadReferences(page).map((dead) => `${page}: ${dead}`))).toEqual([]);
  });

  it('has each page as Markdown, and lists them in llms.txt', () => {
    const list = read('llms.txt');
    expect(list).toMatch(/^# create-kuflow-worker\n\n> \S/);
    const linked = [...list.matchAll(/\]\(([^)]+\.md)\)/g)].map(([, file = '']) => file);
    expect(linked).toHaveLength(filesIn(join(ROOT, 'docs'), '.md').filter((file) => isListed(file)).length);
    for (const file of linked) expect(read(file)).toBe(readFileSync(join(ROOT, 'docs', file), 'utf8'));
  });

  it('lists every page in the sidebar', () => {
    const sidebar = /<nav[^>]*id="VPSidebarNav"[^]*?<\/nav>/.exec(read('index.html'))?.[0] ?? '';
    for (const page of pages.filter((name) => !['404.html', 'index.html'].includes(name)))
      expect(sidebar, page).toContain(`/${page.replace(/index\.html$/, '')}`);
  });

  it('shows text that looks like a tag or an expression literally', () => {
    const page = read(join('reference', 'commands', 'create.html'));
    expect(page).toContain('--definition &lt;file&gt;');
    const guide = read(join('how-to', 'deploy-credentials.html'));
    expect(guide).toContain('{{ secrets.KUFLOW_API_CLIENTID }}');
    expect(guide).toContain('>${{ secrets.… }}</code>');
  });
});

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

describeInChromium('the documentation site in a browser', () => {
  const browser = useBrowser();
  let server: Server;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const file = targetOf(new URL(request.url ?? '/', 'http://site').pathname, 'index.html');
      if (existsSync(file)) {
        response.writeHead(200, { 'content-type': MEDIA_TYPES[extname(file)] ?? 'application/octet-stream' });
        createReadStream(file).pipe(response);
      } else response.writeHead(file.endsWith('favicon.ico') ? 204 : 404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterAll(() => server.close());

  it('shows the chosen language in all groups of tabs, also on the next page', async () => {
    const { port } = server.address() as AddressInfo;
    const page = await browser.open(`http://127.0.0.1:${port}/how-to/tasks-and-documents.html`);
    const chosen = '.vp-code-group input:checked + label';
    const languages = async (): Promise<readonly string[]> => [...new Set(await page.locator(chosen).allInnerTexts())];
    expect(await languages()).toEqual(['TypeScript']);
    // Until the scripts have run, the page does not react to a click.
    const choosePython = async (): Promise<readonly string[]> => {
      await page.locator('.vp-code-group label', { hasText: 'Python' }).last().click();
      return languages();
    };
    await expect.poll(choosePython, { timeout: 60_000 }).toEqual(['Python']);
    expect(await page.locator('.vp-code-group .active').first().innerText()).toContain('human_task');

    await page.locator('.VPSidebar').getByText('Test your workflow').click();
    await page.locator('h1', { hasText: 'Test your workflow' }).waitFor();
    await expect.poll(languages, { timeout: 60_000 }).toEqual(['Python']);
  });
});
