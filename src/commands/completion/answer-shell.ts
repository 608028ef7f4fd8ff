import { bashReplacement, parseBashLine } from './bash-line.ts';
import type { CommandDescription } from '../../cli/command-description.ts';
import type { CandidateSource } from '../../cli/value-candidates.ts';
import { completeLine, type Candidate } from './complete-line.ts';

/** Where completion gets its data. `words` are the words up to the cursor, starting with the name of the program. */
export interface CompletionSources {
  /** Describes the program, including the options of the command in `words`. */
  describe(words: readonly string[]): Promise<CommandDescription>;
  lookUp(source: CandidateSource, words: readonly string[]): Promise<readonly Candidate[]>;
}

/**
 * The answer to a completion script, as lines. The first line is `words`, `files`, `folders` or `command`, followed by the part of the current
 * word to keep (`--definition=`) or, for `command`, by the index of the word where the other command starts. After `words`, there is one line
 * per candidate, in the format of that shell's script. `args` are the arguments of the script: for bash, its word breaks and the line up to
 * the cursor; for other shells, the words up to the cursor. PowerShell puts a `=` before each word.
 */
export async function answerShell(
  shell: string,
  args: readonly string[],
  sources: CompletionSources,
): Promise<readonly string[]> {
  if (shell === 'bash') {
    const [breaks = '', line = ''] = args;
    const parsed = parseBashLine(line, breaks);
    const words = parsed.words[0] === 'npx' ? parsed.words.slice(1) : parsed.words;
    const { first, candidates, prefix } = await findCandidates(words, sources);
    const replacements = candidates.flatMap(({ value }) => {
      const word = prefix + value;
      return word.startsWith(words.at(-1) ?? '') ? (bashReplacement(word, parsed) ?? []) : [];
    });
    return [first, ...replacements];
  }
  const words = shell === 'powershell' ? args.map((word) => word.slice(1)) : args;
  const { first, candidates, prefix } = await findCandidates(words, sources);
  if (shell === 'zsh') return [first, ...candidates.map(zshLine)];
  // fish filters by itself, and matches more than prefixes.
  const matching = candidates.filter(
    ({ value }) => shell === 'fish' || `${prefix}${value}`.startsWith(words.at(-1) ?? ''),
  );
  return [first, ...matching.map(({ value, description = '' }) => `${prefix}${value}\t${description}`)];
}

// `_describe` splits at the first colon and removes one level of backslashes.
function zshLine({ value, description }: Candidate): string {
  const escaped = value.replace(/[\\:]/g, '\\$&');
  return description === undefined || description === '' ? escaped : `${escaped}:${description}`;
}

interface ShellAnswer {
  readonly first: string;
  readonly prefix: string;
  readonly candidates: readonly Candidate[];
}

async function findCandidates(words: readonly string[], sources: CompletionSources): Promise<ShellAnswer> {
  const completion = completeLine(await sources.describe(words), words);
  if (completion.kind === 'command') return { first: `command ${completion.at}`, prefix: '', candidates: [] };
  const { prefix } = completion;
  if (completion.kind === 'words') return { first: `words ${prefix}`, prefix, candidates: completion.candidates };
  if (completion.kind === 'files' || completion.kind === 'folders')
    return { first: `${completion.kind} ${prefix}`, prefix, candidates: [] };
  return { first: `words ${prefix}`, prefix, candidates: await sources.lookUp(completion.kind, words) };
}
