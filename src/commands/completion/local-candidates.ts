import { stateOnCommandLine } from '../../cli/process-and-task-options.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import type { DefinedProcess, DefinedTask, KnownProcess } from '../../discovery/known-processes.ts';
import {
  listRecentProcesses,
  listRecentTasks,
  listUsers,
  type RecentRecord,
} from '../../platform/client/light-client.ts';
import {
  definitionDigest,
  readRunningState,
  stateFolder,
  type PlatformState,
} from '../../platform/state/running-state.ts';
import { sampleDefinition } from '../../process/sample.ts';
import { isTypeable } from '../../base/shell.ts';
import type { Candidate } from './complete-line.ts';

// The candidates of commands that act as the user of the local KuFlow of the working directory.

interface LocalLookup {
  readonly cwd: string;
  /** As the command line has it. */
  readonly stateDir: string | undefined;
  /** Aborts requests: a pending one keeps the program alive. */
  readonly signal: AbortSignal;
}

export type RecordSource = 'process-ids' | 'running-process-ids' | 'task-ids' | 'open-task-ids';

/** A shell shows all candidates at once. */
const MOST_IDS = 50;

const ACTIVE_STATES: ReadonlySet<string> = new Set(['RUNNING', 'READY', 'CLAIMED']);

/** The newest processes or tasks, and `latest` if the command would find one. Empty if the local KuFlow does not run or does not answer. */
export async function listRecordIds(source: RecordSource, lookup: LocalLookup): Promise<readonly Candidate[]> {
  const state = await findState(lookup);
  if (state === undefined) return [];
  const isTask = source === 'task-ids' || source === 'open-task-ids';
  const list = isTask ? listRecentTasks : listRecentProcesses;
  const records = (await list(state, lookup.signal).catch(() => [])).filter(({ id }) => isTypeable(id));
  const active = records.filter((record) => ACTIVE_STATES.has(record.state));
  const offered = source === 'process-ids' || source === 'task-ids' ? records : active;
  // `latest` is the newest open task, but the newest process in any state.
  const latest = isTask ? active[0] : records[0];
  return [
    ...(latest !== undefined && offered.includes(latest)
      ? [{ value: 'latest', description: describeRecord(latest) }]
      : []),
    ...offered.slice(0, MOST_IDS).map((record) => ({ value: record.id, description: describeRecord(record) })),
  ];
}

function describeRecord({ code, state, createdAt }: RecentRecord): string {
  return escapeForTerminal(
    [code, stateOnCommandLine(state), ...(createdAt === undefined ? [] : [createdAt])].join(', '),
    80,
  );
}

/** The processes that the local KuFlow serves, or those of the project if it does not run. */
export async function listServedProcesses(
  defined: readonly DefinedProcess[],
  lookup: LocalLookup,
): Promise<readonly KnownProcess[]> {
  const state = await findState(lookup);
  if (state === undefined) return defined;
  const known = new Map([...servedSample(state), ...defined].map((process) => [process.code, process]));
  return state.processes.filter(isTypeable).map((code) => known.get(code) ?? { code });
}

/** The tasks of the processes that the local KuFlow serves, and of its newest tasks. The tasks of the project if it does not run. */
export async function listServedTasks(
  defined: readonly DefinedProcess[],
  lookup: LocalLookup,
): Promise<readonly KnownProcess[]> {
  const state = await findState(lookup);
  if (state === undefined) return definedTasks(defined);
  const served = [...defined, ...servedSample(state)].filter(({ code }) => state.processes.includes(code));
  // The definition can be in a file that only `kuflow dev --definition` knows.
  const recent = await listRecentTasks(state, lookup.signal).catch(() => []);
  const tasks: readonly KnownProcess[] = [
    ...recent.filter(({ code }) => isTypeable(code)).map(({ code }) => ({ code })),
    ...definedTasks(served),
  ];
  return [...new Map(tasks.map((task) => [task.code, task])).values()];
}

// Messages and threads are tasks in a definition, but other process items in KuFlow.
const definedTasks = (processes: readonly DefinedProcess[]): readonly DefinedTask[] =>
  processes.flatMap(({ tasks }) => tasks).filter(({ kind }) => kind !== 'message' && kind !== 'thread');

/** The sample process, if it is what the platform serves: no file has its definition. */
function servedSample({ digests }: PlatformState): readonly DefinedProcess[] {
  const sample = sampleDefinition();
  const { code, name } = sample.process;
  return digests[code] === definitionDigest(sample)
    ? [{ code, ...(name !== undefined && { name }), tasks: sample.tasks }]
    : [];
}

/** The users of the local KuFlow. Empty if it does not run. */
export async function listLocalUsers(lookup: LocalLookup): Promise<readonly Candidate[]> {
  const state = await findState(lookup);
  if (state === undefined) return [];
  const users = await listUsers(state, lookup.signal).catch(() => [state.user]);
  return users
    .filter(({ email }) => isTypeable(email))
    .map(({ email, name }) => ({ value: email, description: escapeForTerminal(name, 80) }));
}

async function findState(lookup: LocalLookup): Promise<PlatformState | undefined> {
  return await readRunningState(stateFolder(lookup)).catch(() => undefined);
}
