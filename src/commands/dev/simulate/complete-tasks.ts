import { systemClock } from '../../../base/clock.ts';
import type { JsonObject } from '../../../base/json.ts';
import { cliInvocation } from '../../../base/cli-invocation.ts';
import { createKuFlowClient, type KuFlowClient } from '../../../kuflow/client.ts';
import { formatWithSeen, KuFlowApiError } from '../../../kuflow/errors.ts';
import { formatPathOption } from '../../../base/shell.ts';
import { exampleTaskData } from '../../../platform/domain/examples.ts';
import { formatValueErrors } from '../../../platform/client/given-data.ts';
import { withNamedReferences, withRealReferences } from '../../../platform/domain/references.ts';
import { readTimeline, readUsers, type GroupMember } from '../../../platform/rest/dev-client.ts';
import type { PlatformState } from '../../../platform/state/running-state.ts';
import type { FailingWork } from '../../../platform/temporal/failing-work.ts';
import type { ProcessDefinition } from '../../../process/definition.ts';
import { checkCompletedTasks, checkMetadata, type CompletedProcess } from './check-completed-data.ts';
import { SimulationFailure, toBlockedItem, type ListedItem } from './simulation-failure.ts';
import { createAnswerQueue } from './answers.ts';
import { adviseOnFailingWork, findPermanentFailure, formatFailingWork } from './failing-work.ts';

const POLL_MS = 100;

interface DriveRequest extends CompletedProcess {
  readonly state: PlatformState;
  readonly definition: ProcessDefinition;
  /** Absolute; suggested commands are run there. */
  readonly cwd: string;
  /** As the user passed it, relative to `cwd`. */
  readonly stateDir: string | undefined;
  /** Milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Throws if the run was interrupted or the worker has exited. */
  readonly throwIfEnded: () => void;
  readonly onCompleted: (code: string) => void;
  readonly listFailingWork: () => Promise<readonly FailingWork[]>;
  /** Whether other workers poll the same task queue. */
  readonly hasOtherWorkers: boolean;
  /** Where the worker's output is, to complete `See …`. */
  readonly workerLog: string;
}

/** Claims and completes the human tasks of a process until it is COMPLETED with valid data. Throws `SimulationFailure` otherwise. */
export async function driveProcess(request: DriveRequest): Promise<void> {
  const actors = await openActors(request.state, request.signal);
  try {
    await driveWithActors(request, actors);
  } finally {
    await actors.close();
  }
}

async function driveWithActors(work: DriveRequest, actors: Awaited<ReturnType<typeof openActors>>): Promise<void> {
  const { user, state, processId } = work;
  const nextAnswer = createAnswerQueue(work.answers);
  const deadline = Date.now() + work.timeoutMs;
  for (;;) {
    const process = await user.retrieveProcess(processId);
    if (process.state === 'COMPLETED') break;
    if (process.state === 'CANCELLED') throw new SimulationFailure({ message: 'The process was canceled' });
    const failure = (await readTimeline(state, processId)).find((entry) =>
      /^workflow-(failed|timed-out|canceled|terminated)$/.test(entry.kind),
    );
    if (failure !== undefined)
      throw new SimulationFailure({
        message: `The ${failure.kind.replaceAll('-', ' ')}: ${failure.detail ?? 'no reason given'}`,
      });
    const open = (
      await user.findProcessItems({ processId: [processId], type: ['TASK'], taskState: ['READY', 'CLAIMED'] })
    ).content;
    const mine = open.flatMap((item) => {
      const task = findTask(work, item);
      if (task?.kind !== 'human') return [];
      const actor = actors.find({ ownerId: item.ownerId, candidates: task.candidates });
      if (actor !== undefined) return [{ item, actor }];
      // Nobody may claim it: the refusal says who could.
      return item.ownerId === undefined ? [{ item, actor: { principalId: state.user.principalId, user } }] : [];
    });
    for (const { item, actor } of mine) {
      const { code } = toBlockedItem(item);
      await completeTask(work, item, nextAnswer(code), actor);
      work.onCompleted(code);
    }
    work.throwIfEnded();
    const failing = await work.listFailingWork();
    const permanent = findPermanentFailure(failing, work.hasOtherWorkers);
    if (permanent !== undefined) {
      throw new SimulationFailure({
        message: formatFailingWork(permanent),
        next: [...adviseOnFailingWork(permanent, work.workerLog), historyHint(work)],
      });
    }
    if (Date.now() > deadline) throw timeoutFailure(work, open, failing);
    if (mine.length === 0) await systemClock.sleep(POLL_MS, work.signal).catch(() => undefined);
  }
  await checkCompletedTasks(work);
  await checkMetadata(work);
}

