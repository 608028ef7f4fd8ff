import type { Advice } from '../../base/advice.ts';
import { KnownError } from '../../base/errors.ts';
import { decideProxy, formatProxy, proxySource } from '../../network/proxy.ts';
import { readTarget } from '../../network/address.ts';
import { passed, skippedBecauseOf, type Check, type DoctorCheck, type Facts, type Finding } from '../check.ts';
import { fillAdvice } from '../advice.ts';
import { getExplainedCause, toFinding } from '../explain-finding.ts';
import type { CheckInput, DoctorInput } from '../input.ts';
import { hasUnreadFile, withNextSteps, withoutConsequences } from './settings-files.ts';
import { CLIENT_ID, CLIENT_SECRET, settingsFileFor, whereToSet } from '../../settings/keys.ts';
import { planeOf, type ConnectionProblem } from '../../connection/inspect.ts';

type SettingsCheck = Check<CheckInput>;

/** Cause codes by kind of problem, most severe first: if a file cannot be read, all its settings are missing. */
const CAUSE_CODES = [
  ['file', 'settings-file-unreadable'],
  [undefined, 'settings-incomplete'],
  ['proxy', 'settings-proxy-unusable'],
] as const;

const causeCodeOf = ({ kind }: ConnectionProblem): string =>
  CAUSE_CODES.find(([one]) => one === kind)?.[1] ?? 'settings-incomplete';

const describeProblem = ({ key, problem, source }: ConnectionProblem): string =>
  `${key}${source === undefined ? '' : ` (${source})`}: ${problem}`;

const LOCAL_STOPPED = 'local-kuflow-stopped';

const CREDENTIALS: readonly string[] = [CLIENT_ID, CLIENT_SECRET];

const lackOnlyCredentials = (problems: readonly ConnectionProblem[]): boolean =>
  problems.length === CREDENTIALS.length &&
  problems.every(({ key, missing }) => missing === true && CREDENTIALS.includes(key));

/** Advice for each problem that does not name its remedy, then the general advice, which is about credentials. */
function settingsAdvice(id: string, problems: readonly ConnectionProblem[], code: string): readonly Advice[] {
  const adviceFor = (problem: ConnectionProblem): readonly Advice[] => {
    const { key, kind, next, missing, source } = problem;
    if (next !== undefined) return [next];
    if (missing !== true && source !== undefined) return [{ text: `Correct ${source}` }];
    const advice = getExplainedCause(id, causeCodeOf(problem)).advice.slice(0, 1);
    return fillAdvice(advice, { key, file: kind === 'file' ? key : settingsFileFor(key) });
  };
  const namesAllRemedies = problems.every(({ next }) => next !== undefined);
  const isAboutCredentials =
    code !== 'settings-incomplete' ||
    problems.some(({ key, missing }) => missing === true && CREDENTIALS.includes(key));
  const advice = [
    ...problems.filter(({ next, missing }) => next !== undefined || missing !== true).flatMap(adviceFor),
    ...(isAboutCredentials && !namesAllRemedies ? fillAdvice(getExplainedCause(id, code).advice.slice(1)) : []),
  ];
  return withoutRepetition(advice.length > 0 ? advice : problems.flatMap(adviceFor));
}

const withoutRepetition = (advice: readonly Advice[]): readonly Advice[] =>
  advice.filter(
    (one, index) => advice.findIndex(({ text, command }) => text === one.text && command === one.command) === index,
  );

function settingsFinding(id: string, problems: readonly ConnectionProblem[], facts: Facts): Finding {
  const [, code] = CAUSE_CODES.find(([kind]) => problems.some((problem) => problem.kind === kind)) ?? CAUSE_CODES[1];
  const { verdict } = getExplainedCause(id, code);
  const texts = problems.map(describeProblem);
  const summary = texts.join('; ');
  return {
    ...{ state: verdict, summary, facts: { ...facts, problems: texts } },
    cause: { code, verdict, text: `Settings are missing or invalid: ${summary}` },
    advice: settingsAdvice(id, problems, code),
  };
}

export const restSettingsCheck: SettingsCheck = {
  id: 'KF-SET-001',
  title: 'REST API settings',
  plane: 'settings',
  after: ['KF-SET-003'],
  offline: true,
  timeoutMs: 1_000,
  run: ({ input, outputs }) => {
    const ownProblems = input.problems.filter((problem) => planeOf(problem) !== 'engine');
    const problems = withoutConsequences(ownProblems, input, outputs);
    const facts = {
      endpoint: input.endpoint.value,
      endpointSource: input.endpoint.source,
      clientIdSource: input.clientId.source,
      restRoute: formatProxy(input.restProxy),
    };
    if (input.isLocalProject === true && lackOnlyCredentials(problems)) {
      const text = 'No local KuFlow is running here, and no other connection is configured';
      return toFinding('KF-SET-001', LOCAL_STOPPED, text, { facts });
    }
    if (problems.length > 0) return settingsFinding('KF-SET-001', problems, facts);
    if (ownProblems.length > 0) return { ...skippedBecauseOf('KF-SET-003'), facts };
    return passed(`${input.endpoint.value} (${input.endpoint.source})`, facts);
  },
};

