import type { Advice, Plane } from '../check.ts';
import { causeOf, explanations, interpolateSteps } from '../explain-finding.ts';
import { type OwnCommands, withOwnCommands } from '../own-commands.ts';
import { registry } from '../registry.ts';
import type { ExplainedCause, ExplainedStep } from './explanation.ts';

/** All that is known of a check before it is made. */
export interface CheckExplanation {
  readonly id: string;
  readonly title: string;
  readonly plane: Plane;
  /** Anchor in docs/reference/doctor.md. */
  readonly docs: string;
  readonly looksAt: string;
  readonly requires: readonly string[];
  readonly offline: boolean;
  readonly creates?: string;
  /** Absent: what the whole run may take. */
  readonly timeoutMs?: number;
  /** Every cause that it can name. */
  readonly causes: readonly CauseExplanation[];
}

export interface CauseExplanation {
  readonly code: string;
  readonly verdict: ExplainedCause['verdict'];
  readonly when: string;
  readonly advice: readonly Advice[];
  /** Id of the check that it is explained for, where it can come up in others too. */
  readonly of?: string;
}

/** Stands for what only a run knows. */
const UNKNOWN: Readonly<Record<string, string>> = {
  host: 'HOST',
  target: 'HOST:PORT',
  'server-name': 'HOST',
  'target-source': 'temporal.target',
  endpoint: 'the endpoint',
  'proxy-source': 'temporal.proxy or HTTPS_PROXY',
  material: 'the settings',
  'namespace-source': 'temporal.namespace',
};
const IN_DOCS: OwnCommands = { kuflow: 'kuflow', install: 'npm install', check: 'npm run check' };
const WHERE = { given: 'Where settings give the certificate: ', issued: 'Where KuFlow issued it: ' } as const;

/** Every check with its explanation, in the order of results; `commands`: how a person starts things here. */
export function explainAll(commands: Partial<OwnCommands> = {}): readonly CheckExplanation[] {
  const own = { ...IN_DOCS, ...commands };
  const explained = (code: string, { verdict, when, steps }: ExplainedCause): CauseExplanation => {
    const advice = withOwnCommands(interpolateSteps(steps.map(located), UNKNOWN), own);
    return { code, verdict, when, advice };
  };
  return registry.map(({ id, title, plane, docs, requires, offline, creates, timeoutMs }) => {
    const { looksAt, causes, alsoOf = {} } = explanations[id] ?? { looksAt: title, causes: {} };
    const others = Object.entries(alsoOf).flatMap(([of, codes]) =>
      codes.map((code) => ({ ...explained(code, causeOf(of, code)), of })),
    );
    return {
      ...{ id, title, plane, docs, looksAt, requires, offline },
      ...(typeof timeoutMs === 'number' && { timeoutMs }),
      ...(creates !== undefined && { creates }),
      causes: [...Object.entries(causes).map(([code, cause]) => explained(code, cause)), ...others],
    };
  });
}

function located(step: ExplainedStep): ExplainedStep {
  return step.certificate === undefined ? step : { ...step, text: `${WHERE[step.certificate]}${step.text}` };
}