const findTask = ({ definition }: DriveRequest, item: ListedItem) =>
  definition.tasks.find((task) => task.code === item.processItemDefinitionRef?.code);

async function completeTask(
  work: DriveRequest,
  item: ListedItem,
  answer: JsonObject | undefined,
  actor: Actor,
): Promise<void> {
  const { user } = actor;
  const access = { client: user, caller: actor, processId: work.processId };
  const blocked = toBlockedItem(item);
  const { code, id } = blocked;
  try {
    if (item.ownerId === undefined) await user.claimProcessItemTask(id);
    const saved = await user.updateProcessItemTaskData(
      id,
      answer === undefined
        ? await withRealReferences(exampleTaskData(findTask(work, item)?.data, `the data of ${code}`), access)
        : await withNamedReferences(answer, access),
    );
    const { valid, errors } = saved.task?.data ?? {};
    if (valid === false) {
      const where = formatValueErrors(errors);
      const [why, step] =
        answer === undefined
          ? [
              'no valid example data could be generated',
              `Pass its data in a file with --answers <file>: { tasks: { ${code}: { … } } }`,
            ]
          : ['the answer does not match its schema', 'Fix the answer in the answers file'];
      const message = `Task ${code} (${id}) is stuck: ${why} (${where})`;
      throw new SimulationFailure({ message, item: blocked, next: [step] });
    }
    await user.completeProcessItemTask(id);
  } catch (error) {
    if (!(error instanceof KuFlowApiError) || work.signal.aborted) throw error;
    const message = `Task ${code} (${id}) is stuck: ${formatWithSeen(error)}`;
    throw new SimulationFailure({ message, item: blocked, cause: error });
  }
}

function timeoutFailure(
  work: DriveRequest,
  open: readonly ListedItem[],
  failing: readonly FailingWork[],
): SimulationFailure {
  const items = open.map(toBlockedItem);
  const openItems = items.map((item) => `${item.code} (${item.id}) is ${item.state ?? 'open'}`);
  const reasons = [...openItems, ...failing.map(formatFailingWork)];
  const [first] = items;
  return new SimulationFailure({
    message: `The process did not complete within ${work.timeoutMs / 1000} s: ${reasons.length > 0 ? reasons.join('; ') : 'no task is open and nothing failed, so the workflow is waiting for something else'}`,
    item: first,
    next: [failing.length > 0 ? `See ${work.workerLog}` : 'Raise --timeout', historyHint(work)],
    status: 4,
  });
}

const historyHint = (work: DriveRequest): string =>
  `While the local KuFlow runs, see the workflow history: ${cliInvocation(work.cwd)} dev history ${work.processId}${formatPathOption('--state-dir', work.stateDir)}`;

interface Actor {
  readonly principalId: string;
  readonly user: KuFlowClient;
}

interface ClaimableTask {
  readonly ownerId?: string | undefined;
  readonly candidates?: readonly string[] | undefined;
}

/** The users of a local KuFlow, each of whom can complete tasks. */
export async function openActors(state: PlatformState, signal: AbortSignal) {
  const { tenantId, loopback } = state;
  const users = (await readUsers(state)).map((member) => {
    const credentials = { token: member.token };
    return { member, user: createKuFlowClient({ endpoint: loopback.http, credentials, tenantId, signal }) };
  });
  return {
    /** The task's owner, or else the first user who may claim it; undefined if nobody may. */
    find: ({ ownerId, candidates }: ClaimableTask): Actor | undefined => {
      const found = users.find(({ member }) =>
        ownerId === undefined ? mayClaim(member, candidates) : member.principalId === ownerId,
      );
      return found && { principalId: found.member.principalId, user: found.user };
    },
    close: async (): Promise<void> => {
      for (const { user } of users) await user.close();
    },
  };
}

function mayClaim({ email, groups }: GroupMember, candidates: readonly string[] | undefined): boolean {
  if (candidates === undefined) return true;
  return candidates.some((candidate) => candidate.toLowerCase() === email.toLowerCase() || groups.includes(candidate));
}
