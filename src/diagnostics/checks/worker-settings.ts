import { KnownError } from '../../base/errors.ts';
import { decideProxy, proxySource } from '../../network/proxy.ts';
import { passed, skippedBecauseOf, type DoctorCheck } from '../check.ts';
import type { ConnectionProblem } from '../../connection/inspect.ts';
import type { DoctorInput } from '../input.ts';
import { toFinding } from '../explain-finding.ts';
import { describeProblem } from './settings.ts';
import { hasUnreadFile, withNextSteps, withoutConsequences } from './settings-files.ts';

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
