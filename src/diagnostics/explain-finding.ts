import { shellWord } from '../text/shell.ts';
import type { Advice, Facts, Finding, Fix } from './check.ts';
import { certificates } from './explanations/certificates.ts';
import type { ExplainedCause, ExplainedStep, Explanation } from './explanations/explanation.ts';
import { online } from './explanations/online.ts';
import { project } from './explanations/project.ts';
import { settingsAndFiles } from './explanations/settings-and-files.ts';

/** By id of the check: the one source of hints, `doctor explain` and docs/reference/doctor.md. */
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
export function toFinding({ id, code, text, facts, values = {}, fixes }: ExplainedFinding): Finding<never> {
  const { verdict, steps } = causeOf(id, code);
  return {
    state: verdict,
    summary: text,
    cause: { code, verdict, text },
    advice: interpolateSteps(steps, values),
    ...(facts && { facts }),
    ...(fixes && fixes.length > 0 && { fixes }),
  };
}

export function causeOf(id: string, code: string): ExplainedCause {
  const cause = explanations[id]?.causes[code];
  if (cause === undefined) throw new Error(`${id} has no cause ${code}`);
  return cause;
}

/** The steps with what is known filled in; those for the other origin of the certificate are left out, where `certificate` says which it is. */
export function interpolateSteps(
  steps: readonly ExplainedStep[],
  values: Readonly<Record<string, string>> = {},
  certificate?: ExplainedStep['certificate'],
): readonly Advice[] {
  return steps
    .filter((step) => step.certificate === undefined || certificate === undefined || step.certificate === certificate)
    .map((step) => filled(step, values));
}

/** How a person starts things here: filled in where results are put together, which knows the folder. */
const OWN = ['kuflow', 'install', 'check'];

function filled({ text, command }: ExplainedStep, values: Readonly<Record<string, string>>): Advice {
  const fill = (template: string, known: (value: string) => string, unknown: (name: string) => string): string =>
    template.replace(/<([a-z][a-z-]*)>/g, (whole, name: string) => {
      const value = values[name];
      if (value !== undefined) return known(value);
      return OWN.includes(name) ? whole : unknown(name);
    });
  return {
    text: fill(
      text,
      (value) => value,
      (name) => `<${name}>`,
    ),
    // In a shell `<` would read a file.
    ...(command !== undefined && { command: fill(command, shellWord, (name) => name.toUpperCase().replace('-', '_')) }),
  };
}
