import { type AdviceCommands, fillAdvice, fillCommands } from '../advice.ts';
import type { Advice, Plane } from '../check.ts';
import { explanations, getExplainedCause } from '../explain-finding.ts';
import { registry, sortChecks } from '../registry.ts';
import type { AdviceTemplate, ExplainedCause } from './explanation.ts';

/** What is known about a check without running it. */
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
  /** Absent: limited only by the time of the whole run. */
  readonly timeoutMs?: number;
  /** Every cause it can report. */
  readonly causes: readonly CauseExplanation[];
}

export interface CauseExplanation {
  readonly code: string;
  readonly verdict: ExplainedCause['verdict'];
  readonly when: string;
  readonly advice: readonly Advice[];
  /** Id of the check that explains the cause, if it is another one. */
  readonly of?: string;
}

/** For values that only a run knows. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  host: 'HOST',
  target: 'HOST:PORT',
  'server-name': 'HOST',
  'target-source': 'temporal.target',
  endpoint: 'the endpoint',
  'proxy-source': 'temporal.proxy or HTTPS_PROXY',
  material: 'the settings',
  setting: 'the setting',
  odd: 'the variable or setting',
  part: 'key or certificate',
  subject: 'SUBJECT',
  namespace: 'NAMESPACE',
  'namespace-source': 'FILE:LINE',
  kind: 'workflows or activities',
  place: 'the error in the message',
  wanted: 'the version named in the message',
  build: 'BUILD_COMMAND',
};
const DOCS_COMMANDS: AdviceCommands = {
  kuflow: 'kuflow',
  install: 'INSTALL_COMMAND',
  check: 'CHECK_COMMAND',
  start: 'START_COMMAND',
};
const ORIGIN_PREFIX = {
  given: 'With a certificate from the settings: ',
  issued: 'With a certificate issued by KuFlow: ',
} as const;

const PART_PREFIX = { cert: 'For the certificate: ', key: 'For the key: ', ca: 'For the CA: ' } as const;

/** Every check with its explanation, by plane and ID; `commands` replaces the commands that the advice mentions. */
export function explainAll(commands: Partial<AdviceCommands> = {}): readonly CheckExplanation[] {
  const adviceCommands = { ...DOCS_COMMANDS, ...commands };
  const explainCause = (code: string, { verdict, when, advice }: ExplainedCause): CauseExplanation => {
    const filled = fillAdvice(advice.map(prefixCondition), PLACEHOLDERS);
    return { code, verdict, when, advice: fillCommands(filled, adviceCommands) };
  };
  return sortChecks(registry).map(({ id, title, plane, requires = [], offline = false, creates, timeoutMs }) => {
    const { looksAt, causes, alsoOf = {} } = explanations[id] ?? { looksAt: title, causes: {} };
    const sharedCauses = Object.entries(alsoOf).flatMap(([of, codes]) =>
      codes.map((code) => ({ ...explainCause(code, getExplainedCause(of, code)), of })),
    );
    return {
      ...{ id, title, plane, docs: id.toLowerCase(), looksAt, requires, offline },
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(creates !== undefined && { creates }),
      causes: [...Object.entries(causes).map(([code, cause]) => explainCause(code, cause)), ...sharedCauses],
    };
  });
}

function prefixCondition(template: AdviceTemplate): AdviceTemplate {
  const { certificate, part, text } = template;
  const prefixes = [certificate && ORIGIN_PREFIX[certificate], part && PART_PREFIX[part]];
  return { ...template, text: `${prefixes.filter(Boolean).join('')}${text}` };
}
