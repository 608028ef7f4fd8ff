import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../scripts/bundle.mjs';
import { kuflowEntries } from '../../../src/bin/commands.ts';
import { listDocsPages } from '../../../src/cli/docs-pages.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import { fakeHost } from '../../support/fake-host.ts';

async function docs(
  args: readonly string[],
  over: { readonly tty?: boolean; readonly columns?: number } = {},
): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
  const fake = fakeHost(['docs', ...args], { env: { PAGER: '' }, ...over });
  const root = { name: 'kuflow', description: '', version: '0.0.0', invocation: 'kuflow', commands: kuflowEntries };
  const status = await runProgram(root, fake.host);
  return { status, stdout: fake.stdout(), stderr: fake.stderr() };
}

describe('kuflow docs', () => {
  it('lists every page under its own topic', async () => {
    const { status, stdout } = await docs([]);
    const topics = listDocsPages().map(({ topic }) => topic);
    const files = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
      .map((file) => file.replaceAll('\\', '/'))
      .filter((file) => file.endsWith('.md') && file !== 'index.md' && !file.startsWith('internals/'));
    expect(
      listDocsPages()
        .map(({ file }) => file)
        .toSorted(),
      'docs/index.md',
    ).toEqual(files.toSorted());
    expect(new Set(topics).size).toBe(topics.length);
    expect(status).toBe(0);
    for (const topic of topics) expect(stdout).toMatch(new RegExp(`^  ${topic} {2,}\\S`, 'm'));
    expect(stdout).not.toContain('](');
  });

  it("prints a page as Markdown, without comments, pictures and the site's tabs", async () => {
    const { stdout } = await docs(['complete-tasks']);
    expect(stdout).toMatch(/^# Start processes and complete tasks\n/);
    expect(stdout).toContain('npx kuflow task complete latest --fake');
    expect(stdout).not.toMatch(/<picture>|<img|<!--/);
    const tutorial = (await docs(['first-worker'])).stdout;
    expect(tutorial).toContain('```sh [Python]');
    expect(tutorial).not.toMatch(/^:::/m);
    expect((await docs(['commands/dev'])).stdout).toMatch(/^# kuflow dev\n/);
  });

  it('prints each line of code as it is in the page', async () => {
    for (const { topic, file } of listDocsPages()) {
      const page = readFileSync(join(ROOT, 'docs', file), 'utf8');
      const { stdout } = await docs([topic], { tty: true, columns: 80 });
      for (const [code] of page.matchAll(/^```[^]*?^```$/gm)) expect(stdout, topic).toContain(code);
    }
  });

  it('wraps paragraphs to the width of a terminal', async () => {
    const { stdout } = await docs(['concepts'], { tty: true, columns: 60 });
    const prose = stdout
      .replace(/^```[^]*?^```$/gm, '')
      .split('\n')
      .filter((line) => !line.startsWith('|'));
    expect(Math.max(...prose.map((line) => line.length))).toBeLessThan(60);
    expect(stdout.replace(/\s+/g, ' ')).toContain('people and systems complete the tasks in a business process');
  });

  it('finds the sections that contain all words, first those with the words in their heading', async () => {
    const { stdout } = await docs(['--search', 'token', 'Renewal', '--json']);
    const { sections } = JSON.parse(stdout) as {
      sections: readonly { topic: string; heading: string; text: string }[];
    };
    expect(sections[0]).toMatchObject({ topic: 'wiring', heading: 'Token renewal' });
    for (const { heading, text } of sections)
      expect(`${heading} ${text}`.toLowerCase()).toMatch(/token[^]*renewal|renewal[^]*token/);
  });

  it('suggests a topic, or a search, for an unknown one', async () => {
    const unknown = await docs(['troubleshoting']);
    expect(unknown).toMatchObject({ status: 2, stdout: '' });
    expect(unknown.stderr).toContain('did you mean "troubleshooting"?');
    expect(unknown.stderr).toContain('kuflow docs --search troubleshoting');
    expect(await docs(['--search', 'xylophone'])).toMatchObject({ status: 1, stdout: '' });
  });

  it('prints JSON', async () => {
    expect(JSON.parse((await docs(['--json'])).stdout)).toEqual({ topics: listDocsPages() });
    expect(Object.keys(JSON.parse((await docs(['limits', '--json'])).stdout) as object)).toEqual([
      'topic',
      'title',
      'text',
    ]);
  });
});
