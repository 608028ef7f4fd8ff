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

export const LOG_FORMATS = ['json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly SettingsProblem[];
  /** How to log this error, if it is set. */
  readonly logFormat: LogFormat | undefined;

  constructor(problems: readonly SettingsProblem[], logFormat?: LogFormat) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
    this.logFormat = logFormat;
  }
}

function formatProblem({ key, source, code, expected }: SettingsProblem): string {
  return `${key} (${source}): ${code === 'missing' ? 'missing' : 'expected'} ${expected}`;
}
