export type ProblemCode =
  'missing' | 'invalid' | 'placeholder' | 'unreadable' | 'conflict' | 'mixed-credentials' | 'endpoint-mismatch';

/** One thing to put right. Values of secrets are never part of it. */
export interface SettingsProblem {
  readonly key: string;
  readonly code: ProblemCode;
  /** Where the value stands (`application.yaml`, an environment variable) or where it could be given. */
  readonly source: string;
  readonly expected: string;
}

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly SettingsProblem[];

  constructor(problems: readonly SettingsProblem[]) {
    super(problems.map(lineOf).join('\n'));
    this.problems = problems;
  }
}

function lineOf({ key, source, code, expected }: SettingsProblem): string {
  return `${key} (${source}): ${code === 'missing' ? 'missing' : 'expected'} ${expected}`;
}
