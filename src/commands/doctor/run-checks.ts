import { interruptedError, usageError } from '../../base/errors.ts';
import { nearMatch } from '../../base/near-match.ts';
import type { SettingName } from '../../settings/keys.ts';
import {
  isWorkerSetting,
  type ResolvedSettings,
  type Setting,
  type SettingsResult,
} from '../../settings/precedence.ts';
import { formatSource } from '../../settings/sources.ts';
import type { Plane } from '../../diagnostics/check.ts';
import type { CheckInput, KuFlowProbe, DoctorInput, NamedFile } from '../../diagnostics/input.ts';
import { prepareChecks, type PrepareOptions } from '../../diagnostics/prepare.ts';
import { inspectConnection, settingProblems } from '../../connection/inspect.ts';
import { allChecks } from '../../diagnostics/all-checks.ts';
import {
  type DoctorReport,
  type DoctorReportOptions,
  createDoctorReport,
} from '../../diagnostics/report-and-exit-status.ts';
import { dropRejected, cacheOwner, withIssuedCache, type IssuedCredentials } from './issued-cache.ts';
import { runChecks, selectChecks, type RunOptions } from '../../diagnostics/runner.ts';

export interface RunDoctorChecksRequest
  extends
    Omit<DoctorInput, keyof CheckInput | keyof DoctorSettings | 'cwd'>,
    Pick<CheckInput, 'isLocalProject'>,
    Pick<RunOptions, 'earlier' | 'report' | 'signal'>,
    Pick<PrepareOptions, 'clock'>,
    DoctorReportOptions {
  readonly settings: SettingsResult;
  /** Absolute: the working directory, where commands from advice are pasted; `folder` by default. */
  readonly cwd?: string | undefined;
  readonly selection: DoctorSelection;
  /** Credentials from earlier runs, to which this run adds its own. */
  readonly issued?: IssuedCredentials | undefined;
  /** Limits the selection to the checks of a plane that require no others. */
  readonly onlyPlane?: Plane | undefined;
}

export interface DoctorSelection {
  /** Ids or planes in any case, along with the checks they require or wait for; all checks by default. */
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly offline?: boolean | undefined;
  /** False with `--no-create`. */
  readonly create?: boolean | undefined;
}

/** Ids of the check or plane with that name. Throws a usage error with a suggestion for an unknown name. */
function resolveCheckIds(name: string, option: string): readonly string[] {
  const normalized = name.trim().toLowerCase();
  const ids = allChecks
    .filter(({ id, plane }) => id.toLowerCase() === normalized || plane === normalized)
    .map(({ id }) => id);
  if (ids.length > 0) return ids;
  const planes = [...new Set(allChecks.map(({ plane }) => plane))];
  const near = nearMatch(name, [...allChecks.map(({ id }) => id), ...planes]);
  throw usageError(`${option} ${name}: no such check or group`, [
    near === undefined ? `Groups: ${planes.join(', ')}` : `Did you mean ${near}?`,
  ]);
}

/** The checks to run, and the reasons for skipping some of them, by id. */
function applySelection({ selection, onlyPlane }: RunDoctorChecksRequest) {
  const { only, skip = [], offline = false, create = true } = selection;
  const checks = selectChecks(
    allChecks,
    only?.flatMap((name) => resolveCheckIds(name, '--only')),
  ).filter(({ plane }) => onlyPlane === undefined || plane === onlyPlane);
  const excluded = new Map<string, string>();
  for (const check of checks) {
    if (offline && check.offline !== true) excluded.set(check.id, 'skipped by --offline');
    else if (!create && check.creates !== undefined) excluded.set(check.id, 'skipped by --no-create');
  }
  for (const name of skip) for (const id of resolveCheckIds(name, '--skip')) excluded.set(id, 'skipped by --skip');
  return { checks, excluded };
}

/**
 * Runs all applicable checks in parallel, within `timeoutMs`. Creates at most one engine token and one engine certificate in KuFlow,
 * in addition to those of the worker's own check, and lists them. Rejects with a usage error for an unknown check, and with status
 * 130 when `signal` aborts; problems are in the report.
 */
