export type ProblemCode =
  'missing' | 'invalid' | 'placeholder' | 'unreadable' | 'conflict' | 'mixed-credentials' | 'endpoint-mismatch';

/** One problem with the settings. Never contains the value of a secret. */
export interface SettingsProblem {
  readonly key: string;
  readonly code: ProblemCode;
  /** Where the value is set (`application.yaml`, an environment variable), or where it can be set. */
  readonly source: string;
  readonly expected: string;
}

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly SettingsProblem[];

  constructor(problems: readonly SettingsProblem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

function formatProblem({ key, source, code, expected }: SettingsProblem): string {
  return `${key} (${source}): ${code === 'missing' ? 'missing' : 'expected'} ${expected}`;
}
