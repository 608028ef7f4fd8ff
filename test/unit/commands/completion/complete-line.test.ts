import { beforeAll, describe, expect, it } from 'vitest';
import { bashReplacement, parseBashLine } from '../../../../src/commands/completion/bash-line.ts';
import type { CommandDescription } from '../../../../src/cli/command-description.ts';
import { completeLine, type Completion } from '../../../../src/commands/completion/complete-line.ts';
import { describedProgram } from '../../../support/described-program.ts';

let program: CommandDescription;

beforeAll(async () => {
  program = await describedProgram();
});

const at = (line: string): Completion => completeLine(program, ['kuflow', ...line.split(' ')]);
const values = (line: string): readonly string[] => {
  const wanted = at(line);
  return wanted.kind === 'words' ? wanted.candidates.map(({ value }) => value) : [wanted.kind];
};

describe('completion at the cursor', () => {
  it('offers commands and subcommands', () => {
    expect(values('')).toEqual(expect.arrayContaining(['create', 'dev', 'definitions', 'completion']));
    expect(values('dev ')).toEqual(expect.arrayContaining(['exec', 'simulate', 'env']));
    expect(values('dev ')).not.toContain('demo');
    expect(values('dev --state-dir here ')).toContain('exec');
  });

  it('offers the options of the command, each once unless it is repeatable', () => {
    expect(values('create --')).toEqual(expect.arrayContaining(['--definition', '--no-git', '--help']));
    expect(values('create --local --')).not.toContain('--local');
    expect(values('create --task A --')).toContain('--task');
    expect(values('create --')).not.toContain('--state-dir');
  });

  it.each([
    ['create --package-manager ', 'npm'],
    ['create folder --package-manager=', 'npm'],
    ['completion ', 'fish'],
    ['docs ', 'docs-topics'],
    ['create --definition ', 'files'],
    ['create --definition=', 'files'],
    ['create --overwrite ', 'files'],
    ['create ', 'folders'],
    ['dev exec --state-dir ', 'folders'],
    ['definitions show ', 'processes'],
    ['definitions show --json ', 'processes'],
    ['create --process ', 'processes'],
    ['dev simulate ', 'processes'],
    ['definitions list --profile ', 'profiles'],
    ['credentials pull --profile=', 'profiles'],
    ['logout --profile ', 'profiles'],
    ['profiles --default ', 'profiles'],
    ['add task --process ', 'project-processes'],
    ['add process ', 'processes'],
    ['add task X --after ', 'project-tasks'],
    ['add task X --after=', 'project-tasks'],
    ['create --task A --task-schema A=', 'files'],
    ['create --task-schema=A=', 'files'],
    ['process start ', 'served-processes'],
    ['process list ', 'served-processes'],
    ['process list --state ', 'canceled'],
    ['process show ', 'process-ids'],
    ['process cancel ', 'running-process-ids'],
    ['doctor --process ', 'process-ids'],
    ['task list ', 'served-tasks'],
    ['task list --process ', 'process-ids'],
    ['dev history ', 'process-ids'],
    ['task list APPLY --process=', 'process-ids'],
    ['task list --state ready --state=', 'claimed'],
    ['task show ', 'task-ids'],
    ['task complete ', 'open-task-ids'],
    ['task complete --as ', 'users'],
    ['task assign latest ', 'users'],
    ['task save ', 'open-task-ids'],
    ['doctor explain ', 'checks'],
    ['doctor --skip ', 'checks'],
  ])('offers values after %j: %s', (line, kind) => {
    expect(values(line)).toContain(kind);
  });

  it.each([
    'create --client-id ',
    'create --task ',
    'create --task-order ',
    'definitions show A ',
    'process show latest ',
    'task complete --data=x latest ',
    'dev --port ',
    'create --task-schema ',
    'create --json=',
    'nothing ',
  ])('offers nothing after %j', (line) => expect(values(line)).toEqual([]));

  it.each(['process', 'task'])('offers IDs for every <id> of kuflow %s', (name) => {
    const { commands = [] } = program.commands.find((command) => command.name === name) ?? {};
    const ids = commands.flatMap((command) => command.arguments).filter((argument) => argument.name === 'id');
    expect(ids.length).toBeGreaterThan(1);
    for (const { candidates } of ids) expect(candidates).toMatch(new RegExp(`(?:^|-)${name}-ids$`));
  });

  it('completes the last entry of a list, and a file after <code>=', () => {
    expect(at('doctor --only A,B,C')).toEqual({ kind: 'checks', prefix: 'A,B,' });
    expect(at('doctor --only=A,')).toEqual({ kind: 'checks', prefix: '--only=A,' });
    expect(at('create --task-schema A=b')).toEqual({ kind: 'files', prefix: 'A=' });
    expect(at('create --task-schema=A=b')).toEqual({ kind: 'files', prefix: '--task-schema=A=' });
  });

  it('completes another command after --, or after the first word of exec', () => {
    expect(at('dev exec -- ')).toEqual({ kind: 'command', at: 4 });
    expect(at('dev exec --port 1 -- npm ru')).toEqual({ kind: 'command', at: 6 });
    expect(at('dev exec npm ru')).toEqual({ kind: 'command', at: 3 });
    expect(at('dev simulate LOAN -- npm --')).toEqual({ kind: 'command', at: 5 });
  });
});

const BREAKS = ' \t\n"\'@><=;|&(:';

describe('a bash command line', () => {
  it.each([
    ['kuflow create --language=ty', ['kuflow', 'create', '--language=ty'], '--language=', ''],
    ['kuflow "a b" \'c d\' e\\ f ', ['kuflow', 'a b', 'c d', 'e f', ''], '', ''],
    ['kuflow "a$(touch x)\\"', ['kuflow', 'a$(touch x)"'], '', '"'],
    ["kuflow 'a\\", ['kuflow', 'a\\'], '', "'"],
    ['kuflow a:b\\:c', ['kuflow', 'a:b:c'], 'a:', ''],
  ])('is split without running anything: %j', (line, words, kept, quote) => {
    expect(parseBashLine(line, BREAKS)).toEqual({ words, kept, quote });
  });

  it('gets replacements that are escaped for its quotes', () => {
    const replacement = (value: string, line: string): string | undefined =>
      bashReplacement(value, parseBashLine(line, BREAKS));
    expect(replacement('a b$(x)`y`!', 'kuflow a')).toBe('a\\ b\\$\\(x\\)\\`y\\`\\!');
    expect(replacement('a b$(x)', 'kuflow "a')).toBe('a b\\$(x)');
    expect(replacement('a b$(x)', "kuflow 'a")).toBe('a b$(x)');
    expect(replacement('x:y z', 'kuflow x:')).toBe('y\\ z');
    expect(replacement("it's", "kuflow 'i")).toBeUndefined();
    expect(replacement('a!b', 'kuflow "a')).toBeUndefined();
    expect(replacement('~root é', 'kuflow ')).toBe('\\~root\\ é');
  });
});
