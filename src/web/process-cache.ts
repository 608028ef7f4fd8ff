import type { ProcessItemPageItem } from '../kuflow/contract/process-items.ts';
import type { Process, ProcessPageItem } from '../kuflow/contract/processes.ts';
import type { ServedProcess } from '../platform/shared/dev-contract.ts';
import { callApi, RequestFailure } from './api.ts';

const LARGEST_CACHE = 500;
const known = new Map<string, Process>();

/** The process with its metadata, which lists leave out. A process that has not changed since is not read again. */
export async function readProcess(
  id: string,
  lastModifiedAt: string | undefined,
  signal: AbortSignal,
): Promise<Process> {
  const before = known.get(id);
  if (before !== undefined && lastModifiedAt !== undefined && before.lastModifiedAt === lastModifiedAt) return before;
  const process = await callApi<Process>('GET', `/processes/${encodeURIComponent(id)}`, { signal });
  if (known.size >= LARGEST_CACHE) known.clear();
  known.set(id, process);
  return process;
}

/** The processes of a page of the list, with their metadata, in the same order. */
export async function withMetadata(items: readonly ProcessPageItem[], signal: AbortSignal): Promise<Process[]> {
  return await Promise.all(items.map(({ id, lastModifiedAt }) => readProcess(id, lastModifiedAt, signal)));
}

/** The processes of these items, by id, as they were last read. For what never changes, such as the code, or only tells processes apart. */
export async function readProcessesOf(
  items: readonly ProcessItemPageItem[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Process>> {
  const unique = [...new Set(items.map(({ processId }) => processId))];
  const processes = await Promise.all(
    unique.map(async (id) => known.get(id) ?? (await readProcess(id, undefined, signal))),
  );
  return new Map(processes.map((process) => [process.id, process]));
}

/** The definition as the process uses it. Undefined if it is no longer served. */
export async function readProcessDefinition(
  processId: string,
  signal: AbortSignal,
): Promise<ServedProcess | undefined> {
  try {
    return await callApi<ServedProcess>('GET', `/_dev/processes/${encodeURIComponent(processId)}/definition`, {
      signal,
    });
  } catch (error) {
    if (error instanceof RequestFailure && error.status === 404) return undefined;
    throw error;
  }
}
