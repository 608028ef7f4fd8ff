import { fillAdvice } from './advice.ts';
import type { Facts, Finding, Fix } from './check.ts';
import { certificates } from './explanations/certificates.ts';
import type { ExplainedCause, Explanation } from './explanations/explanation.ts';
import { online } from './explanations/online.ts';
import { project } from './explanations/project.ts';
import { settingsAndFiles } from './explanations/settings-and-files.ts';

/** By check id: the single source for advice, `doctor explain` and docs/reference/doctor.md. */
export const explanations: Readonly<Record<string, Explanation>> = {
  ...settingsAndFiles,
  ...certificates,
  ...online,
  ...project,
};

export interface ExplainedFinding {
  /** Id of the check whose explanation has the cause. */
  readonly id: string;
  readonly code: string;
  /** What was observed, one sentence. */
  readonly text: string;
  readonly facts?: Facts | undefined;
  /** For the placeholders of the advice. */
  readonly values?: Readonly<Record<string, string>> | undefined;
  readonly fixes?: readonly Fix[] | undefined;
}

/** A finding with the verdict and advice of its explanation. */
export function toFinding({ id, code, text, facts, values, fixes = [] }: ExplainedFinding): Finding<never> {
  const { verdict, advice } = getExplainedCause(id, code);
  return {
    state: verdict,
    summary: text,
    cause: { code, verdict, text },
    advice: fillAdvice(advice, values),
    facts,
    fixes: fixes.length > 0 ? fixes : undefined,
  };
}

export function getExplainedCause(id: string, code: string): ExplainedCause {
  const cause = explanations[id]?.causes[code];
  if (cause === undefined) throw new Error(`${id} has no cause ${code}`);
  return cause;
}
