import type { Clock } from '../../base/clock.ts';
import { interruptedError, usageError } from '../../base/errors.ts';
import { nearMatch } from '../../text/near-match.ts';
import type { SettingsResult } from '../../settings/resolve.ts';
import type { Check, CheckEvent, CheckResult, Plane } from '../../diagnostics/check.ts';
import type { KuFlowProbe } from '../../diagnostics/check-input.ts';
import { prepareChecks } from '../../diagnostics/prepare.ts';
import { inspectConnection } from '../../connection/inspect.ts';
import type { DoctorFound, DoctorInput, ExpiryThreshold, ProjectView } from '../../diagnostics/input.ts';
import { doctorSettings, partitionProblems } from './settings.ts';
import type { OwnCommands } from '../../diagnostics/own-commands.ts';
import { registry } from '../../diagnostics/registry.ts';
import { type DoctorReport, makeDoctorReport } from '../../diagnostics/report.ts';
import { dropRejected, issuedFor, withIssuedCache, type IssuedCredentials } from './issued-cache.ts';
import { runChecks, selectChecks } from '../../diagnostics/runner.ts';

export interface DoctorRequest {
  readonly settings: SettingsResult;
  /** Absolute: the project, or the folder it was called in. */
  readonly folder: string;
  /** Absolute: where a person pastes what is advised; the folder when absent. */
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly inProject: boolean;
  readonly project?: ProjectView;
  readonly git: DoctorInput['git'];
  readonly nodeVersion: string;
  readonly platform: NodeJS.Platform;
  readonly selection: DoctorSelection;
  /** Milliseconds for everything. */
  readonly timeoutMs: number;
  readonly failOnWarn: boolean;
  readonly warnExpiry?: ExpiryThreshold;
  readonly processId?: string;
  /** What an earlier run got of KuFlow, and where this one keeps what it gets. */
  readonly issued?: IssuedCredentials;
  /** Results of an earlier run that stand in place of making the check again. */
  readonly earlier?: readonly CheckResult[];
  /** Of what is selected, only the checks of this plane; they must require no others. */
  readonly part?: Plane;
  readonly report?: (event: CheckEvent) => void;
  readonly signal?: AbortSignal;
  /** The command that runs the check again. */
  readonly retry?: string;
  /** How a person starts things here; what works anywhere when absent. */
  readonly commands?: Partial<OwnCommands>;
  readonly clock?: Clock;
}

export interface DoctorSelection {
  /** Ids or planes, whatever their case; all when absent. What they require or wait for comes along. */
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly offline?: boolean;
  readonly noCreate?: boolean;
}

type AnyCheck = Check<DoctorInput, DoctorFound>;

/** The ids that a word stands for: an id, or a plane. Throws a usage error that names what was probably meant. */
function idsOf(word: string, option: string): readonly string[] {
  const wanted = word.trim().toLowerCase();
  const ids = registry.filter(({ id, plane }) => id.toLowerCase() === wanted || plane === wanted).map(({ id }) => id);
  if (ids.length > 0) return ids;
  const words = [...registry.map(({ id }) => id), ...new Set(registry.map(({ plane }) => plane))];
  const near = nearMatch(word, words);
  throw usageError(`${option} ${word}: there is no such check or plane`, [
    near === undefined
      ? `Planes: ${[...new Set(registry.map(({ plane }) => plane))].join(', ')}`
      : `Did you mean ${near}?`,
  ]);
}

function select({ selection, part }: Pick<DoctorRequest, 'selection' | 'part'>): {
  readonly checks: readonly AnyCheck[];
  readonly excluded: ReadonlyMap<string, string>;
} {
  const { only, skip = [], offline = false, noCreate = false } = selection;
  const checks = selectChecks(
    registry,
    only?.flatMap((word) => idsOf(word, '--only')),
  ).filter(({ plane }) => part === undefined || plane === part);
  const excluded = new Map<string, string>();
  for (const check of checks) {
    if (offline && !check.offline) excluded.set(check.id, 'left out by --offline');
    else if (noCreate && check.creates !== undefined) excluded.set(check.id, 'left out by --no-create');
  }
  for (const word of skip) for (const id of idsOf(word, '--skip')) excluded.set(id, 'left out by --skip');
  return { checks, excluded };
}

/**
 * All checks that apply here, side by side where they can, in `timeoutMs` altogether. Makes at most one engine token and one engine
 * certificate at KuFlow, besides what the worker's own check makes, and lists them. Rejects with a usage error for a check that does not
 * exist, and with status 130 when `signal` fires; what is wrong is in the report.
 */
export async function runDoctorChecks(request: DoctorRequest): Promise<DoctorReport> {
  const { signal, timeoutMs, env, clock } = request;
  const { checks, excluded } = select(request);
  const started = performance.now();
  const { connection } = partitionProblems(request.settings);
  const prepared = prepareChecks(await inspectConnection(connection, env), {
    env,
    clock,
    // What stops everything says less than what stops one step.
    stepMs: Math.min(5_000, Math.ceil(timeoutMs / 3)),
    restMs: Math.min(8_000, Math.ceil(timeoutMs / 2)),
  });
  const settings = doctorSettings(request.settings, request.inProject);
  const { issued } = request;
  const rest: KuFlowProbe =
    issued === undefined
      ? prepared.input.rest
      : withIssuedCache(prepared.input.rest, issued, issuedFor(prepared.input, settings.tenantId?.value));
  const input: DoctorInput = {
    ...prepared.input,
    ...settings,
    rest,
    timeoutMs,
    folder: request.folder,
    cwd: request.cwd ?? request.folder,
    env,
    inProject: request.inProject,
    git: request.git,
    nodeVersion: request.nodeVersion,
    platform: request.platform,
    ...(request.project && { project: request.project }),
    ...(request.warnExpiry && { warnExpiry: request.warnExpiry }),
    ...(request.processId !== undefined && { processId: request.processId }),
  };
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    const results = await runChecks(checks, input, {
      excluded,
      deadline: { signal: deadline.signal, text: `no result within the ${timeoutMs / 1000} s of the whole run` },
      ...(request.earlier && { earlier: request.earlier }),
      ...(request.report && { report: request.report }),
      ...(signal && { signal }),
    });
    if (signal?.aborted === true) throw interruptedError();
    if (issued !== undefined) dropRejected(issued, results);
    return makeDoctorReport(results, performance.now() - started, {
      failOnWarn: request.failOnWarn,
      ...(request.retry !== undefined && { retry: request.retry }),
      ...(request.commands && { commands: request.commands }),
    });
  } finally {
    clearTimeout(timer);
    await prepared.client?.close();
  }
}
