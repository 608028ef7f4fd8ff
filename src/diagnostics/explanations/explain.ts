import { type AdviceCommands, fillAdvice, fillCommands } from '../advice.ts';
import { withoutUndefined } from '../../base/json.ts';
import { explanations, getExplainedCause } from '../explain-finding.ts';
import { allChecks, sortChecks } from '../all-checks.ts';
import type { AdviceTemplate, ExplainedCause } from './explanation.ts';

/** What is known about a check without running it. */
export type CheckExplanation = ReturnType<typeof explainAll>[number];
export type CauseExplanation = CheckExplanation['causes'][number];

/** For values that only a run knows. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  host: 'HOST',
  target: 'HOST:PORT',
  'server-name': 'HOST',
  'target-source': 'temporal.target',
  endpoint: 'the endpoint',
  'proxy-source': 'temporal.proxy or HTTPS_PROXY',
  material: '<source>',
  setting: 'the setting',
  odd: 'the variable or setting',
  part: 'key or certificate',
  subject: 'SUBJECT',
  namespace: 'NAMESPACE',
  'namespace-source': 'FILE:LINE',
  kind: 'workflows or activities',
  place: 'the error that the message describes',
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
  given: 'For a certificate from the settings: ',
  issued: 'For a certificate issued by KuFlow: ',
} as const;

const PART_PREFIX = { cert: 'For the certificate: ', key: 'For the key: ', ca: 'For the CA: ' } as const;

/** Every check with its explanation, by plane and ID; `commands` replaces the commands that the advice mentions. */
export function explainAll(commands: Partial<AdviceCommands> = {}) {
  const adviceCommands = { ...DOCS_COMMANDS, ...commands };
  /** `of`: id of the check that explains the cause, if it is another one. */
  const explainCause = (code: string, { verdict, when, advice }: ExplainedCause, of?: string) => {
    const filled = fillAdvice(advice.map(prefixCondition), PLACEHOLDERS);
    return withoutUndefined({ code, verdict, when, advice: fillCommands(filled, adviceCommands), of });
  };
  return sortChecks(allChecks).map(({ id, title, plane, requires = [], offline = false, creates, timeoutMs }) => {
    const { looksAt, causes, alsoOf = {} } = explanations[id] ?? { looksAt: title, causes: {} };
    const sharedCauses = Object.entries(alsoOf).flatMap(([of, codes]) =>
      codes.map((code) => explainCause(code, getExplainedCause(of, code), of)),
    );
    return withoutUndefined({
      // `docs`: anchor in docs/reference/doctor.md.
      ...{ id, title, plane, docs: id.toLowerCase(), looksAt, requires, offline },
      /** Undefined: limited only by the time of the whole run. */
      timeoutMs,
      creates,
      /** Every cause it can report. */
      causes: [...Object.entries(causes).map(([code, cause]) => explainCause(code, cause)), ...sharedCauses],
    });
  });
}

function prefixCondition(template: AdviceTemplate): AdviceTemplate {
  const { certificate, part, text } = template;
  const prefixes = [certificate && ORIGIN_PREFIX[certificate], part && PART_PREFIX[part]];
  return { ...template, text: `${prefixes.filter(Boolean).join('')}${text}` };
}
