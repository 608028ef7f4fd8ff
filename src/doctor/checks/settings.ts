import { proxyPhrase } from '../../base/proxy.ts';
import { readTarget } from '../../engine/dial/target.ts';
import type { Advice, Check } from '../check.ts';
import { causeOf, filledSteps } from '../explained.ts';
import type { ConnectionFound, ConnectionInput, SettingProblem } from '../connection-input.ts';

function ownProblems(input: ConnectionInput): readonly SettingProblem[] {
  const problems: SettingProblem[] = [];
  const target = readTarget(input.target.value);
  if (!target.ok) problems.push({ key: 'temporal.target', problem: target.problem, source: input.target.source });
  if (input.material.kind === 'given' && input.namespace === undefined) {
    const problem = `it is required, since certificates are given by ${input.material.source} and KuFlow is not asked for one`;
    problems.push({ key: 'temporal.namespace', problem });
  }
  return problems;
}

/** Where to set each of them, then the rest. */
function adviceFor(problems: readonly SettingProblem[]): readonly Advice[] {
  const { steps } = causeOf('KF-SET-001', 'settings-incomplete');
  return [...problems.flatMap(({ key }) => filledSteps(steps.slice(0, 1), { key })), ...filledSteps(steps.slice(1))];
}

const describe = ({ key, problem, source }: SettingProblem): string =>
  `${key}${source === undefined ? '' : ` (${source})`}: ${problem}`;

export const settingsComplete: Check<ConnectionInput, ConnectionFound> = {
  id: 'KF-SET-001',
  title: 'Settings',
  plane: 'settings',
  docs: 'kf-set-001',
  requires: [],
  offline: true,
  timeoutMs: 1_000,
  run: (context) => {
    const { input } = context;
    // A key that could not be resolved has been named already; the rules here would only repeat it.
    const resolved = new Set(input.problems.map(({ key }) => key));
    const problems = [...input.problems, ...ownProblems(input).filter(({ key }) => !resolved.has(key))];
    const facts = {
      endpoint: input.endpoint.value,
      endpointSource: input.endpoint.source,
      clientIdSource: input.clientId.source,
      target: input.target.value,
      targetSource: input.target.source,
      certificate: input.material.kind === 'given' ? input.material.source : 'requested from KuFlow',
      restRoute: proxyPhrase(input.restProxy),
      engineRoute: proxyPhrase(input.engineProxy),
    };
    if (problems.length === 0) {
      const summary = `${input.endpoint.value} (${input.endpoint.source}), engine ${input.target.value} (${input.target.source})`;
      return Promise.resolve({ state: 'pass', summary, facts });
    }
    const texts = problems.map(describe);
    return Promise.resolve({
      state: 'fail',
      summary: texts.join('; '),
      facts: { ...facts, problems: texts },
      cause: {
        code: 'settings-incomplete',
        verdict: 'fail',
        text: `Settings are missing or wrong: ${texts.join('; ')}`,
      },
      advice: adviceFor(problems),
    });
  },
};