export async function runDoctorChecks(request: RunDoctorChecksRequest): Promise<DoctorReport> {
  const { signal, timeoutMs, env, clock, issued, earlier, report } = request;
  const { checks, excluded } = applySelection(request);
  const started = performance.now();
  const prepared = prepareChecks(await inspectConnection(withProblemsOf('connection', request.settings), env), {
    env,
    clock,
    // Shorter than the whole run, because a step that times out is a more specific result.
    stepMs: Math.min(5_000, Math.ceil(timeoutMs / 3)),
    restMs: Math.min(8_000, Math.ceil(timeoutMs / 2)),
  });
  const rest: KuFlowProbe =
    issued === undefined
      ? prepared.input.rest
      : withIssuedCache(prepared.input.rest, issued, cacheOwner(prepared.input));
  const input: DoctorInput = {
    ...request,
    ...prepared.input,
    ...doctorSettings(request.settings, request.inProject),
    rest,
    cwd: request.cwd ?? request.folder,
  };
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    const results = await runChecks(checks, input, {
      excluded,
      deadline: {
        signal: deadline.signal,
        text: `no result within the time limit of ${timeoutMs / 1000} s for the whole run`,
      },
      earlier,
      report,
      signal,
    });
    if (signal?.aborted === true) throw interruptedError();
    if (issued !== undefined) dropRejected(issued, results);
    return createDoctorReport(results, performance.now() - started, request);
  } finally {
    clearTimeout(timer);
    await prepared.client?.close();
  }
}

/** What doctor needs from the settings in addition to the connection. */
type DoctorSettings = Pick<
  DoctorInput,
  'workerProblems' | 'settingWarnings' | 'shadowed' | 'files' | 'queue' | 'profile' | 'workerPorts'
>;

/** The settings with the problems that only affect the worker, or with those that prevent a connection. */
const withProblemsOf = (which: 'worker' | 'connection', result: SettingsResult): SettingsResult => ({
  ...result,
  problems: result.problems.filter(({ key }) => isWorkerSetting(key) === (which === 'worker')),
});

/** `inProject`: there is a worker, so a task queue is required. */
function doctorSettings(result: SettingsResult, inProject: boolean): DoctorSettings {
  const { settings, warnings } = result;
  const worker = settingProblems(withProblemsOf('worker', result));
  const queue = settings['temporal.kuflow-queue'];
  const credentials = settings['kuflow.api.client-id']?.source;
  const lacksQueue = inProject && queue === undefined && !worker.some(({ key }) => key === 'temporal.kuflow-queue');
  return {
    workerProblems: [
      ...worker,
      ...(lacksQueue
        ? [{ key: 'temporal.kuflow-queue', problem: 'missing task queue of the process definition', missing: true }]
        : []),
    ],
    settingWarnings: warnings.map((warning) => ({ ...warning, source: formatSource(warning.source) })),
    shadowed: listShadowedSettings(settings),
    files: listNamedFiles(result),
    workerPorts: (['health', 'metrics'] as const).flatMap((use) => {
      const setting = settings[`worker.${use}-port`];
      if (setting === undefined || setting.value === 0) return [];
      return [{ use, port: { value: setting.value, source: formatSource(setting.source) } }];
    }),
    ...(queue && { queue: { value: queue.value, source: formatSource(queue.source) } }),
    ...(credentials?.kind === 'profile' && { profile: credentials.name }),
  };
}

function listShadowedSettings(settings: ResolvedSettings): DoctorSettings['shadowed'] {
  return (Object.entries(settings) as [SettingName, Setting<unknown>][])
    .filter(([, { shadows }]) => shadows.length > 0)
    .map(([key, { source, shadows }]) => ({ key, source: formatSource(source), shadows: shadows.map(formatSource) }));
}

const FILES: readonly (readonly [SettingName, string, boolean])[] = [
  ['temporal.mutual-tls.cert', 'the client certificate', false],
  ['temporal.mutual-tls.key', 'the private key', true],
  ['temporal.mutual-tls.ca', 'the CA', false],
  ['kuflow.api.ca', 'the CA of the REST API', false],
];
const INLINE_SECRETS: readonly SettingName[] = ['kuflow.api.client-secret', 'temporal.mutual-tls.key-data'];

function listNamedFiles({ settings }: SettingsResult): readonly NamedFile[] {
  const named = FILES.flatMap(([name, description, secret]): readonly NamedFile[] => {
    const setting = settings[name];
    return setting === undefined
      ? []
      : [{ description: description, path: String(setting.value), source: formatSource(setting.source), secret }];
  });
  // Files that contain a secret: one named by a setting, or an application file.
  const withSecrets = INLINE_SECRETS.flatMap((name): readonly NamedFile[] => {
    const source = settings[name]?.source;
    if (source?.file === undefined || source.kind === 'flag') return [];
    // Git is meant to track application.yaml; KF-SET-003 reports a secret in it.
    if (/[\\/]application\.yaml$/.test(source.file)) return [];
    return [{ description: `the file with ${name}`, path: source.file, source: formatSource(source), secret: true }];
  });
  const paths = new Set<string>();
  return [...named, ...withSecrets].filter(({ path }) => !paths.has(path) && paths.add(path));
}
