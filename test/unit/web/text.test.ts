import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { describeAllCommands } from '../../../src/bin/describe-commands.ts';
import type { RequestDetail } from '../../../src/platform/shared/dev-contract.ts';
import {
  commandWithAssignments,
  commandWithData,
  kuflowCommand,
  shortId,
  quoteWord,
  curlCommand,
} from '../../../src/web/text/commands.ts';
import { summarize } from '../../../src/web/text/summary.ts';
import { countOf } from '../../../src/base/count-of.ts';
import { formatBytes, sentenceCase, shortenPath, relativeTime } from '../../../src/web/text/words.ts';

describe('relative times', () => {
  it.each([
    [-3_000, 'just now'],
    [4_999, 'just now'],
    [5_000, '5 s ago'],
    [59_999, '59 s ago'],
    [60_000, '1 min ago'],
    [3_599_999, '59 min ago'],
    [3_600_000, '1 h ago'],
    [86_400_000, '1 day ago'],
    [3 * 86_400_000, '3 days ago'],
  ])('%d ms are %s', (age, text) => {
    expect(relativeTime(1_000_000, 1_000_000 + age)).toBe(text);
  });
});

describe.skipIf(process.platform === 'win32')('words for a shell', () => {
  it.each(['plain', "it's", '$HOME `id` "x"', 'a\nb', '', '🙂 é'])('arrive as they are: %j', (word) => {
    const printed = execFileSync('sh', ['-c', `printf %s ${quoteWord(word)}`], { encoding: 'utf8' });
    expect(printed).toBe(word);
  });
});

describe('commands', () => {
  it('quotes words, and names the user only if it is not the default one and the command acts as a user', () => {
    const user = { as: 'ada@example.com' };
    expect(kuflowCommand(['process', 'start', 'LOAN'])).toBe('npx kuflow process start LOAN --local');
    expect(kuflowCommand(['process', 'start', 'LOAN'], user)).toBe(
      'npx kuflow process start LOAN --local --as ada@example.com',
    );
    expect(kuflowCommand(['task', 'list', 'A B'], { ...user, kuflow: './kuflow' })).toBe(
      "./kuflow task list 'A B' --local",
    );
  });

  it('have the options of the command line', async () => {
    const commands = await describeAllCommands();
    for (const name of ['process', 'task']) {
      const group = commands.find((command) => command.name === name);
      expect(group?.commands.length).toBeGreaterThan(3);
      for (const command of (group?.commands ?? []).filter((one) => one.name !== 'help')) {
        const words = kuflowCommand([name, command.name], { as: 'ada@example.com' }).split(' ');
        const known = command.options.map(({ long }) => long);
        expect(known).toEqual(expect.arrayContaining(words.filter((word) => word.startsWith('--'))));
        expect(words.includes('--as')).toBe(known.includes('--as'));
      }
    }
  });

  it('sets a few simple values one by one', () => {
    const command = commandWithData(['task', 'complete', 'abc123'], '--data', { approved: true, note: "it's ok" });
    expect(command).toBe("npx kuflow task complete abc123 --set approved=true --set 'note=it'\\''s ok' --local");
  });

  it.each([
    ['an object', { address: { city: 'A' } }],
    ['many values', { a: 1, b: 2, c: 3, d: 4, e: 5 }],
    ['null', { a: null }],
    ['a document', { file: 'kuflow-file:uri=ku:1;' }],
    ['a name with =', { 'a=b': 1 }],
  ])('passes data with %s as JSON', (_what, data) => {
    const command = commandWithData(['process', 'start', 'LOAN'], '--metadata', data);
    expect(command).toBe(
      `npx kuflow process start LOAN --metadata - --local <<'END'\n${JSON.stringify(data, undefined, 2)}\nEND`,
    );
  });

  it('sets every value one by one if the command cannot read a file, unless a name makes that impossible', async () => {
    const words = ['process', 'act', 'abc123', 'CORRECT'];
    const data = { address: { city: 'A' }, a: 1, b: null, c: true, d: [], note: 'x\ny' };
    expect(commandWithAssignments(words, data)).toBe(
      'npx kuflow process act abc123 CORRECT --set \'address={"city":"A"}\' --set a=1 --set b=null --set c=true ' +
        "--set 'd=[]' --set 'note=x\ny' --local",
    );
    expect(commandWithAssignments(words, {})).toBe('npx kuflow process act abc123 CORRECT --local');
    expect(commandWithAssignments(words, { 'a=b': 1 })).toBeUndefined();

    const process = (await describeAllCommands()).find(({ name }) => name === 'process');
    const act = process?.commands.find(({ name }) => name === 'act');
    const known = act?.options.map(({ long }) => long);
    expect(known).toEqual(expect.arrayContaining(['--set', '--text', '--thread']));
  });

  it('names things by the end of their id', () => {
    expect(shortId('0199c2f0-0000-7000-8000-00000012ab9f')).toBe('12ab9f');
  });
});

