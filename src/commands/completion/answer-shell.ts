import { bashReplacement, parseBashLine } from './bash-line.ts';
import type { CommandDescription } from '../../cli/command-description.ts';
import { completeLine, type Candidate, type DynamicKind } from './complete-line.ts';

/** What completion is made from; both are asked with the words up to the cursor, the program's name first. */
export interface CompletionSources {
  /** The program, with the command that the words call described in full. */
  describe(words: readonly string[]): Promise<CommandDescription>;
  lookUp(kind: DynamicKind, words: readonly string[]): Promise<readonly Candidate[]>;
}

/**
 * The answer to a completion script, line by line. First `words`, `files`, `folders` or `command`, and what belongs to it: the part of the
 * word that stays (`--definition=`), or where the other command starts. Behind `words` one line for each that may stand at the cursor, in
 * the form that the shell's script wants. `given` is what the script gave: of bash its word breaks and the line up to the cursor, of the
 * others the words up to the cursor, in PowerShell each behind a mark.
 */
export async function answerShell(
  shell: string,
  given: readonly string[],
  sources: CompletionSources,
): Promise<readonly string[]> {
  if (shell === 'bash') {
    const [breaks = '', line = ''] = given;
    const parsed = parseBashLine(line, breaks);
    const words = parsed.words[0] === 'npx' ? parsed.words.slice(1) : parsed.words;
    const { first, candidates, prefix } = await findCandidates(words, sources);
    const replacements = candidates.flatMap(({ value }) => {
      const whole = prefix + value;
      return whole.startsWith(words.at(-1) ?? '') ? (bashReplacement(whole, parsed) ?? []) : [];
    });
    return [first, ...replacements];
  }
  const words = shell === 'powershell' ? given.map((word) => word.slice(1)) : given;
  const { first, candidates, prefix } = await findCandidates(words, sources);
  if (shell === 'zsh') return [first, ...candidates.map(zshLine)];
  // fish finds by more than the beginning, and does so itself.
  const shown = candidates.filter(
    ({ value }) => shell === 'fish' || `${prefix}${value}`.startsWith(words.at(-1) ?? ''),
  );
  return [first, ...shown.map(({ value, description = '' }) => `${prefix}${value}\t${description}`)];
}

// `_describe` splits at the first colon and drops one level of backslashes.
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
  const wanted = completeLine(await sources.describe(words), words);
  if (wanted.kind === 'command') return { first: `command ${wanted.at}`, prefix: '', candidates: [] };
  const { prefix } = wanted;
  if (wanted.kind === 'words') return { first: `words ${prefix}`, prefix, candidates: wanted.candidates };
  if (wanted.kind === 'files' || wanted.kind === 'folders')
    return { first: `${wanted.kind} ${prefix}`, prefix, candidates: [] };
  return { first: `words ${prefix}`, prefix, candidates: await sources.lookUp(wanted.kind, words) };
}
