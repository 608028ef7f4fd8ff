import { shellWord } from '../names/shell.ts';
import type { Advice, Facts, Finding, Fix } from './check.ts';
import { certificates } from './explanations/certificates.ts';
import type { ExplainedCause, ExplainedStep, Explanation } from './explanations/explanation.ts';
import { online } from './explanations/online.ts';
import { project } from './explanations/project.ts';
import { settingsAndFiles } from './explanations/settings-and-files.ts';

/** By id of the check: the one source of hints, `doctor explain` and docs/doctor.md. */
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
  /** What was seen, one sentence. */
  readonly text: string;
  readonly facts?: Facts;
  /** For the placeholders of the steps. */
  readonly values?: Readonly<Record<string, string>>;
  readonly fixes?: readonly Fix[];
}

/** A finding whose verdict and steps are those of the explanation. */
export function explainedFinding({ id, code, text, facts, values = {}, fixes }: ExplainedFinding): Finding<never> {
  const { verdict, steps } = causeOf(id, code);
  return {
    state: verdict,
    summary: text,
    cause: { code, verdict, text },
    advice: steps.map((step) => filled(step, values)),
    ...(facts && { facts }),
    ...(fixes && fixes.length > 0 && { fixes }),
  };
}

/** The steps of a cause with what is known filled in; a cause that is not explained has none. */
export function explainedSteps(
  id: string,
  code: string,
  values: Readonly<Record<string, string>> = {},
): readonly Advice[] {
  return (explanations[id]?.causes[code]?.steps ?? []).map((step) => filled(step, values));
}

function causeOf(id: string, code: string): ExplainedCause {
  const cause = explanations[id]?.causes[code];
  if (cause === undefined) throw new Error(`${id} has no cause ${code}`);
  return cause;
}

function filled({ text, command }: ExplainedStep, values: Readonly<Record<string, string>>): Advice {
  const fill = (template: string, quote: (value: string) => string): string =>
    template.replace(/<([a-z]+)>/g, (whole, name: string) => {
      const value = values[name];
      return value === undefined ? whole : quote(value);
    });
  return {
    text: fill(text, (value) => value),
    ...(command !== undefined && { command: fill(command, shellWord) }),
  };
}
