import type { CommandDescription, OptionDescription, ValueDescription } from '../../cli/command-description.ts';
import type { CandidateSource } from '../../cli/value-candidates.ts';

/** A word that can be inserted at the cursor. */
export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

/**
 * What to complete at the cursor. `prefix` is the part of the word to keep, e.g. `--definition=`.
 * `command`: another command starts at word `at`; the name of this program is word 0.
 */
export type Completion =
  | { readonly kind: 'words'; readonly prefix: string; readonly candidates: readonly Candidate[] }
  | { readonly kind: CandidateSource | 'files' | 'folders'; readonly prefix: string }
  | { readonly kind: 'command'; readonly at: number };

/** How to complete the last of `words`. The first word is the name of the program; shell quotes are already removed. */
export function completeLine(program: CommandDescription, words: readonly string[]): Completion {
  const current = words.at(-1) ?? '';
  const before = words.slice(1, -1);
  let command = program;
  let parent: CommandDescription | undefined;
  let operands = 0;
  let onlyOperands = false;
  const used = new Set<string>();
  for (let at = 0; at < before.length; at++) {
    const word = before[at] ?? '';
    if (onlyOperands) {
      operands += 1;
      continue;
    }
    if (word === '--') {
      if (runsOtherCommand(command)) return { kind: 'command', at: at + 2 };
      onlyOperands = true;
    } else if (word.startsWith('-') && word !== '-') {
      const option = findOption(command, word);
      used.add(option?.long ?? word);
      const takesNext = option !== undefined && option.value !== 'none' && !word.includes('=');
      if (!takesNext) continue;
      if (at === before.length - 1) return completeOptionValue(option, '', current);
      at += 1;
    } else {
      const child = operands === 0 ? command.commands.find(({ name }) => name === word) : undefined;
      if (child === undefined) {
        if (command.passThrough) return { kind: 'command', at: at + 1 };
        operands += 1;
      } else [parent, command] = [command, child];
    }
  }
  if (!onlyOperands && current.startsWith('-')) return completeOption(command, current, used);
  if (command.passThrough) return { kind: 'command', at: words.length - 1 };
  if (operands === 0 && command.commands.length > 0) return completeWords(command.commands.map(toCandidate));
  if (command.name === 'help' && parent !== undefined && operands === 0)
    return completeWords(parent.commands.filter(({ name }) => name !== 'help').map(toCandidate));
  const argument = findArgument(command, operands);
  if (argument === undefined) return completeWords([]);
  return completeValue(argument, argument.name, '');
}

const completeWords = (candidates: readonly Candidate[], prefix = ''): Completion => ({
  kind: 'words',
  prefix,
  candidates,
});

const toCandidate = ({ name, summary, description }: CommandDescription): Candidate => ({
  value: name,
  description: summary === '' ? description : summary,
});

/** Whether the words after `--` are another command, which is the case if the last argument is variadic. */
function runsOtherCommand(command: CommandDescription): boolean {
  return command.arguments.at(-1)?.variadic === true;
}

function findArgument(
  command: CommandDescription,
  operands: number,
): CommandDescription['arguments'][number] | undefined {
  const last = command.arguments.at(-1);
  const argument = command.arguments[operands] ?? (last?.variadic === true ? last : undefined);
  // An optional command comes only after `--`.
  return argument?.name === 'command' && !argument.required ? undefined : argument;
}

function findOption(command: CommandDescription, word: string): OptionDescription | undefined {
  const name = word.split('=', 1)[0];
  return command.options.find(({ long, short }) => long === name || short === name);
}

function completeOption(command: CommandDescription, current: string, used: ReadonlySet<string>): Completion {
  if (current.includes('=')) {
    const option = findOption(command, current);
    if (option === undefined || option.value === 'none') return completeWords([]);
    const prefix = current.slice(0, current.indexOf('=') + 1);
    return completeOptionValue(option, prefix, current.slice(prefix.length));
  }
  const candidates = command.options
    .filter(({ long, short, repeatable }) => repeatable || !used.has(long ?? short ?? ''))
    .map(({ long, short, description }) => ({ value: long ?? short ?? '', description }));
  return completeWords(candidates);
}

/** `prefix` is the part of the word before the value, `value` the part of the value that is already typed. */
function completeOptionValue(option: OptionDescription, prefix: string, value: string): Completion {
  const { valueName } = option;
  if (valueName === 'code=file') {
    const equals = value.indexOf('=') + 1;
    return equals > 0 ? { kind: 'files', prefix: prefix + value.slice(0, equals) } : completeWords([]);
  }
  // In a list, complete the last entry.
  const complete = valueName === 'ids' ? value.lastIndexOf(',') + 1 : 0;
  return completeValue(option, valueName, prefix + value.slice(0, complete));
}

/** `name` is the name of the value in the help, which tells whether it is a path. */
function completeValue(
  { choices, candidates = choices }: ValueDescription,
  name: string | undefined,
  prefix: string,
): Completion {
  if (typeof candidates === 'string') return { kind: candidates, prefix };
  if (candidates !== undefined)
    return completeWords(
      candidates.map((value) => ({ value })),
      prefix,
    );
  if (name === 'file' || name === 'path') return { kind: 'files', prefix };
  if (name === 'folder') return { kind: 'folders', prefix };
  return completeWords([], prefix);
}

/** The value of an option on the command line; undefined if it is not there. */
export function optionValue(words: readonly string[], option: string): string | undefined {
  const joined = words.find((word) => word.startsWith(`${option}=`));
  if (joined !== undefined) return joined.slice(option.length + 1);
  const index = words.indexOf(option);
  return index === -1 ? undefined : words[index + 1];
}
