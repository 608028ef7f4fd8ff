import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { usageError } from '../../base/errors.ts';
import { cliInvocation } from '../../base/cli-invocation.ts';
import type { CommandContext } from '../../cli/context.ts';
import type { AdviceCommands } from '../../diagnostics/advice.ts';
import { readGitState } from '../../files/git-state.ts';
import { runDoctorChecks, type DoctorSelection, type RunDoctorChecksRequest } from './run-checks.ts';
import type { ExpiryThreshold } from '../../diagnostics/input.ts';
import { resolveConnection, unlock, type ConnectionContext } from '../../connection/resolve-connection.ts';
import type { ConnectionFlags } from '../../connection/flags.ts';
import type { SettingsResult } from '../../settings/precedence.ts';
import { applyFixes } from './fix.ts';
import { findProject } from '../../process/find-project.ts';
import { createProjectProbe } from './project.ts';
import { openProgress } from '../../terminal/progress.ts';
import { doctorReporter } from './view.ts';
import { localStartCommand, projectCommands, readRecordIfValid } from '../../project/commands.ts';

/** Well below the timeout of the git check, so that a git that hangs is reported as such. */
const GIT_MS = 2_500;

export interface DoctorFlags extends ConnectionFlags, DoctorSelection {
  /** Seconds. */
  readonly timeout: number;
  readonly failOn?: 'warn';
  readonly warnExpiry?: string;
  readonly process?: string;
  /** Fixes permissions and `.gitignore` before running the checks. */
  readonly fix?: boolean;
  /** Seconds; true for the default. */
  readonly watch?: number | true;
  readonly report?: string;
  readonly format?: 'junit' | 'github';
  readonly json?: boolean;
  readonly local?: boolean;
}

export type DoctorRun = Awaited<ReturnType<typeof runDoctor>>;

/**
 * Runs the checks with the settings and files of the project that contains the working directory, or of the working directory itself if there is no
 * project. `previous`: results of earlier runs.
 */
export async function runDoctor(
  flags: DoctorFlags,
  { cwd, env, invocation, terminal }: CommandContext,
  connection: ConnectionContext,
  previous: Pick<RunDoctorChecksRequest, 'issued' | 'earlier'> = {},
) {
  const root = findProject(cwd);
  const folder = root ?? cwd;
  const progress = openProgress(terminal.err);
  try {
    const warnExpiry = flags.warnExpiry === undefined ? undefined : parseExpiryThreshold(flags.warnExpiry);
    const resolved = await resolveConnection(flags, { ...connection, folder });
    const { result } = await unlock(resolved);
    const request: RunDoctorChecksRequest = {
      ...previous,
      ...{ settings: result, folder, cwd, env, signal: connection.signal },
      selection: flags,
      timeoutMs: flags.timeout * 1000,
      failOnWarn: flags.failOn === 'warn',
      warnExpiry,
      processId: flags.process,
      report: doctorReporter(progress),
      retry: `${invocation} doctor`,
      inProject: root !== undefined || existsSync(join(folder, 'application.yaml')),
      project: root === undefined ? undefined : await createProjectProbe(root, env, result.settings),
      git: (path) => readGitState(path, env, GIT_MS),
      platform: process.platform,
      commands: await adviceCommands(cwd, result),
      isLocalProject: await isLocalProject(root),
    };
    const beforeFix: RunDoctorChecksRequest = { ...request, onlyPlane: 'files', report: undefined };
    const proposed = flags.fix === true ? (await runDoctorChecks(beforeFix)).results : [];
    const fixed = await applyFixes(proposed.flatMap(({ fixes = [] }) => fixes));
    return { report: await runDoctorChecks(request), fixed };
  } finally {
    progress.stop();
  }
}

/** The commands that advice names in `cwd`. The worker starts on the local KuFlow if the settings come from it, or if nothing else configures a `--local` project. */
export async function adviceCommands(
  cwd: string,
  { settings }: Pick<SettingsResult, 'settings'>,
): Promise<Partial<AdviceCommands>> {
  const clientId = settings['kuflow.api.client-id'];
  const isLocal = clientId === undefined ? await isLocalProject(findProject(cwd)) : clientId.source.kind === 'local';
  const kuflow = cliInvocation(cwd);
  const start = isLocal ? { start: await localStartCommand(cwd, kuflow) } : {};
  return { ...(await projectCommands(cwd)), ...start, kuflow };
}

const isLocalProject = async (root: string | undefined): Promise<boolean> =>
  root !== undefined && (await readRecordIfValid(root))?.local === true;

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Parses `14d`, `36h`, `2w`, or a share of the lifetime such as `25%`. Throws a usage error for anything else. */
function parseExpiryThreshold(text: string): ExpiryThreshold {
  const duration = /^(\d{1,6})([mhdw])$/.exec(text.trim());
  if (duration !== null) return { kind: 'duration', ms: Number(duration[1]) * (UNITS[duration[2] ?? ''] ?? 0) };
  const share = /^(\d{1,3})%$/.exec(text.trim());
  if (share !== null && Number(share[1]) <= 100) return { kind: 'share', share: Number(share[1]) / 100 };
  throw usageError(
    `--warn-expiry ${text}: expected a time such as 14d, 36h or 2w, or a share of the lifetime such as 25%`,
  );
}
