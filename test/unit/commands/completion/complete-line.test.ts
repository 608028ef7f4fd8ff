import { beforeAll, describe, expect, it } from 'vitest';
import { bashReplacement, parseBashLine } from '../../../../src/commands/completion/bash-line.ts';
import type { CommandDescription } from '../../../../src/cli/command-description.ts';
import { completeLine, type Completion } from '../../../../src/commands/completion/complete-line.ts';
import { describeAllCommands } from '../../../../src/bin/describe-commands.ts';

let program: CommandDescription;

beforeAll(async () => {
  const bare = { description: '', usage: '', arguments: [], options: [], helpAfter: '', passThrough: false };
  program = { ...bare, name: 'kuflow', summary: '', commands: await describeAllCommands() };
});

const at = (line: string): Completion => completeLine(program, ['kuflow', ...line.split(' ')]);
const values = (line: string): readonly string[] => {
  const wanted = at(line);
  return wanted.kind === 'words' ? wanted.candidates.map(({ value }) => value) : [wanted.kind];
};

describe('what may stand at the cursor', () => {
  it('is a command, and below a command with commands one of these', () => {
    expect(values('')).toEqual(expect.arrayContaining(['create', 'dev', 'processes', 'completion']));
    expect(values('dev ')).toEqual(expect.arrayContaining(['exec', 'simulate', 'env']));
    expect(values('dev ')).not.toContain('demo');
    expect(values('dev --state-dir here ')).toContain('exec');
  });

  it('is an option, each once unless it may be given again, and none of what is for another command', () => {
    expect(values('create --')).toEqual(expect.arrayContaining(['--definition', '--no-git', '--help']));
    expect(values('create --local --')).not.toContain('--local');
    expect(values('create --task A --')).toContain('--task');
    expect(values('create --')).not.toContain('--state-dir');
  });

  it.each([
    ['create --package-manager ', 'npm'],
    ['create folder --package-manager=', 'npm'],
    ['completion ', 'fish'],
    ['create --definition ', 'files'],
    ['create --definition=', 'files'],
    ['create --overwrite ', 'files'],
    ['create ', 'folders'],
    ['dev exec --state-dir ', 'folders'],
    ['processes show ', 'processes'],
    ['processes show --json ', 'processes'],
    ['create --process ', 'processes'],
    ['dev simulate ', 'processes'],
    ['processes list --profile ', 'profiles'],
    ['credentials pull --profile=', 'profiles'],
    ['logout --profile ', 'profiles'],
    ['profiles --default ', 'profiles'],
    ['add task --process ', 'own-processes'],
    ['add process ', 'processes'],
    ['add task X --after ', 'tasks'],
    ['add task X --after=', 'tasks'],
    ['create --task A --task-schema A=', 'files'],
    ['create --task-schema=A=', 'files'],
    ['doctor explain ', 'checks'],
    ['doctor --skip ', 'checks'],
  ])('after %j is a value of its kind: %s', (line, kind) => {
    expect(values(line)).toContain(kind);
  });

  it.each([
    'create --client-id ',
    'create --task ',
    'create --task-order ',
    'processes show A ',
    'dev --port ',
    'create --task-schema ',
    'dev history ',
    'doctor --process ',
    'create --json=',
    'nothing ',
  ])('after %j is nothing that could be known', (line) => expect(values(line)).toEqual([]));

  it('is one more of a list, and a file behind what it is for', () => {
    expect(at('doctor --only A,B,C')).toEqual({ kind: 'checks', prefix: 'A,B,' });
    expect(at('doctor --only=A,')).toEqual({ kind: 'checks', prefix: '--only=A,' });
    expect(at('create --task-schema A=b')).toEqual({ kind: 'files', prefix: 'A=' });
    expect(at('create --task-schema=A=b')).toEqual({ kind: 'files', prefix: '--task-schema=A=' });
  });

  it('is the line of another command behind --, or behind the first word of exec', () => {
    expect(at('dev exec -- ')).toEqual({ kind: 'command', at: 4 });
    expect(at('dev exec --port 1 -- npm ru')).toEqual({ kind: 'command', at: 6 });
    expect(at('dev exec npm ru')).toEqual({ kind: 'command', at: 3 });
    expect(at('dev simulate LOAN -- npm --')).toEqual({ kind: 'command', at: 5 });
  });
});

const BREAKS = ' \t\n"\'@><=;|&(:';

describe('a line of bash', () => {
  it.each([
    ['kuflow create --language=ty', ['kuflow', 'create', '--language=ty'], '--language=', ''],
    ['kuflow "a b" \'c d\' e\\ f ', ['kuflow', 'a b', 'c d', 'e f', ''], '', ''],
    ['kuflow "a$(touch x)\\"', ['kuflow', 'a$(touch x)"'], '', '"'],
    ["kuflow 'a\\", ['kuflow', 'a\\'], '', "'"],
    ['kuflow a:b\\:c', ['kuflow', 'a:b:c'], 'a:', ''],
  ])('%j is taken apart without running anything', (line, words, kept, quote) => {
    expect(parseBashLine(line, BREAKS)).toEqual({ words, kept, quote });
  });

  it('gets back what it keeps apart from, escaped as its quotes ask', () => {
    const given = (value: string, line: string): string | undefined =>
      bashReplacement(value, parseBashLine(line, BREAKS));
    expect(given('a b$(x)`y`!', 'kuflow a')).toBe('a\\ b\\$\\(x\\)\\`y\\`\\!');
    expect(given('a b$(x)', 'kuflow "a')).toBe('a b\\$(x)');
    expect(given('a b$(x)', "kuflow 'a")).toBe('a b$(x)');
    expect(given('x:y z', 'kuflow x:')).toBe('y\\ z');
    expect(given("it's", "kuflow 'i")).toBeUndefined();
    expect(given('a!b', 'kuflow "a')).toBeUndefined();
    expect(given('~root é', 'kuflow ')).toBe('\\~root\\ é');
  });
});
