import { KnownError } from '../../base/errors.ts';
import type { ExitStatus } from '../../base/exit-status.ts';
import { applyFindings } from '../../discovery/apply-findings.ts';
import { ownerName, type Comparison, type ProcessFinding } from '../../discovery/findings.ts';
import type { DiscoveredProcess } from '../../discovery/types.ts';
import type { WorkerDefinition } from '../../process/definition.ts';
import { projectTaskQueue, type OpenedProcess, type WorkerProject } from '../../project/edit/open-project.ts';
import type { NextStep } from '../../project/next-steps.ts';

/** What a process of the project was compared with. */
export interface LiveSource {
  readonly kind: 'api' | 'worker-sample';
  /** Rejects with a KnownError if nothing of the process is known. */
  readonly compare: (process: OpenedProcess) => Promise<SourceComparison>;
}

interface SourceComparison {
  readonly comparison: Comparison;
  /** Absent for a worker sample. */
  readonly discovered?: DiscoveredProcess | undefined;
  /** Codes of the tasks, in order. */
  readonly order?: readonly string[] | undefined;
  /** Sentences about the limits of the source. */
  readonly notes: readonly string[];
}

export interface ComparedProcess {
  readonly process: OpenedProcess;
  readonly report: ProcessReport;
  /** The corrected definition. */
  readonly definition: WorkerDefinition;
  /** How to correct by hand what is left. */
  readonly byHand: readonly NextStep[];
}

/** What `kuflow sync --json` prints about a process. */
export interface ProcessReport extends Comparison {
  readonly code: string;
  readonly definition: string;
  readonly source: LiveSource['kind'];
  readonly drift: boolean;
  /** Findings that have to be changed by hand. */
  readonly left: readonly ProcessFinding[];
  readonly notes: readonly string[];
}

/** Compares processes with their source. With `isCheck`, one that is not visible could not be compared. Rejects with a KnownError. */
export async function compareProcesses(
  project: WorkerProject,
  processes: readonly OpenedProcess[],
  source: LiveSource,
  isCheck: boolean,
): Promise<readonly ComparedProcess[]> {
  const compared: ComparedProcess[] = [];
  const queue = await projectTaskQueue(project);
  for (const process of processes) {
    const { comparison, discovered, order, notes } = await source
      .compare(process)
      .catch((error: unknown): SourceComparison => {
        if (!isCheck || !(error instanceof KnownError)) throw error;
        if (error.name === 'KuFlowApiError' || error.status === 2 || error.status === 130) throw error;
        const comparison = { findings: [], fieldsCompared: false, unknown: [error.message] };
        return { comparison, notes: [] };
      });
    const obstaclesTo = (finding: ProcessFinding) => findObstacles(project, process, finding, queue);
    const isPossible = (finding: ProcessFinding) => obstaclesTo(finding).length === 0;
    const options = { discovered, order, isPossible };
    const { definition, left } = applyFindings(process.definition, comparison.findings, options);
    const byHand = [...stepsForFields(process, left), ...left.flatMap(obstaclesTo)];
    const report: ProcessReport = {
      code: process.definition.process.code,
      definition: process.layout.definitionFile,
      source: source.kind,
      drift: comparison.findings.some(({ drift }) => drift),
      ...comparison,
      left,
      notes,
    };
    compared.push({ process, report, definition, byHand });
  }
  return compared;
}

/** What to do about a finding that the project cannot follow, because its processes share one worker. Empty for all others. */
function findObstacles(
  { processes }: WorkerProject,
  { definition }: OpenedProcess,
  finding: ProcessFinding,
  queue: string,
): readonly NextStep[] {
  if (finding.kind !== 'workflow-changed') return [];
  const { code } = definition.process;
  const { key, to } = finding;
  const others = processes.map((one) => one.definition).filter(({ process }) => process.code !== code);
  if (key === 'taskQueue' && others.length > 0 && to !== queue)
    return [
      { text: `in the KuFlow app, set the task queue of ${code} to ${queue}, the only one that this worker polls` },
      { text: `or create a separate worker for ${to}: npx create-kuflow-worker` },
    ];
  const user = others.find(({ workflow }) => key === 'type' && workflow.type === to);
  if (user === undefined) return [];
  return [
    { text: `in the KuFlow app, set another workflow type for ${code}: ${user.process.code} already uses ${to}` },
  ];
}

function stepsForFields({ layout }: OpenedProcess, left: readonly ProcessFinding[]): readonly NextStep[] {
  const fields = left.flatMap((one) => ('pointer' in one ? [`${one.pointer} of ${ownerName(one.owner)}`] : []));
  if (fields.length === 0) return [];
  const text = `correct by hand in ${layout.definitionFile}: ${fields.join(', ')}. Their schemas cannot be changed automatically`;
  return [{ text }];
}

/** The status of a check: 1 drift, 4 inconclusive, 0 neither. */
export function checkStatus(reports: readonly ProcessReport[]): ExitStatus {
  if (reports.some(({ drift }) => drift)) return 1;
  return reports.some(({ unknown }) => unknown.length > 0) ? 4 : 0;
}
