import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { mdCode, mdText } from '../../../src/base/markdown.ts';
import { projectNameProblem, toProjectName } from '../../../src/languages/project-name.ts';
import { hasControlCharacters } from '../../../src/base/escape.ts';
import {
  cmdWord,
  joinCommands,
  killCommand,
  scriptPath,
  shellAssignment,
  shellWord,
  userShell,
  WORDS,
} from '../../../src/base/shell.ts';
import { yamlString } from '../../../src/base/escape.ts';
import { anyText, HOSTILE } from './hostile.ts';

describe('npm names', () => {
  it.each([
    ['', 'is empty'],
    ['Loan', 'uppercase'],
    [' loan', 'space'],
    ['.loan', 'starts with'],
    ['_loan', 'starts with'],
    ['lo an', 'characters'],
    ['../x', 'starts with'],
    ['a/b', 'characters'],
    ['@kuflow/', 'empty'],
    ['node_modules', 'Node.js or npm'],
    ['fs', 'Node.js or npm'],
    ['x'.repeat(215), 'longer'],
  ])('rejects %j', (name, reason) => {
    expect(projectNameProblem(name)).toContain(reason);
  });

  it('accepts every generated name', () => {
    expect(projectNameProblem('loan-worker')).toBeUndefined();
    expect(projectNameProblem('@acme/loan.worker')).toBeUndefined();
    expect(toProjectName('My Loan Worker')).toBe('my-loan-worker');
    expect(toProjectName('fs!')).toBe('fs-worker');
    for (const text of HOSTILE) expect(projectNameProblem(toProjectName(text))).toBeUndefined();
    fc.assert(fc.property(anyText, (text) => projectNameProblem(toProjectName(text)) === undefined));
  });
});

describe('yamlString', () => {
  it('parses to the same value, also next to other keys', () => {
    const check = (text: string): void => {
      expect(parse(`a: ${yamlString(text)}\nb: [${yamlString(text)}, 1] # end`)).toEqual({ a: text, b: [text, 1] });
    };
    for (const text of HOSTILE) check(text);
    fc.assert(fc.property(anyText, check), { numRuns: 300 });
  });
});

describe.skipIf(process.platform === 'win32')('shellWord (needs a POSIX shell)', () => {
  it('passes the text to the program unchanged', () => {
    const texts = [
      ...HOSTILE.filter((text) => text.length < 5000),
      '~',
      '~root',
      '-n',
      'A=b',
      '*',
      '$(id)',
      '!!',
      'a b',
      '#x',
      '&',
      ';',
      '-n\u202e',
      "%d'\\101\u009b\n x",
    ].filter((text) => !/\p{Cs}/u.test(text) && !text.includes('\0'));
    const script = `for word in ${texts.map(shellWord).join(' ')}; do printf '%s\\0' "$word"; done`;
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(texts);
    expect(shellWord('a\0b')).toBe('ab');
    expect(shellWord("-'%s\\n\u009b2J\u202eé")).toBe(`"$(printf '\\055\\047%%s\\134n\\302\\2332J\\342\\200\\256é')"`);
    for (const text of texts.filter((one) => !one.endsWith('\n')))
      expect(hasControlCharacters(shellWord(text)), text).toBe(false);
    expect(shellWord('--task')).toBe('--task');
    expect(shellWord('A=b')).toBe('A=b');
  });
});

