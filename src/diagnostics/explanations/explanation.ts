/**
 * What to do, with `<name>` for what a finding fills in, and `<kuflow>`, `<install>`, `<check>` for how a person starts things here.
 * `command` can be pasted once it is filled in.
 */
export interface ExplainedStep {
  readonly text: string;
  readonly command?: string;
  /** Only where settings give the certificate, or only where KuFlow issues it. */
  readonly certificate?: 'given' | 'issued';
}

export interface ExplainedCause {
  readonly verdict: 'fail' | 'warn' | 'unknown';
  /** What was seen when this is the cause, one sentence. */
  readonly when: string;
  readonly steps: readonly ExplainedStep[];
}

/** What a check looks at, and every cause that it can name. */
export interface Explanation {
  readonly looksAt: string;
  /** By the cause's permanent code. */
  readonly causes: Readonly<Record<string, ExplainedCause>>;
  /** Codes of causes that another check explains, by its id. */
  readonly alsoOf?: Readonly<Record<string, readonly string[]>>;
}

type MakeCause = (when: string, ...steps: readonly (ExplainedStep | string)[]) => ExplainedCause;

const cause =
  (verdict: ExplainedCause['verdict']): MakeCause =>
  (when, ...steps) => ({
    verdict,
    when,
    steps: steps.map((step) => (typeof step === 'string' ? { text: step } : step)),
  });

export const fails = cause('fail');
export const warns = cause('warn');
/** Says nothing definite about this set-up: a time-out, a server that is busy. */
export const unclear = cause('unknown');
