import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPipe, inTerminal, interruptAt, makePlace, takeProposals } from '../../../bench/peers/observe.mjs';
import { END, peerTables, START } from '../../../bench/peers/page.mjs';
import { GROUPS } from '../../../bench/peers/scenarios.mjs';
import { cell, ended, fates, wantsNetwork } from '../../../bench/peers/words.mjs';

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/internals/peers.md', root), 'utf8');
const kept = readFileSync(new URL('docs/internals/peers.json', root), 'utf8');

describe('the comparison page', () => {
  it('is generated from the observations, with a cell for each tool and scenario', () => {
    const comparison = JSON.parse(kept) as Parameters<typeof peerTables>[0];
    expect(page.slice(page.indexOf(START) + START.length, page.indexOf(END)).trim()).toBe(peerTables(comparison));
    const scenarios = GROUPS.flatMap((group) => group.scenarios.map(({ id }) => id));
    expect(Object.keys(comparison.facts)).toEqual(scenarios);
    for (const facts of Object.values(comparison.facts)) {
      expect(Object.keys(facts)).toEqual(comparison.tools.map(({ id }) => id));
      for (const { cell: words } of Object.values(facts)) expect(words).toMatch(/\w/);
    }
  });

  it('does not identify the machine beyond its type', () => {
    expect(kept).not.toContain(tmpdir() + '/');
    if (hostname().length > 3) expect(kept).not.toContain(hostname());
    expect(kept).not.toMatch(/\/(?:root|home|Users)\//);
  });
});

describe.runIf(process.platform !== 'win32')('an observed run', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kuflow-peers-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const tool = (source: string): { path: string } => {
    const path = join(mkdtempSync(join(folder, 'tool-')), 'tool.cjs');
    writeFileSync(path, source);
    return { path };
  };
  const place = () => makePlace(folder, { bin: join(folder, 'none'), node: process.execPath });

  it('in a pipe records created, changed and deleted files, the status, escape codes and stack traces', async () => {
    const here = await place();
    mkdirSync(join(here.cwd, 'a'));
    for (const name of ['a/kept', 'a/changed', 'a/deleted']) writeFileSync(join(here.cwd, name), 'x');
    const facts = await inPipe(
      tool(`
        const fs = require('fs');
        fs.writeFileSync('a/changed', 'y'); fs.rmSync('a/deleted'); fs.mkdirSync('b'); fs.writeFileSync('b/made', '');
        process.stdout.write('\\x1b[32mgreen\\x1b[39m \\x1b[?25l' + process.cwd() + process.stdout.isTTY);
        throw new Error('broken');`),
      ['x'],
      here,
    );
    expect(facts).toMatchObject({
      made: ['b/made'],
      changed: ['a/changed'],
      deleted: ['a/deleted'],
      status: 1,
      timedOut: false,
      escapes: 3,
      colours: 1,
      trace: true,
      out: 'green .undefined',
    });
    expect(ended(facts)).toBe('exit 1, stack trace');
    expect(fates(facts, ['target/other', 'a/changed', 'a/deleted'])).toBe(
      '`other` kept; `a/changed` **replaced**; `a/deleted` **deleted**',
    );
  });

  const asks = `
    const lines = require('readline').createInterface({ input: process.stdin, output: process.stdout });
    lines.on('SIGINT', () => process.exit(process.argv[2] === 'restore' ? (process.stdout.write('\\x1b[?25h'), 130) : 0));
    process.stdout.write('\\x1b[?25l');
    lines.question('Name? ', () => lines.question('Overwrite? ', () => { require('fs').writeFileSync('made', ''); lines.close(); }));`;

  it('in a terminal accepts the default answer to every question', async () => {
    const facts = await inTerminal(tool(asks), [], await place(), takeProposals);
    expect(facts).toMatchObject({
      made: ['made'],
      status: 0,
      driven: { answers: 2 },
      cursorHidden: true,
      trace: false,
    });
  });

  it('in a terminal sends Ctrl-C at the given question', async () => {
    const facts = await inTerminal(tool(asks), ['restore'], await place(), interruptAt(/Overwrite/));
    expect(facts).toMatchObject({ made: [], status: 130, driven: { asked: true }, cursorHidden: false });
    const first = await inTerminal(tool(asks), [], await place(), interruptAt());
    expect(first).toMatchObject({ status: 0, cursorHidden: true });
    expect(first.screen).not.toContain('Overwrite');
  });
});

describe('the text of a cell', () => {
  it('distinguishes a missing network from other failures', () => {
    expect(wantsNetwork({ text: 'Error: getaddrinfo EAI_AGAIN github.com' })).toBe(true);
    expect(wantsNetwork({ text: 'Unknown option --overwrit' })).toBe(false);
  });

  it('stays in one cell', () => expect(cell('a | b\nc')).toBe('a \\| b c'));

  it('names the signal that ended a run', () => {
    expect(ended({ status: null, signal: 2, timedOut: false, trace: false })).toBe('ended by SIGINT');
    expect(ended({ status: null, signal: 'SIGKILL', timedOut: true, trace: false })).toBe('still ran after 20 s');
  });
});
