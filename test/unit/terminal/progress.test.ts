import { describe, expect, it } from 'vitest';
import { formatDuration, openProgress } from '../../../src/terminal/progress.ts';
import { formatTable } from '../../../src/terminal/table.ts';
import { marksFor, openTerminal, type Channel } from '../../../src/terminal/terminal.ts';
import { palette } from '../../../src/terminal/palette.ts';
import { fakeHost } from '../../support/fake-host.ts';

function fakeChannel(isTTY: boolean, screenReader = false): { channel: Channel; text: () => string } {
  let text = '';
  const write = (more: string): void => {
    text += more;
  };
  return {
    channel: {
      isTTY,
      columns: 40,
      color: false,
      live: isTTY && !screenReader,
      marks: marksFor('linux', {}),
      backlog: 0,
      write,
      line: (more = '') => write(`${more}\n`),
      json: () => undefined,
    },
    text: () => text,
  };
}

/** What a terminal shows after this output; supports only carriage return and erase-line. */
function screen(bytes: string): string[] {
  return bytes.split('\n').map((line) => line.split('\r\u001b[2K').at(-1) ?? '');
}

describe('progress', () => {
  it('prints plain lines without a terminal', () => {
    const { channel, text } = fakeChannel(false);
    let now = 0;
    const progress = openProgress(channel, () => now);
    progress.begin('Installing…');
    progress.detail('fetching');
    now = 2500;
    progress.end('done', 'Installed');
    progress.end('skipped', 'No git');
    expect(text()).toBe('· Installing…\n✔ Installed (2.5 s)\n- No git\n');
  });

  it('prints only whole lines during a step that is not live, because a child process writes to the terminal', () => {
    const { channel, text } = fakeChannel(true);
    const progress = openProgress(channel, () => 0);
    progress.begin('Waiting for the worker…', { live: false });
    progress.note('Another worker polls', 'warning');
    progress.end('done', 'The worker polls');
    const lines = screen(text()).map((line) => line.replace(/\u001b\[\d+m/g, ''));
    expect(lines).toEqual(['· Waiting for the worker…', '! Another worker polls', '✔ The worker polls', '']);
    expect(text()).not.toMatch(/[^\n]\r/);
  });

  it('cuts the live line to the display width of the terminal, so that it never wraps', () => {
    const { channel, text } = fakeChannel(true);
    const progress = openProgress(channel, () => 0);
    progress.begin(`Install ${'漢字'.repeat(40)}`);
    progress.detail('🚀'.repeat(40));
    progress.stop();
    const [line = ''] = text()
      .split('\r\u001b[2K')
      .filter((part) => part !== '');
    expect(line).toMatch(/Install 漢字(漢字)*漢?…$/);
    const width = Array.from(line).reduce((sum, character) => sum + (/[漢字🚀]/u.test(character) ? 2 : 1), 0);
    expect(width).toBeLessThan(40);
    expect(width).toBeGreaterThan(34);
  });

  it('uses 80 columns if the terminal reports none', () => {
    const { host } = fakeHost([], { tty: true });
    const streams = { ...host, stderr: Object.assign(host.stderr, { columns: 0 }) };
    expect(openTerminal(streams, {}).err.columns).toBe(80);
  });

  it('leaves only finished steps on a terminal', () => {
    const { channel, text } = fakeChannel(true);
    const progress = openProgress(channel, () => 0);
    progress.begin('A title that is much too long for the width of this terminal');
    progress.note('said in between');
    for (const live of text().split('\r\u001b[2K').slice(1)) {
      expect(Array.from(live.split('\n')[0] ?? '').length).toBeLessThan(40);
    }
    progress.end('failed', 'Ended');
    expect(screen(text())).toEqual(['said in between', '✖ Ended', '']);
    progress.note('seen', 'unknown');
    expect(screen(text()).at(-2)).toBe('? seen');
    progress.begin('again');
    progress.stop();
    expect(screen(text()).at(-1)).toBe('');
  });

  it('prints plain lines for screen readers, wrapped between words', () => {
    const { channel, text } = fakeChannel(true, true);
    const progress = openProgress(channel, () => 0);
    progress.begin('A title that is longer than the width of this terminal');
    progress.end('done');
    expect(text()).toBe(
      '· A title that is longer than the width\nof this terminal\n✔ A title that is longer than the width\nof this terminal\n',
    );
  });

  it.each([
    ['win32', {}, '+'],
    ['win32', { WT_SESSION: '1' }, '✔'],
    ['win32', { TERM_PROGRAM: 'vscode' }, '✔'],
    ['linux', { TERM: 'linux' }, '+'],
    ['linux', { TERM: 'xterm' }, '✔'],
    ['darwin', {}, '✔'],
  ] as const)('uses symbols that the terminal can display: %s with %j prints %s', (platform, env, done) => {
    expect(marksFor(platform, env).done).toBe(done);
  });

  it.each([
    [{}, true],
    [{ ACCESSIBLE: '1' }, false],
    [{ TERM: 'dumb' }, false],
  ])('redraws lines with %j: %s', (env, live) => {
    const { host } = fakeHost([], { tty: true });
    expect(openTerminal(host, env).err.live).toBe(live);
  });

  it('escapes text from a child process or a server', () => {
    const { channel, text } = fakeChannel(false);
    openProgress(channel, () => 0).end('done', 'evil \u001b[2J\r\n title');
    expect(text()).toBe('✔ evil \\u{1b}[2J\\u{d}\\u{a} title\n');
  });

  it.each([
    [10, ''],
    [1500, '1.5 s'],
    [125_000, '2 min 5 s'],
  ])('%i ms is "%s"', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe('tables', () => {
  it('align columns, escape cells and have no trailing spaces', () => {
    expect(
      formatTable(
        [
          ['A', 'B'],
          ['longer', 'x\u001b'],
          ['ñ', ''],
        ],
        '  ',
      ),
    ).toEqual(['  A       B', '  longer  x\\u{1b}', '  ñ']);
  });
});

describe('color', () => {
  const colorOf = (env: NodeJS.ProcessEnv, tty: boolean): string =>
    palette(openTerminal(fakeHost([], { tty }).host, env).err).red('x');

  it('is used on terminals, unless NO_COLOR or TERM=dumb is set', () => {
    expect(colorOf({}, true)).toBe('\u001b[31mx\u001b[39m');
    expect(colorOf({}, false)).toBe('x');
    expect(colorOf({ NO_COLOR: '1' }, true)).toBe('x');
    expect(colorOf({ NO_COLOR: '' }, true)).not.toBe('x');
    expect(colorOf({ TERM: 'dumb' }, true)).toBe('x');
    expect(colorOf({ FORCE_COLOR: '3', CI: '1' }, false)).toBe('x');
  });
});
