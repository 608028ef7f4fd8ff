import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import { formatAlternatives } from '../../base/near-match.ts';
import { APPLICATION_FILES } from '../../settings/keys.ts';
import { decideProxy, proxySource } from '../../network/proxy.ts';
import { findInstalledVersion } from '../../files/installed-package.ts';
import { isOlder } from '../../files/version.ts';
import { skippedAs, skippedBecauseOf, type Finding } from '../check.ts';
import type { ConnectionProblem } from '../../connection/inspect.ts';
import type { DoctorCheck, DoctorInput } from '../input.ts';
import { toFinding } from '../explain-finding.ts';
import { describeProblem } from './settings.ts';
import { hasUnreadFile, withoutConsequences } from '../unread-settings.ts';

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
      return {
        state: 'pass',
        summary: queue === undefined ? 'complete' : `task queue ${queue.value} (${queue.source})`,
        facts: queue === undefined ? {} : { queue: queue.value, queueSource: queue.source },
      };
    }
    const text = `Worker settings are missing or invalid: ${texts.join('; ')}`;
    const finding = toFinding('KF-SET-002', 'worker-settings-incomplete', text, {
      facts: { problems: texts },
      values: { key: problems.map(({ key }) => key).join(', '), file: 'application.yaml' },
    });
    return withNextSteps(finding, problems);
  },
};

/** The finding with the next steps of its problems instead of general advice, if each has one. */
function withNextSteps(finding: Finding, problems: readonly ConnectionProblem[]): Finding {
  const steps = problems.flatMap(({ next }) => next ?? []);
  return steps.length === problems.length ? { ...finding, advice: steps } : finding;
}

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

export const applicationFilesCheck: DoctorCheck = {
  id: 'KF-SET-003',
  title: 'Settings files',
  plane: 'settings',
  offline: true,
  timeoutMs: 1_000,
  run: ({ input }) => findUnreadFile(input) ?? findMisspelledKey(input) ?? evaluateNotes(input),
};

function findUnreadFile({ problems }: DoctorInput): Finding | undefined {
  const unread = problems.filter(({ kind }) => kind === 'file');
  if (unread.length === 0) return undefined;
  const text = unread.map(({ key, source, problem }) => `${source ?? key}: ${problem}`).join('; ');
  const finding = toFinding('KF-SET-003', 'settings-file-unreadable', text, {
    facts: { files: unread.map(({ key }) => key) },
    values: { file: unread.map(({ source, key }) => source ?? key).join(', ') },
  });
  return { ...withNextSteps(finding, unread), outputs: { settingsExplainedByFiles: 'all' } };
}

/** A misspelled key is the root cause if the setting that was meant is required and missing. */
function findMisspelledKey(input: DoctorInput): Finding | undefined {
  const missing = [...input.problems, ...input.workerProblems].flatMap((one) => (one.missing === true ? one.key : []));
  const misspelled = input.settingWarnings.filter(({ meant }) => meant !== undefined && missing.includes(meant));
  if (misspelled.length === 0) return undefined;
  const text = misspelled
    .map(
      ({ key, source, meant = '' }) => `${source}: ${key} is not a setting; did you mean ${meant}, which is missing?`,
    )
    .join('; ');
  const finding = toFinding('KF-SET-003', 'settings-misspelled-key', text, {
    facts: { keys: misspelled.map(({ key }) => key) },
    values: {
      key: misspelled.map(({ key }) => key).join(', '),
      meant: misspelled.map(({ meant = '' }) => meant).join(', '),
      file: misspelled.map(({ source }) => source).join(', '),
    },
  });
  return { ...finding, outputs: { settingsExplainedByFiles: misspelled.map(({ meant = '' }) => meant) } };
}

