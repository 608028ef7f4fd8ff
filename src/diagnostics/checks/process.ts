import { KnownError } from '../../base/errors.ts';
import { readWorkflowStart } from '../../engine/workflow-history.ts';
import { formatWithSeen, KuFlowApiError } from '../../kuflow/errors.ts';
import { resolveId } from '../../kuflow/find-id.ts';
import { passed, skippedAs, skippedBecauseOf, type CheckContext, type Finding, type DoctorCheck } from '../check.ts';
import type { DoctorInput } from '../input.ts';
import { callOptions, optionalCallFinding, requireEngine } from '../causes/engine-findings.ts';
import { listingFinding, restFinding } from '../causes/rest.ts';
import { toFinding } from '../explain-finding.ts';

type Context = CheckContext<DoctorInput>;

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
        const summary = `the engine has no workflow with the ID ${processId}; perhaps it was removed or has a different ID`;
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
  const replay = project === undefined ? '' : '; to compare the code with running processes, use kuflow replay';
  return passed(`started as ${start.workflowType} on ${start.taskQueue}${polls}${replay}`, facts);
}

/** Makes a trailing space visible. */
const quoteName = (text: string): string => JSON.stringify(text);

/** The ID of the process that `--process` names, or a finding that says why it is not known. */
async function findProcess(text: string, { input, signal }: Context): Promise<string | Finding> {
  try {
    const listIds = (): Promise<readonly string[]> => input.rest.recentProcesses(signal);
    return await resolveId(text, { what: 'process', listIds, hint: '' });
  } catch (error) {
    if (error instanceof KuFlowApiError || !(error instanceof KnownError)) return listingFinding(error, 'processes');
    return skippedAs('not-applicable', error.message);
  }
}

interface EncryptedProcess {
  readonly processId: string;
  readonly keyId: string;
}

const NO_ANSWER: readonly KuFlowApiError['kind'][] = ['timeout', 'server', 'rate-limited', 'reset', 'truncated'];

export const encryptionKeyCheck: DoctorCheck = {
  id: 'KF-PROC-002',
  title: 'Encryption keys',
  plane: 'pollers',
  requires: ['KF-ENGINE-002'],
  timeoutMs: 20_000,
  notApplicable: ({ project, processId }) =>
    project === undefined && processId === undefined ? 'this folder is not in a worker project' : undefined,
  run: async (context) => {
    const { input } = context;
    if (input.processId !== undefined) {
      const processId = await findProcess(input.processId, context);
      if (typeof processId !== 'string') return processId;
      const summary = `the engine does not show a key for process ${processId}; either the process is not confidential, or it was removed`;
      return await checkKeys(context, [processId], summary);
    }
    const codes = await findConfidential(input);
    if (!Array.isArray(codes)) return codes;
    if (codes.length === 0)
      return skippedAs('not-applicable', 'no definition file of this project contains process.confidential: true');
    const summary = `no key is known, because no running process of ${codes.join(', ')} is encrypted`;
    try {
      const running = await Promise.all(codes.map((code) => input.rest.runningProcesses(code, context.signal)));
      return await checkKeys(context, running.flat(), summary);
    } catch (error) {
      return listingFinding(error, 'processes');
    }
  },
};

async function findConfidential({ project }: DoctorInput): Promise<string[] | Finding> {
  try {
    const processes = (await project?.processes()) ?? [];
    return processes.filter(({ confidential }) => confidential === true).map(({ code }) => code);
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    return skippedBecauseOf('KF-PROJ-001');
  }
}

/** Reads the keys of these processes. `unknown` says why no key is known if none of them is encrypted. */
async function checkKeys(context: Context, processIds: readonly string[], unknown: string): Promise<Finding> {
  const starts = await Promise.all(processIds.map((processId) => readKeyId(context, processId)));
  const problem = starts.find((start) => start !== undefined && 'state' in start);
  if (problem !== undefined && 'state' in problem) return problem;
  // One process for each key.
  const byKey = new Map(starts.flatMap((start) => (start && 'keyId' in start ? [[start.keyId, start]] : [])));
  const encrypted = [...byKey.values()];
  if (encrypted.length === 0) return skippedAs('not-applicable', unknown);
  const problems = (await Promise.all(encrypted.map((one) => readKey(context, one)))).filter(
    (one) => one !== undefined,
  );
  const first = problems.find(({ state }) => state === 'fail') ?? problems[0];
  if (first !== undefined) return first;
  const keys = encrypted.map(({ keyId, processId }) => `key ${keyId} of process ${processId}`);
  return passed(`the application can read ${keys.join(' and ')}`, { keys });
}

/** Undefined for a process that is not encrypted, or that the engine does not have (any more). */
async function readKeyId(
  { input, outputs, signal }: Context,
  processId: string,
): Promise<EncryptedProcess | Finding | undefined> {
  const { connection, namespace } = requireEngine(outputs);
  const workflow = { namespace: namespace.value, id: processId };
  const result = await readWorkflowStart(connection, workflow, callOptions(input, outputs, signal));
  if (result.ok) {
    const { encryptionKeyId: keyId } = result.value;
    return keyId === undefined ? undefined : { processId, keyId };
  }
  if (result.kind === 'status' && (result.name === 'NOT_FOUND' || result.name === 'INVALID_ARGUMENT')) return undefined;
  return optionalCallFinding(result, 'GetWorkflowExecutionHistory', input);
}

/** Undefined if the key can be read. */
async function readKey(
  { input, signal }: Context,
  { processId, keyId }: EncryptedProcess,
): Promise<Finding | undefined> {
  try {
    await input.rest.readEncryptionKey(keyId, signal);
    return undefined;
  } catch (error) {
    if (!(error instanceof KuFlowApiError)) throw error;
    const code = keyCause(error);
    if (code === undefined) return restFinding(error);
    return toFinding('KF-PROC-002', code, `Key ${keyId} of process ${processId}: ${formatWithSeen(error)}`, {
      facts: { processId, keyId, ...(error.httpStatus !== undefined && { httpStatus: error.httpStatus }) },
      values: { process: processId, key: keyId, source: input.endpoint.source },
    });
  }
}

function keyCause({ kind }: KuFlowApiError): string | undefined {
  if (kind === 'forbidden') return 'encryption-key-forbidden';
  if (kind === 'not-found') return 'encryption-key-not-found';
  return NO_ANSWER.includes(kind) ? 'encryption-key-no-answer' : undefined;
}
