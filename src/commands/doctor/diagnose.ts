import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { usageError } from '../../base/errors.ts';
import { cliInvocation } from '../../base/cli-invocation.ts';
import { gitState } from '../../files/git.ts';
import type { CheckEvent, CheckResult } from '../../diagnostics/check.ts';
import { runDoctorChecks, type DoctorRequest, type DoctorSelection } from './run-checks.ts';
import type { ExpiryThreshold } from '../../diagnostics/input.ts';
import type { DoctorReport } from '../../diagnostics/report.ts';
import type { IssuedCredentials } from './issued-cache.ts';
import { resolveConnection, type ConnectionContext } from '../../connection/resolve.ts';
import type { ConnectionFlags } from '../../connection/flags.ts';
import { applyFixes, type FixResult } from './fix.ts';
import { projectCommands, projectFolder, projectView } from './project.ts';

/** Well below what the check of the files may take, so that a git which does not answer is a finding of its own. */
const GIT_MS = 2_500;

export interface DoctorFlowRequest extends ConnectionContext {
  readonly flags: ConnectionFlags;
  readonly selection: DoctorSelection;
  /** Milliseconds for everything. */
  readonly timeoutMs: number;
  readonly failOnWarn: boolean;
  readonly warnExpiry?: ExpiryThreshold;
  readonly processId?: string;
  readonly issued?: IssuedCredentials;
  /** Results of an earlier round that are taken over. */
  readonly earlier?: readonly CheckResult[];
  readonly report: (event: CheckEvent) => void;
  readonly signal: AbortSignal;
  /** How a person starts this command. */
  readonly retry: string;
  /** Corrects permissions and `.gitignore` before the checks are made. */
  readonly fix: boolean;
}

export interface DoctorRun {
  readonly report: DoctorReport;
  readonly fixed: readonly FixResult[];
}

/** `kuflow doctor`: every check, with the settings and files of the project that `cwd` is in, or of `cwd` itself. */
export async function runDoctor(request: DoctorFlowRequest): Promise<DoctorRun> {
  const { env } = request;
  const root = projectFolder(request.cwd);
  const folder = root ?? request.cwd;
  const connection = await resolveConnection(fromHere(request.flags, request.cwd), { ...request, cwd: folder });
  const { result } = await connection.unlock();
  const { warnExpiry, processId, issued, earlier } = request;
  const common: DoctorRequest = {
    settings: result,
    folder,
    env,
    inProject: root !== undefined || existsSync(join(folder, 'application.yaml')),
    ...(root !== undefined && { project: projectView(root, env, result.settings) }),
    git: (path) => gitState(path, env, GIT_MS),
    nodeVersion: process.version,
    platform: process.platform,
    cwd: request.cwd,
    commands: { ...(root !== undefined && (await projectCommands(root))), kuflow: cliInvocation(request.cwd) },
    selection: request.selection,
    timeoutMs: request.timeoutMs,
    failOnWarn: request.failOnWarn,
    signal: request.signal,
    retry: request.retry,
    ...(warnExpiry && { warnExpiry }),
    ...(processId !== undefined && { processId }),
    ...(issued && { issued }),
    ...(earlier && { earlier }),
  };
  const proposed = request.fix ? (await runDoctorChecks({ ...common, part: 'files' })).results : [];
  const fixed = await applyFixes(proposed.flatMap(({ fixes = [] }) => fixes));
  return { report: await runDoctorChecks({ ...common, report: request.report }), fixed };
}

/** Paths of options start where the command was called, those of settings at the project. */
function fromHere(flags: ConnectionFlags, cwd: string): ConnectionFlags {
  const { ca, clientSecretFile } = flags;
  return {
    ...flags,
    ...(ca !== undefined && { ca: resolve(cwd, ca) }),
    ...(clientSecretFile !== undefined && { clientSecretFile: resolve(cwd, clientSecretFile) }),
  };
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `14d`, `36h`, `2w`, or a share of the life such as `25%`. Throws a usage error for anything else. */
export function readExpiryThreshold(text: string): ExpiryThreshold {
  const duration = /^(\d{1,6})([mhdw])$/.exec(text.trim());
  if (duration !== null) return { kind: 'duration', ms: Number(duration[1]) * (UNITS[duration[2] ?? ''] ?? 0) };
  const share = /^(\d{1,3})%$/.exec(text.trim());
  if (share !== null && Number(share[1]) <= 100) return { kind: 'share', share: Number(share[1]) / 100 };
  throw usageError(`--warn-expiry ${text}: expected a time like 14d, 36h or 2w, or a share of the life like 25%`);
}
