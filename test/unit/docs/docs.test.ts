import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../scripts/bundle.mjs';
import { commandPages } from '../../../scripts/command-pages.mjs';
import { headingId } from '../../../scripts/heading-id.mjs';
import { libraryPage, WORKFLOW_READERS, workflowPage } from '../../../scripts/library-page.mjs';
import { settingsPage } from '../../../scripts/settings-page.mjs';
import { describeAllCommands } from '../../../src/bin/describe-commands.ts';
import { ENCRYPTED_ENCODING } from '../../../src/engine/workflow-history.ts';
import { SETTING_KEYS } from '../../../src/settings/keys.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const filesBelow = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));

const PAGES = ['README.md', 'CONTRIBUTING.md', ...filesBelow('docs').filter((file) => file.endsWith('.md'))];

describe('generated pages', () => {
  it('list all settings (`npm run docs` regenerates them)', () => {
    const page = read('docs/reference/settings.md');
    expect(settingsPage(page, SETTING_KEYS), 'npm run docs').toBe(page);
  });

  it('describe the public names of the libraries (`npm run docs` regenerates them)', () => {
    const page = read('docs/reference/library.md');
    expect(libraryPage(page, ROOT), 'npm run docs').toBe(page);
    for (const name of ['runWorker', 'KuFlowWorker', 'start_process'])
      expect(page).toMatch(new RegExp(`^. .${name}. . \\w`, 'm'));
  });

  it.each(['typescript', 'java', 'python'] as const)('describe the workflow API in %s', (language) => {
    const page = read(`docs/reference/workflow-api-${language}.md`);
    expect(workflowPage(page, ROOT, language), 'npm run docs').toBe(page);
    const declarations = WORKFLOW_READERS[language](ROOT);
    for (const { name, about, members } of declarations) {
      expect(about, name).toMatch(/^[A-Z`].*\.$/);
      expect(members.length, name).toBeGreaterThan(0);
    }
    // Each method of the library itself, other than in overloads.
    const { members } = declarations.find(({ name }) => name === 'KuFlowProcess') ?? { members: [] };
    expect(members.filter(([, what]) => what !== '').length).toBeGreaterThanOrEqual(8);
  });

  it("match the commands' help (`npm run docs` regenerates them)", async () => {
    const pages = commandPages(await describeAllCommands());
    expect(pages.size).toBeGreaterThan(4);
    for (const [file, text] of pages)
      expect(read(join('docs', 'reference', 'commands', file)), `${file}: npm run docs`).toBe(text);
    expect(readdirSync(join(ROOT, 'docs', 'reference', 'commands')).sort(), 'npm run docs').toEqual(
      [...pages.keys()].sort(),
    );
  });
});

describe('README and docs', () => {
  it.each(PAGES)('%s has no dead link', (page) => {
    expect(linksOf(read(page)).flatMap((link) => deadLinks(page, link))).toEqual([]);
  });

  it.each(PAGES)('%s has tables whose rows have all columns', (page) => {
    const columns = (row: string): number => row.replace(/`[^`]*`|\\\|/g, '').split('|').length;
    const tables = read(page).match(/^\|.*\n\|(?: ?:?-+:? ?\|)+\n(?:\|.*\n)*/gm) ?? [];
    for (const table of tables) {
      const [head = '', ...rows] = table.trimEnd().split('\n');
      expect(rows.filter((row) => columns(row) !== columns(head))).toEqual([]);
    }
  });

  it('link to every page', () => {
    const reached = new Set(['README.md', 'CONTRIBUTING.md']);
    for (const page of reached) {
      for (const link of linksOf(read(page))) {
        const target = link.startsWith('http')
          ? undefined
          : relative(ROOT, resolve(ROOT, dirname(page), link.split('#')[0] ?? ''));
        if (target?.endsWith('.md') === true && existsSync(join(ROOT, target))) reached.add(target);
      }
    }
    expect(PAGES.filter((page) => !reached.has(page))).toEqual([]);
  });

  it('are checked by a function that does find dead links', () => {
    expect(deadLinks('README.md', 'docs/missing.md')).toEqual(['docs/missing.md']);
    expect(deadLinks('README.md', '#no-such-heading')).toEqual(['#no-such-heading']);
    expect(deadLinks('docs/index.md', '/docs/wiring.md')).toEqual(['/docs/wiring.md']);
  });
});

describe('the tutorial', () => {
  it.each(['TypeScript', 'Java', 'Python'])('changes lines that a generated %s project has', (language) => {
    const page = read('docs/tutorial/first-worker.md');
    const diffs = [...page.matchAll(/^```diff(?: \[(\w+)\])?\n--- (\S+)\n([^]*?)^```$/gm)].filter(
      ([, only]) => only === undefined || only === language,
    );
    expect(diffs.length).toBeGreaterThan(4);
    for (const [, , file = '', lines = ''] of diffs) {
      const generated = read(`test/golden/${language.toLowerCase()}/${file}`);
      // The task SIGN_CONTRACT is added in the tutorial.
      for (const line of lines.split('\n').filter((one) => one.startsWith('-') && !/sign_?contract/i.test(one)))
        expect(generated).toContain(`${line.slice(1)}\n`);
    }
  });

  it.each([
    ['ts', 'typescript/src/workflows.ts'],
    ['java', 'java/src/main/java/com/example/loanworker/loan/LoanWorkflowImpl.java'],
    ['python', 'python/src/loan_worker/loan/workflow.py'],
  ])('shows lines of the generated workflow: %s', (kind, file) => {
    const lines = (text: string): string => text.replace(/^ +/gm, '');
    const page = read('docs/tutorial/first-worker.md');
    const excerpts = [...page.matchAll(new RegExp(`^\`\`\`${kind} \\[\\w+\\]\\n([^]*?)^\`\`\`$`, 'gm'))];
    expect(excerpts.length).toBeGreaterThan(0);
    for (const [, text = ''] of excerpts) expect(lines(read(`test/golden/${file}`))).toContain(lines(text));
  });
});

describe('the how-to guides', () => {
  const GUIDES = PAGES.filter((page) => page.startsWith(join('docs', 'how-to')));
  const groupsOf = (page: string): readonly string[] =>
    [...read(page).matchAll(/^::: code-group\n([^]*?)^:::$/gm)].map(([, group = '']) => group);

  it.each(GUIDES)('%s shows code in every language, or in one for all', (page) => {
    for (const group of groupsOf(page))
      expect([...group.matchAll(/^```\w+ \[(.+)\]$/gm)].map(([, tab]) => tab).sort()).toEqual([
        'Java',
        'Python',
        'TypeScript',
      ]);
  });

  it.each([
    ['ts', 'libraries/typescript/test/documented-code.ts'],
    ['java', 'libraries/java/src/test/java/kuflow/worker/DocumentedCode.java'],
    ['python', 'libraries/python/tests/documented_code.py'],
  ])('show code that the tests of the library compile: %s', (kind, file) => {
    const stripped = (text: string): string => text.replace(/\s+/g, '').replace(/,(?=[)\]}])/g, '');
    const compiled = stripped(read(file));
    const blocks = GUIDES.flatMap(groupsOf).flatMap((group) => [
      ...group.matchAll(new RegExp(`^\`\`\`${kind} \\[\\w+\\]\\n([^]*?)^\`\`\`$`, 'gm')),
    ]);
    const paragraphs = blocks.flatMap(([, text = '']) => text.split('\n\n')).filter((text) => !/^import /.test(text));
    expect(paragraphs.length).toBeGreaterThan(15);
    expect(paragraphs.filter((text) => !compiled.includes(stripped(text)))).toEqual([]);
  });

  it.each(GUIDES)('%s says how to call kuflow in a Java or Python project', (page) => {
    const text = read(page).replace(/^::: code-group\n[^]*?^:::$/gm, '');
    const calls = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].some(([, code = '']) => /^npx kuflow /m.test(code));
    if (calls) expect(text).toContain('In a Java or Python project, use `./kuflow` instead of `npx kuflow`.');
  });
});

describe('CONTRIBUTING', () => {
  const page = read('CONTRIBUTING.md');

  it('names files that exist', () => {
    const paths = [...page.matchAll(/`((?:src|test|templates|scripts|docs|bench|\.github|\.ci)\/[^`\s]*)`/g)]
      .map(([, path = '']) => path)
      .filter((path) => !path.includes('<'));
    expect(paths.length).toBeGreaterThan(30);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('gives a reason for each dependency', () => {
    const table = page.slice(page.indexOf('## Dependencies'), page.indexOf('## Releases'));
    const named = table
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
    const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> };
    expect(named.sort()).toEqual(Object.keys(devDependencies).sort());
  });
});

describe('troubleshooting', () => {
  it('quotes only what the code prints', () => {
    const libraries = ['typescript', 'python'].flatMap((language) => filesBelow(`libraries/${language}/src`));
    const texts = [...filesBelow('src'), ...filesBelow('templates'), ...libraries]
      .filter((file) => /\.(?:ts|hbs|py)$/.test(file))
      .map(read);
    const constants = new Map(
      texts.flatMap((text) =>
        [...text.matchAll(/const ([A-Z_]+) = '(.*)';/g)].map(([, name = '', value]) => [name, value]),
      ),
    );
    const sources = texts.map((text) =>
      plain(text.replace(/\$\{([A-Z_]+)\}/g, (place, name: string) => constants.get(name) ?? place)),
    );
    const quotes = quotedMessages(read('docs/how-to/troubleshooting.md'));
    expect(quotes.length).toBeGreaterThan(25);
    const unknown = quotes.filter((quote) => !quote.split('…').every((part) => isPrinted(part, sources)));
    expect(unknown).toEqual([]);
  });

  it("quotes what Temporal's SDK says in a worker from before confidential processes were supported", () => {
    const payload = { metadata: { encoding: Buffer.from(ENCRYPTED_ENCODING) }, data: Buffer.from('AES-256-GCM:') };
    const message = `Unknown encoding: ${ENCRYPTED_ENCODING}`;
    expect(() => defaultPayloadConverter.fromPayload(payload)).toThrow(message);
    expect(read('docs/how-to/troubleshooting.md')).toContain(`\`${message}\``);
  });

  it('rejects a message that no code prints', () => {
    expect(isPrinted('A message that nobody prints', ['const a = 1'])).toBe(false);
  });
});