describe('a request as a curl command', () => {
  const request: RequestDetail = {
    id: 1,
    time: '2026-01-01T00:00:00Z',
    method: 'POST',
    path: '/v2024-06-14/processes',
    url: '/v2024-06-14/processes?size=1',
    status: 201,
    ms: 1,
    violations: [],
    console: false,
    requestHeaders: {
      authorization: '[redacted]',
      'content-type': 'application/json',
      host: '127.0.0.1:7480',
      'content-length': '10',
      'x-kuflow-console': '1',
      'sec-fetch-mode': 'cors',
    },
    responseHeaders: {},
    requestBody: { bytes: 12, text: `{"a":"it's"}`, truncated: false },
  };

  it('has a placeholder for the token, and no headers that curl sets itself', () => {
    expect(curlCommand(request, 'http://127.0.0.1:7480')).toBe(
      [
        "curl -X POST 'http://127.0.0.1:7480/v2024-06-14/processes?size=1'",
        '-H "Authorization: Bearer $KUFLOW_TOKEN"',
        "-H 'content-type: application/json'",
        `--data-raw '{"a":"it'\\''s"}'`,
      ].join(' \\\n  '),
    );
  });

  it('names a file for a body that was not kept whole', () => {
    const cut = { ...request, requestBody: { bytes: 20_000, text: 'x', truncated: true } };
    expect(curlCommand(cut, '')).toContain('--data-binary @body');
    const binary = { ...request, requestBody: { bytes: 20, truncated: false } };
    expect(curlCommand(binary, '')).toContain('--data-binary @body');
  });

  it('does not send a body that the request did not have', () => {
    expect(curlCommand({ ...request, requestBody: { bytes: 0, truncated: false } }, '')).not.toContain('--data');
  });
});

describe('the summary of data', () => {
  it.each([
    ['the first three values', { a: 'Ada', b: { c: 'Lovelace' }, d: 25000, e: 'x' }, 'Ada · Lovelace · 25000'],
    [
      'the names of references',
      { file: 'kuflow-file:uri=ku:1;name=my%20file.pdf;', who: 'kuflow-principal:id=1;' },
      'my file.pdf',
    ],
    ['no booleans, null and empty text', { a: true, b: null, c: ' ', d: 'x' }, 'x'],
    ['nothing of nothing', undefined, ''],
  ])('has %s', (_what, value, text) => {
    expect(summarize(value)).toBe(text);
  });

  it('cuts long texts and joins lines', () => {
    expect(summarize({ a: `one\ntwo ${'x'.repeat(60)}` })).toBe(`one two ${'x'.repeat(31)}…`);
  });
});

describe('words', () => {
  it('shortens the paths of requests', () => {
    expect(shortenPath('/v2024-06-14/processes/0199c2f0-0000-7000-8000-00000012ab9f/metadata')).toBe(
      '/processes/…12ab9f/metadata',
    );
  });

  it('counts and measures', () => {
    expect([countOf(1, 'task'), countOf(2, 'task'), countOf(0, 'process', 'processes')]).toEqual([
      '1 task',
      '2 tasks',
      '0 processes',
    ]);
    expect([1000, 2048, 1500, 20_000, 3.5 * 1024 * 1024].map(formatBytes)).toEqual([
      '1000 B',
      '2 KiB',
      '1.5 KiB',
      '19.5 KiB',
      '3.5 MiB',
    ]);
    expect(sentenceCase('item-claimed')).toBe('Item claimed');
  });
});
