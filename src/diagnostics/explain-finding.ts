import { fillAdvice, type AdviceValues } from './advice.ts';
import type { Finding } from './check.ts';
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

interface FindingDetails extends Pick<Finding, 'facts' | 'fixes'> {
  readonly values?: AdviceValues | undefined;
}

/** A finding with the verdict and advice of a cause in the explanation of a check. `text`: what was observed, one sentence. */
export function toFinding(
  id: string,
  code: string,
  text: string,
  { facts, values, fixes = [] }: FindingDetails = {},
): Finding {
  const { verdict, advice } = getExplainedCause(id, code);
  return {
    state: verdict,
    summary: text,
    cause: { code, verdict, text },
    advice: fillAdvice(advice, values),
    facts,
    ...(fixes.length > 0 && { fixes }),
  };
}

export function getExplainedCause(id: string, code: string): ExplainedCause {
  const cause = explanations[id]?.causes[code];
  if (cause === undefined) throw new Error(`${id} has no cause ${code}`);
  return cause;
}