/** The first cell of each row quotes a message, as code. `…` replaces text that differs each time. */
function quotedMessages(page: string): readonly string[] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, quote = '']) => quote));
}

function isPrinted(part: string, sources: readonly string[]): boolean {
  const wanted = plain(part).trim();
  return wanted.length < 4 || sources.some((source) => source.includes(wanted));
}

// Undoes escaped quotes, and joins text that continues on the next line.
function plain(text: string): string {
  return text
    .replaceAll("\\'", "'")
    .replace(/['"`]\s*\+\s*['"`]/g, '')
    .replaceAll('\\`', '`');
}

function linksOf(markdown: string): readonly string[] {
  const prose = markdown.replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
}

/** The link, if its file or heading does not exist. Other sites are not checked: tests do not use the network. */
function deadLinks(page: string, link: string): readonly string[] {
  if (/^https?:/.test(link)) return [];
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path);
  if (path.startsWith('/') || !existsSync(target)) return [link];
  if (anchor === undefined) return [];
  return anchorsOf(readFileSync(target, 'utf8')).includes(anchor) ? [] : [link];
}

function anchorsOf(markdown: string): readonly string[] {
  return markdown
    .replace(/^```[^]*?^```/gm, '')
    .split('\n')
    .flatMap((line) => /^#{1,6} (.*)$/.exec(line)?.[1] ?? [])
    .map(headingId);
}
