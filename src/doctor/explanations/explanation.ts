/** What to do, with `<name>` for what a finding fills in. `command` can be pasted once it is filled in. */
export interface ExplainedStep {
  readonly text: string;
  readonly command?: string;
}

export interface ExplainedCause {
  readonly verdict: 'fail' | 'warn' | 'unknown';
  /** What was seen when this is the cause, one sentence. */
  readonly when: string;
  readonly steps: readonly ExplainedStep[];
}

/** What a check looks at, and every cause that it names by itself. */
export interface Explanation {
  readonly looksAt: string;
  /** By the cause's permanent code. */
  readonly causes: Readonly<Record<string, ExplainedCause>>;
}

export const fails = (when: string, ...steps: readonly (ExplainedStep | string)[]): ExplainedCause =>
  cause('fail', when, steps);
export const warns = (when: string, ...steps: readonly (ExplainedStep | string)[]): ExplainedCause =>
  cause('warn', when, steps);

function cause(
  verdict: ExplainedCause['verdict'],
  when: string,
  steps: readonly (ExplainedStep | string)[],
): ExplainedCause {
  return { verdict, when, steps: steps.map((step) => (typeof step === 'string' ? { text: step } : step)) };
}
