import { KnownError } from '../../base/errors.ts';
import { formatWithSeen, KuFlowApiError } from '../../kuflow/errors.ts';
import { readWorkflowStart } from '../../engine/workflow-history.ts';
import { callOptions, optionalCallFinding, requireEngine } from '../causes/engine-findings.ts';
import { listingFinding, restFinding } from '../causes/rest.ts';
import { passed, skippedAs, skippedBecauseOf, type CheckContext, type Finding, type DoctorCheck } from '../check.ts';
import { toFinding } from '../explain-finding.ts';
import type { DoctorInput } from '../input.ts';
import { findProcess } from './process-start.ts';

type Context = CheckContext<DoctorInput>;

/** A running confidential process, and the ID of its key. */
interface EncryptedProcess {
  readonly processId: string;
  readonly keyId: string;
}

const ID = 'KF-PROC-002';
const NO_ANSWER: readonly KuFlowApiError['kind'][] = ['timeout', 'server', 'rate-limited', 'reset', 'truncated'];

export const encryptionKeyCheck: DoctorCheck = {
  id: ID,
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
      const summary = `the engine shows no key for process ${processId}: it is not confidential, or it was removed`;
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

/** The codes of the confidential definitions of the project, or why they are not known. */
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
    return toFinding(ID, code, `Key ${keyId} of process ${processId}: ${formatWithSeen(error)}`, {
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
