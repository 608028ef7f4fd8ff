import { KnownError, usageError, type ExitStatus } from '../../base/errors.ts';
import { applyFindings, type AppliedFindings } from '../../discovery/apply-findings.ts';
import type { Comparison, ProcessFinding } from '../../discovery/findings.ts';
import type { DiscoveredProcess } from '../../discovery/types.ts';
import type { OpenedProcess, WorkerProject } from '../../project/edit/open-project.ts';
import { didYouMean } from '../../text/near-match.ts';

/** What a process of the project was compared with. */
export interface LiveSource {
  readonly kind: 'api' | 'worker-sample';
  /** Rejects with a KnownError if nothing of the process is known. */
  readonly compare: (process: OpenedProcess) => Promise<SourceComparison>;
}

export interface SourceComparison {
  readonly comparison: Comparison;
  /** Absent for a worker sample. */
  readonly discovered?: DiscoveredProcess | undefined;
  /** Codes of the tasks, in order. */
  readonly order?: readonly string[] | undefined;
  /** Sentences about the limits of the source. */
  readonly notes: readonly string[];
}

/** A process of the project that was compared. */
export interface ComparedProcess {
  readonly process: OpenedProcess;
  readonly comparison: Comparison;
  readonly notes: readonly string[];
  /** The corrected definition, and the drift that has to be corrected by hand. */
  readonly applied: AppliedFindings;
}

/** What `kuflow sync --json` prints about a process. */
export interface ProcessReport extends Comparison {
  readonly code: string;
  /** Its definition file. */
  readonly definition: string;
  readonly source: LiveSource['kind'];
  readonly drift: boolean;
  /** Findings that have to be changed by hand. */
  readonly left: readonly ProcessFinding[];
  readonly notes: readonly string[];
}

/** The processes to compare. Throws a usage error if the project has several and `all` is false, or does not have the process `code`. */
export function chooseProcesses(
  { processes }: WorkerProject,
  code: string | undefined,
  all: boolean,
): readonly OpenedProcess[] {
  const codes = processes.map(({ definition }) => definition.process.code);
  if (code === undefined && (all || processes.length === 1)) return processes;
  const found = processes.filter(({ definition }) => definition.process.code === code);
  if (found.length > 0) return found;
  const next = [`Processes: ${codes.join(', ')}`];
  if (code === undefined) throw usageError('The project has several processes: choose one with --process', next);
  throw usageError(`--process ${code}: the project does not have this process${didYouMean(code, codes)}`, next);
}

/**
 * Compares processes with their source, one after another. With `isCheck`, a process of which nothing is visible is a process that could not
 * be compared. Rejects with a KnownError.
 */
export async function compareProcesses(
  processes: readonly OpenedProcess[],
  source: LiveSource,
  isCheck: boolean,
): Promise<readonly ComparedProcess[]> {
  const compared: ComparedProcess[] = [];
  for (const process of processes) {
    const { comparison, discovered, order, notes } = await source.compare(process).catch((error: unknown) => {
      if (!isCheck || !(error instanceof KnownError)) throw error;
      if (error.name === 'KuFlowApiError' || error.status === 2 || error.status === 130) throw error;
      return {
        comparison: { findings: [], fieldsCompared: false, unknown: [error.message] },
        discovered: undefined,
        order: undefined,
        notes: [],
      };
    });
    const applied = applyFindings(process.definition, comparison.findings, { discovered, order });
    compared.push({ process, comparison, notes, applied });
  }
  return compared;
}

/** The error for a check that failed because of its source: in a check, status 1 means drift. */
export function undeterminedError(error: unknown): unknown {
  if (!(error instanceof KnownError) || error.status !== 1) return error;
  const { message, tried, seen, next, page } = error;
  return new KnownError({ message, tried, seen, next, page, status: 4, cause: error });
}

export function reportOf({ process, comparison, notes, applied }: ComparedProcess, source: LiveSource): ProcessReport {
  return {
    code: process.definition.process.code,
    definition: process.layout.definitionFile,
    source: source.kind,
    drift: comparison.findings.some(({ drift }) => drift),
    ...comparison,
    left: applied.left,
    notes,
  };
}

/** The status of a check: 1 drift, 4 could not tell, 0 neither. */
export function checkStatus(reports: readonly ProcessReport[]): ExitStatus {
  if (reports.some(({ drift }) => drift)) return 1;
  return reports.some(({ unknown }) => unknown.length > 0) ? 4 : 0;
}