function evaluateNotes({ settingWarnings, folder }: DoctorInput): Finding {
  const notes = settingWarnings.filter(({ code }) => code !== 'readable-by-others');
  const [first] = notes;
  if (first === undefined) {
    if (!APPLICATION_FILES.some((name) => existsSync(join(folder, name))))
      return skippedAs('not-applicable', `there is no ${formatAlternatives(APPLICATION_FILES)}`);
    return { state: 'pass', summary: 'readable; no misspelled keys; no secrets in application.yaml' };
  }
  // A leaked secret is more severe than a key without effect.
  const secret = notes.find(({ code }) => code === 'secret-in-tracked-file');
  const messages = notes.map(({ message, source }) => `${message} (${source})`);
  const text = messages.join('; ');
  return toFinding('KF-SET-003', secret === undefined ? 'settings-unknown-key' : 'settings-secret-tracked', text, {
    facts: { notes: messages },
    values: { file: first.source },
  });
}

export const temporalAddressCheck: DoctorCheck = {
  id: 'KF-SET-004',
  title: 'Setting sources',
  plane: 'settings',
  after: ['KF-SET-003'],
  offline: true,
  timeoutMs: 1_000,
  run: ({ input }) => {
    if (hasUnreadFile(input)) return skippedBecauseOf('KF-SET-003');
    const address = input.env['TEMPORAL_ADDRESS']?.trim() ?? '';
    const { value, source } = input.target;
    const shadows = input.shadowed.map((one) => `${one.key}: ${one.source} overrides ${one.shadows.join(', ')}`);
    const facts = { ...(address !== '' && { temporalAddress: address }), target: value, targetSource: source, shadows };
    if (address !== '' && address !== value) {
      const isDefault = source === 'default';
      const text = isDefault
        ? `TEMPORAL_ADDRESS is ${address}, but the worker does not read it and uses ${value} (${source})`
        : `TEMPORAL_ADDRESS is ${address}, but temporal.target is ${value} (${source})`;
      return toFinding('KF-SET-004', isDefault ? 'settings-address-alone' : 'settings-address-differs', text, {
        facts,
        values: { address },
      });
    }
    const summary = shadows.length === 0 ? 'every setting has a single source' : shadows.join('; ');
    return { state: 'pass', summary, facts };
  },
};

const ENVCONFIG_FIXED_IN = '1.22.0';

export const temporalTlsCheck: DoctorCheck = {
  id: 'KF-SET-005',
  title: 'TEMPORAL_TLS',
  plane: 'settings',
  offline: true,
  timeoutMs: 2_000,
  notApplicable: ({ env }) => ((env['TEMPORAL_TLS'] ?? '') === '' ? 'TEMPORAL_TLS is not set' : undefined),
  run: async ({ input }) => {
    const version = await findInstalledVersion(input.folder, '@temporalio/envconfig');
    if (version === undefined) return { state: 'pass', summary: 'set, but no package here reads it' };
    const facts = { envconfig: version };
    if (!isOlder(version, ENVCONFIG_FIXED_IN))
      return { state: 'pass', summary: `set; @temporalio/envconfig ${version} reads it correctly`, facts };
    const text = `TEMPORAL_TLS is set, and the installed @temporalio/envconfig ${version} turns TLS off because of it`;
    return toFinding('KF-SET-005', 'settings-temporal-tls-inverted', text, { facts });
  },
};

export const tlsVerificationCheck: DoctorCheck = {
  id: 'KF-SET-007',
  title: 'Certificate verification',
  plane: 'settings',
  after: ['KF-REST-001'],
  offline: true,
  timeoutMs: 1_000,
  notApplicable: ({ isVerificationOff }) =>
    isVerificationOff ? undefined : 'NODE_TLS_REJECT_UNAUTHORIZED does not turn it off',
  run: ({ resultOf }) => {
    // What it hides is the root cause.
    if (resultOf('KF-REST-001')?.cause?.code.startsWith('rest-tls') === true) return skippedBecauseOf('KF-REST-001');
    const text =
      'NODE_TLS_REJECT_UNAUTHORIZED is 0: a TypeScript worker sends the client secret to any server, whatever its certificate';
    return toFinding('KF-SET-007', 'settings-tls-unverified', text);
  },
};