describe('Markdown', () => {
  it('never turns text into markup', () => {
    expect(mdText('Loan application - step 1.')).toBe('Loan application - step 1.');
    expect(mdText('# x')).toBe('\\# x');
    expect(mdText('1. x')).toBe('1\\. x');
    expect(mdText('a|b\nc')).toBe('a\\|b c');
    expect(mdText('<script>')).toBe('&lt;script\\>');
    expect(mdText('[x](javascript:y)')).toBe('\\[x\\](javascript:y)');
    expect(mdText('https://example.com')).toBe('https\\://example.com');
    expect(mdText('a_b *c*')).toBe('a\\_b \\*c\\*');
  });

  it('formats code that ends in the right place', () => {
    expect(mdCode('LOAN_APPLICATION')).toBe('`LOAN_APPLICATION`');
    expect(mdCode('a`b|c')).toBe('<code>a&#96;b&#124;c</code>');
    fc.assert(fc.property(anyText, (text) => /^`[^`|\n]+`$|^<code>[\w &#;]*<\/code>$/u.test(mdCode(text))));
  });
});

describe('cmdWord', () => {
  it('quotes a text for a batch file, and rejects what cannot be quoted', () => {
    expect(cmdWord('file:../a %PATH% & b.tgz')).toBe('"file:../a %%PATH%% & b.tgz"');
    for (const text of ['a"b', 'a\nb']) expect(() => cmdWord(text), text).toThrow();
  });
});

describe('printed commands', () => {
  const SYSTEM = String.raw`C:\Program Files\WindowsPowerShell\Modules;C:\WINDOWS\system32\WindowsPowerShell\v1.0\Modules`;

  it.each([
    ['posix', 'linux', { PSModulePath: '/home/me/.local/share/powershell/Modules' }],
    ['cmd', 'win32', { PSModulePath: SYSTEM }],
    ['cmd', 'win32', {}],
    ['posix', 'win32', { MSYSTEM: 'MINGW64', PSModulePath: SYSTEM }],
    ['powershell', 'win32', { PSModulePath: String.raw`C:\Users\me\Documents\WindowsPowerShell\Modules;${SYSTEM}` }],
    ['powershell', 'win32', { PSMODULEPATH: String.raw`D:\OneDrive - Acme\Dokumente\PowerShell\Modules;${SYSTEM}` }],
  ] as const)('are for %s on %s with the environment %j', (shell, platform, env) => {
    expect(userShell(env, platform)).toBe(shell);
  });

  it.each([
    ['LOAN', 'LOAN', 'LOAN'],
    ['--task', '--task', '--task'],
    [String.raw`C:\w\loan`, String.raw`C:\w\loan`, String.raw`C:\w\loan`],
    ['a b', `'a b'`, '"a b"'],
    ['', `''`, '""'],
    ["it's", `'it''s'`, `"it's"`],
    ['$(id) `x`', "'$(id) `x`'", '"$(id) `x`"'],
    ['a,b', `'a,b'`, '"a,b"'],
    ['@x', `'@x'`, '@x'],
    ['-Da.b=c', `'-Da.b=c'`, '"-Da.b=c"'],
    ['it’s', `'it’’s'`, '"it’s"'],
    ['50%', `'50%'`, '^"50^%^"'],
    ['say "hi" & go', `'say "hi" & go'`, String.raw`^"say \^"hi\^" ^& go^"`],
    [String.raw`C:\my files\ `.trim(), String.raw`'C:\my files\'`, String.raw`"C:\my files\\"`],
    ['a\u001b"$', '"a$([char]::ConvertFromUtf32(27))`"`$"', String.raw`^"a\u{1b}\^"$^"`],
  ])('quote %j for PowerShell and cmd.exe', (text, powershell, cmd) => {
    expect([WORDS.powershell(text), WORDS.cmd(text)]).toEqual([powershell, cmd]);
    expect(WORDS.powershell(`${text}\0`)).toBe(powershell);
  });

  it('set variables', () => {
    expect(shellAssignment('A', "it's", 'posix')).toBe(`export A='it'\\''s'`);
    expect(shellAssignment('A', "it's", 'powershell')).toBe(`$env:A = 'it''s'`);
    expect(shellAssignment('A', 'a & "b"', 'cmd')).toBe('set "A=a & "b""');
  });

  it('run in order, each only if the previous one succeeded', () => {
    expect(joinCommands(['a', 'b', 'c'], 'posix')).toBe('a && b && c');
    expect(joinCommands(['a', 'b', 'c'], 'cmd')).toBe('a && b && c');
    expect(joinCommands(['a', 'b', 'c'], 'powershell')).toBe('a; if ($?) { b; if ($?) { c } }');
  });

  it('name scripts as each shell finds them', () => {
    expect(scriptPath('kuflow', '', 'posix')).toBe('./kuflow');
    expect(scriptPath('kuflow', '..\\..', 'posix')).toBe('../../kuflow');
    for (const shell of ['cmd', 'powershell'] as const) {
      expect(scriptPath('kuflow', '', shell)).toBe('.\\kuflow.cmd');
      expect(scriptPath('kuflow', '..', shell)).toBe('..\\kuflow.cmd');
    }
  });

  it('end a process in every shell', () => {
    expect(killCommand(12, 'linux')).toBe('kill 12');
    expect(killCommand(12, 'win32')).toBe('taskkill -F -PID 12');
  });
});
