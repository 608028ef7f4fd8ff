import { proxyPhrase } from '../../network/proxy.ts';
import { readTarget } from '../../engine/dial/target.ts';
import type { Advice, Check, Facts, Finding } from '../check.ts';
import { causeOf, interpolateSteps } from '../explain-finding.ts';
import type { CheckFacts, CheckInput } from '../check-input.ts';
import type { ConnectionProblem } from '../../connection/inspect.ts';
import { planeOf } from '../../connection/inspect.ts';

type SettingsCheck = Check<CheckInput, CheckFacts>;

/** Codes of causes by what a problem is about, the heaviest first: of a file that can't be read nothing counts. */
const CODES = [
  ['file', 'settings-file-unreadable'],
  [undefined, 'settings-incomplete'],
  ['proxy', 'settings-proxy-unusable'],
] as const;

const codeOf = ({ kind }: ConnectionProblem): string =>
  CODES.find(([one]) => one === kind)?.[1] ?? 'settings-incomplete';

const describe = ({ key, problem, source }: ConnectionProblem): string =>
  `${key}${source === undefined ? '' : ` (${source})`}: ${problem}`;

/** What to do about each of them, then what to do about none in particular. */
function adviceFor(id: string, problems: readonly ConnectionProblem[], code: string): readonly Advice[] {
  const own = problems.flatMap((problem) =>
    interpolateSteps(causeOf(id, codeOf(problem)).steps.slice(0, 1), { key: problem.key }),
  );
  return [...own, ...interpolateSteps(causeOf(id, code).steps.slice(1))];
}

function finding(id: string, problems: readonly ConnectionProblem[], facts: Facts): Finding<never> {
  const [, code] = CODES.find(([kind]) => problems.some((problem) => problem.kind === kind)) ?? CODES[1];
  const { verdict } = causeOf(id, code);
  const texts = problems.map(describe);
  const summary = texts.join('; ');
  return {
    ...{ state: verdict, summary, facts: { ...facts, problems: texts } },
    cause: { code, verdict, text: `Settings are missing or wrong: ${summary}` },
    advice: adviceFor(id, problems, code),
  };
}

export const restSettingsCheck: SettingsCheck = {
  id: 'KF-SET-001',
  title: 'Settings of the REST API',
  plane: 'settings',
  docs: 'kf-set-001',
  requires: [],
  offline: true,
  timeoutMs: 1_000,
  run: ({ input }) => {
    const problems = input.problems.filter((problem) => planeOf(problem) !== 'engine');
    const facts = {
      endpoint: input.endpoint.value,
      endpointSource: input.endpoint.source,
      clientIdSource: input.clientId.source,
      restRoute: proxyPhrase(input.restProxy),
    };
    if (problems.length > 0) return Promise.resolve(finding('KF-SET-001', problems, facts));
    return Promise.resolve({ state: 'pass', summary: `${input.endpoint.value} (${input.endpoint.source})`, facts });
  },
};

const CERTIFICATE = {
  requested: () => 'requested from KuFlow',
  given: (source: string) => source,
  incomplete: (source: string) => `${source}, incomplete`,
} as const;

/** Rules of this check; a key that could not be resolved has been named already. */
function engineProblems(input: CheckInput): readonly ConnectionProblem[] {
  const named = new Set(input.problems.map(({ key }) => key));
  const problems: ConnectionProblem[] = [];
  const target = readTarget(input.target.value);
  if (!target.ok) problems.push({ key: 'temporal.target', problem: target.problem, source: input.target.source });
  if (input.material.kind !== 'requested' && input.namespace === undefined) {
    const problem = `it is required, since certificates are given by ${input.material.source} and KuFlow is not asked for one`;
    problems.push({ key: 'temporal.namespace', problem });
  }
  return [
    ...input.problems.filter((problem) => planeOf(problem) === 'engine'),
    ...problems.filter(({ key }) => !named.has(key)),
  ];
}

export const engineSettingsCheck: SettingsCheck = {
  id: 'KF-SET-006',
  title: 'Settings of the engine',
  plane: 'settings',
  docs: 'kf-set-006',
  requires: [],
  after: ['KF-SET-001'],
  offline: true,
  timeoutMs: 1_000,
  run: ({ input, ended }) => {
    const { material, target } = input;
    const facts = {
      target: target.value,
      targetSource: target.source,
      certificate: CERTIFICATE[material.kind](material.kind === 'requested' ? '' : material.source),
      engineRoute: proxyPhrase(input.engineProxy),
    };
    const shared = input.problems.filter((problem) => planeOf(problem) === 'both');
    const isTold = ended('KF-SET-001')?.state === 'fail';
    const problems = [...(isTold ? [] : shared), ...engineProblems(input)];
    if (problems.length > 0) return Promise.resolve(finding('KF-SET-006', problems, facts));
    if (shared.length > 0) {
      const because = { skipped: 'blocked', blockedBy: 'KF-SET-001' } as const;
      return Promise.resolve({ state: 'skip', ...because, summary: 'not checked, because of KF-SET-001', facts });
    }
    const summary = `${target.value} (${target.source}), certificate: ${facts.certificate}`;
    return Promise.resolve({ state: 'pass', summary, facts });
  },
};
