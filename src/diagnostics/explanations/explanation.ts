/**
 * Advice with `<name>` placeholders that a finding fills in, and `<kuflow>`, `<install>`, `<check>`, `<start>` for commands that depend on
 * the folder. Once filled in, `command` can be pasted into a shell.
 */
export interface AdviceTemplate {
  readonly text: string;
  readonly command?: string;
  /** Applies only if the settings give the certificate, or only if KuFlow issues it. */
  readonly certificate?: 'given' | 'issued';
  /** Applies only to this part of the engine certificate. */
  readonly part?: 'cert' | 'key' | 'ca';
}

export interface ExplainedCause {
  readonly verdict: 'fail' | 'warn' | 'unknown';
  /** What was observed when this is the cause, in one or two sentences. */
  readonly when: string;
  readonly advice: readonly AdviceTemplate[];
}

/** What a check examines, and every cause it can report. */
export interface Explanation {
  readonly looksAt: string;
  /** By permanent cause code. */
  readonly causes: Readonly<Record<string, ExplainedCause>>;
  /** Codes of causes that another check explains, by its id. */
  readonly alsoOf?: Readonly<Record<string, readonly string[]>>;
}

type MakeCause = (when: string, ...advice: readonly (AdviceTemplate | string)[]) => ExplainedCause;

const cause =
  (verdict: ExplainedCause['verdict']): MakeCause =>
  (when, ...advice) => ({
    verdict,
    when,
    advice: advice.map((one) => (typeof one === 'string' ? { text: one } : one)),
  });

export const fails = cause('fail');
export const warns = cause('warn');
/** Nothing definite is known, e.g. after a timeout or an answer from a busy server. */
export const unclear = cause('unknown');