/** Adds the rules of this check, except for keys that could not be resolved and therefore have a problem already. */
function findEngineProblems(input: CheckInput): readonly ConnectionProblem[] {
  const named = new Set(input.problems.map(({ key }) => key));
  const problems: ConnectionProblem[] = [];
  const target = readTarget(input.target.value);
  if (!target.ok) problems.push({ key: 'temporal.target', problem: target.problem, source: input.target.source });
  if (input.material.kind !== 'requested' && input.namespace === undefined) {
    const problem = `required because the certificate comes from ${input.material.source}, so KuFlow does not issue one; ${whereToSet('temporal.namespace')}`;
    problems.push({ key: 'temporal.namespace', problem, missing: true });
  }
  return [
    ...input.problems.filter((problem) => planeOf(problem) === 'engine'),
    ...problems.filter(({ key }) => !named.has(key)),
  ];
}

export const engineSettingsCheck: SettingsCheck = {
  id: 'KF-SET-006',
  title: 'Engine settings',
  plane: 'settings',
  after: ['KF-SET-003', 'KF-SET-001'],
  offline: true,
  timeoutMs: 1_000,
  run: ({ input, outputs, resultOf }) => {
    const { material, target } = input;
    const facts = {
      target: target.value,
      targetSource: target.source,
      certificate:
        material.kind === 'requested'
          ? 'requested from KuFlow'
          : `${material.source}${material.kind === 'incomplete' ? ', incomplete' : ''}`,
      engineRoute: formatProxy(input.engineProxy),
    };
    const shared = input.problems.filter((problem) => planeOf(problem) === 'both');
    const isReported = resultOf('KF-SET-001')?.state === 'fail';
    const ownProblems = [...(isReported ? [] : shared), ...findEngineProblems(input)];
    const problems = withoutConsequences(ownProblems, input, outputs);
    if (problems.length > 0) return settingsFinding('KF-SET-006', problems, facts);
    if (ownProblems.length > 0) return { ...skippedBecauseOf('KF-SET-003'), facts };
    if (shared.length > 0) return { ...skippedBecauseOf('KF-SET-001'), facts };
    // The local KuFlow that is not running has another address.
    if (resultOf('KF-SET-001')?.cause?.code === LOCAL_STOPPED) return { ...skippedBecauseOf('KF-SET-001'), facts };
    const summary = `${target.value} (${target.source}), certificate: ${facts.certificate}`;
    return passed(summary, facts);
  },
};

export const workerSettingsCheck: DoctorCheck = {
  id: 'KF-SET-002',
  title: 'Worker settings',
  plane: 'settings',
  after: ['KF-SET-003'],
  offline: true,
  timeoutMs: 1_000,
  notApplicable: ({ inProject, queue }) =>
    inProject || queue !== undefined ? undefined : 'no worker here: there is no application.yaml and no project',
  run: ({ input, outputs }) => {
    const ownProblems = [...input.workerProblems, ...findProxyProblems(input), ...findInvalidVariable(input)];
    const problems = withoutConsequences(ownProblems, input, outputs);
    if (problems.length === 0 && (ownProblems.length > 0 || hasUnreadFile(input)))
      return skippedBecauseOf('KF-SET-003');
    const texts = problems.map(describeProblem);
    if (texts.length === 0) {
      const { queue } = input;
      if (queue === undefined) return passed('complete');
      return passed(`task queue ${queue.value} (${queue.source})`, { queue: queue.value, queueSource: queue.source });
    }
    const text = `Worker settings are missing or invalid: ${texts.join('; ')}`;
    const finding = toFinding('KF-SET-002', 'worker-settings-incomplete', text, {
      facts: { problems: texts },
      values: { key: problems.map(({ key }) => key).join(', '), file: 'application.yaml' },
    });
    return withNextSteps(finding, problems);
  },
};

/** A worker reads the address of the proxy even if it reaches KuFlow without one, as the local KuFlow. */
function findInvalidVariable({ env, problems }: DoctorInput): readonly ConnectionProblem[] {
  const request = { url: 'https://proxied.invalid', env: { ...env, NO_PROXY: undefined, no_proxy: undefined } };
  try {
    decideProxy(request);
    return [];
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    const source = proxySource(request) ?? 'HTTPS_PROXY';
    const isReported = problems.some(({ key }) => key === source || key === 'temporal.proxy');
    return isReported || (env['TEMPORAL_PROXY'] ?? '') !== ''
      ? []
      : [{ key: 'temporal.proxy', source, problem: error.message, next: { text: `Correct or remove ${source}` } }];
  }
}

/** Temporal's core only supports proxies over plain HTTP; this program also supports HTTPS. */
function findProxyProblems({ restProxy, engineProxy }: DoctorInput): readonly ConnectionProblem[] {
  const source = [engineProxy, restProxy].flatMap((proxy) =>
    proxy.kind === 'proxy' && proxy.url.startsWith('https:') ? [proxy.source] : [],
  )[0];
  return source === undefined
    ? []
    : [{ key: 'temporal.proxy', source, problem: 'expected the address of an HTTP proxy (http://host:port)' }];
}
