import { KnownError } from '../../base/errors.ts';
import { readWorkflowStart } from '../../engine/workflow-history.ts';
import { KuFlowApiError } from '../../kuflow/errors.ts';
import { resolveId } from '../../kuflow/find-id.ts';
import { passed, skippedAs, type CheckContext, type Finding, type DoctorCheck } from '../check.ts';
import type { DoctorInput } from '../input.ts';
import { callOptions, optionalCallFinding, requireEngine } from '../causes/engine-findings.ts';
import { listingFinding } from '../causes/rest.ts';
import { toFinding } from '../explain-finding.ts';

export const processStartCheck: DoctorCheck = {
  id: 'KF-PROC-001',
  title: 'Process workflow',
  plane: 'pollers',
  requires: ['KF-ENGINE-002'],
  timeoutMs: 8_000,
  notApplicable: ({ processId }) => (processId === undefined ? 'no process is given (--process <id>)' : undefined),
  run: async (context) => {
    const { input, outputs, signal } = context;
    if (input.processId === undefined) throw new Error('no process is given');
    const { connection, namespace } = requireEngine(outputs);
    const processId = await findProcess(input.processId, context);
    if (typeof processId !== 'string') return processId;
    const workflow = { namespace: namespace.value, id: processId };
    const result = await readWorkflowStart(connection, workflow, callOptions(input, outputs, signal));
    if (!result.ok) {
      if (result.kind === 'status' && (result.name === 'NOT_FOUND' || result.name === 'INVALID_ARGUMENT')) {
        const summary = `the engine has no workflow ${processId}; it may have been removed, or its id is different`;
        return skippedAs('not-applicable', summary, { status: result.name });
      }
      return optionalCallFinding(result, 'GetWorkflowExecutionHistory', input);
    }
    return await compareProcessStart(result.value, input);
  },
};

async function compareProcessStart(
  start: { readonly workflowType: string; readonly taskQueue: string },
  input: DoctorInput,
): Promise<Finding> {
  const { queue, project } = input;
  const facts = { workflowType: start.workflowType, taskQueue: start.taskQueue };
  if (start.taskQueue === '' || start.workflowType === '')
    return skippedAs('restricted', 'the engine does not show how the process was started', facts);
  if (queue !== undefined && queue.value !== start.taskQueue) {
    const text = `The process was started on task queue ${quoteName(start.taskQueue)}, but this worker polls ${quoteName(queue.value)}`;
    return toFinding('KF-PROC-001', 'process-queue-differs', text, { facts, values: { source: queue.source } });
  }
  const processes = project === undefined ? [] : await project.processes().catch(() => []);
  if (processes.length > 0 && !processes.some(({ workflowType }) => workflowType === start.workflowType)) {
    const types = processes.map(({ workflowType }) => quoteName(workflowType)).join(', ');
    const text = `The process was started as workflow type ${quoteName(start.workflowType)}, but this worker has ${types}`;
    return toFinding('KF-PROC-001', 'process-type-differs', text, {
      facts,
      values: { file: processes[0]?.file ?? 'kuflow.process.yaml' },
    });
  }
  const polls = queue === undefined ? '' : ', which this worker polls';
  const replay = project === undefined ? '' : '; to compare its code with running processes, use kuflow replay';
  return passed(`started as ${start.workflowType} on ${start.taskQueue}${polls}${replay}`, facts);
}

/** Makes a trailing space visible. */
const quoteName = (text: string): string => JSON.stringify(text);

/** The ID of the process that `--process` names, or a finding that says why it is not known. */
export async function findProcess(
  text: string,
  { input, signal }: CheckContext<DoctorInput>,
): Promise<string | Finding> {
  try {
    const listIds = (): Promise<readonly string[]> => input.rest.recentProcesses(signal);
    return await resolveId(text, { what: 'process', listIds, hint: '' });
  } catch (error) {
    if (error instanceof KuFlowApiError || !(error instanceof KnownError)) return listingFinding(error, 'processes');
    return skippedAs('not-applicable', error.message);
  }
}
