/** Options and commands of other tools, by the path of the command here, and what to use instead. `<kuflow>` is how the user calls this program. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['status', 'List the processes: <kuflow> process list'],
  ['add task --kind', 'The kind follows the code: <kuflow> add task REVIEW:system'],
  ['add action --type', 'The type follows the code: <kuflow> add action REPORT:downloadable'],
  ['dev status', 'Check the local KuFlow and your worker: <kuflow> doctor --local'],
  ['dev fault', 'Faults are in the console: <kuflow> dev open faults'],
  ['dev faults', 'Faults are in the console: <kuflow> dev open faults'],
]);

/** What to use instead of a word that a command does not have, as a step of advice. */
export function adviceForWord(path: readonly string[], word: string, invocation: string): string | undefined {
  return INSTEAD.get([...path, word].join(' '))?.replace('<kuflow>', invocation);
}

/** The option here that corresponds to an option of other tools: `--no-install` for `--skip-install`, `--json` for `--format`. */
export function sameOption(unknown: string, known: readonly string[]): string | undefined {
  const negated = /^--(?:skip|without|disable)-(.+)$/.exec(unknown)?.[1];
  const same = negated === undefined ? { '--format': '--json', '--output': '--json' }[unknown] : `--no-${negated}`;
  return same !== undefined && known.includes(same) ? same : undefined;
}
