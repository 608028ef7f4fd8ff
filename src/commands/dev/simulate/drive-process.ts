import { systemClock } from '../../../base/clock.ts';
import type { JsonObject } from '../../../base/json.ts';
import { cliInvocation } from '../../../base/cli-invocation.ts';
import type { KuFlowClient } from '../../../kuflow/client.ts';
import { KuFlowApiError } from '../../../kuflow/errors.ts';
import type { JsonValue } from '../../../kuflow/contract/common.ts';
import type { ProcessItem } from '../../../kuflow/contract/process-items.ts';
import { pathOption } from '../../../text/shell.ts';
import { readTimeline } from '../../../platform/rest/dev-client.ts';
import type { PlatformState } from '../../../platform/state-file.ts';
import type { ProcessDefinition } from '../../../process/definition.ts';
import { exampleTaskData, createAnswerQueue, type SimulationAnswers } from './answers.ts';
import { SimulationFailure, type BlockedItem } from './failure.ts';

const POLL_MS = 100;

export interface DriveRequest {
  readonly user: KuFlowClient;
  readonly state: PlatformState;
  readonly definition: ProcessDefinition;
  readonly processId: string;
  /** Absolute: where the advice is followed. */
  readonly cwd: string;
  /** As it was given, relative to `cwd`. */
  readonly stateDir: string | undefined;
  readonly answers: SimulationAnswers;
  /** That the process was started with. */
  readonly metadata?: JsonObject;
  /** Milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Throws when there is no point in going on. */
  readonly throwIfEnded: () => void;
  readonly onCompleted: (code: string, processItemId: string) => void;
  /** What the workflow fails at, in words; asked when the time is over. */
  readonly readFailingWork: () => Promise<readonly string[]>;
}

/** Claims and completes the human tasks of a process, as a user, until it is COMPLETED with valid data; throws Stuck when it is not. */
export async function driveProcess(work: DriveRequest): Promise<void> {
  const { user, state, processId } = work;
  const given = createAnswerQueue(work.answers);
  const access = { http: state.loopback.http, token: state.user.token };
  const deadline = Date.now() + work.timeoutMs;
  for (;;) {
    const process = await user.retrieveProcess(processId);
    if (process.state === 'COMPLETED') break;
    if (process.state === 'CANCELLED') throw new SimulationFailure(1, 'The process was cancelled');
    const failure = (await readTimeline(access, processId)).find((entry) =>
      /^workflow-(failed|timed-out|canceled|terminated)$/.test(entry.kind),
    );
    if (failure !== undefined)
      throw new SimulationFailure(
        1,
        `The ${failure.kind.replaceAll('-', ' ')}: ${failure.detail ?? 'no reason given'}`,
      );
    const open = (
      await user.findProcessItems({ processId: [processId], type: ['TASK'], taskState: ['READY', 'CLAIMED'] })
    ).content;
    const mine = open.filter(
      (item) =>
        findTask(work, item)?.kind === 'human' &&
        (item.ownerId === undefined || item.ownerId === state.user.principalId),
    );
    for (const item of mine) {
      const { code } = toBlockedItem(item);
      await completeTask(work, item, given(code));
      work.onCompleted(code, item.id);
    }
    work.throwIfEnded();
    if (Date.now() > deadline) throw await timeoutFailure(work, open);
    if (mine.length === 0) await systemClock.sleep(POLL_MS, work.signal).catch(() => undefined);
  }
  await checkData(work);
  await checkMetadata(work);
}

const findTask = ({ definition }: DriveRequest, item: ListedItem) =>
  definition.tasks.find((task) => task.code === item.processItemDefinitionRef?.code);

type ListedItem = Pick<ProcessItem, 'id' | 'ownerId' | 'processItemDefinitionRef'> & {
  readonly task?: { readonly state?: string } | undefined;
};

function toBlockedItem(item: ListedItem): BlockedItem {
  const { state } = item.task ?? {};
  return {
    id: item.id,
    code: item.processItemDefinitionRef?.code ?? 'a task without a definition',
    ...(state === undefined ? {} : { state }),
  };
}

async function completeTask(work: DriveRequest, item: ListedItem, given: JsonObject | undefined): Promise<void> {
  const { user } = work;
  const stuck = toBlockedItem(item);
  const { code, id } = stuck;
  try {
    if (item.ownerId === undefined) await user.claimProcessItemTask(id);
    const saved = await user.updateProcessItemTaskData(
      id,
      given ?? exampleTaskData(findTask(work, item)?.data, `the data of ${code}`),
    );
    const { valid, errors } = saved.task?.data ?? {};
    if (valid === false) {
      const where = formatValidationErrors(errors);
      throw given === undefined
        ? new SimulationFailure(1, `Task ${code} (${id}) is stuck: no valid data could be made up (${where})`, {
            item: stuck,
            next: [`Give its data: --answers FILE with { tasks: { ${code}: { … } } }`],
          })
        : new SimulationFailure(1, `Task ${code} (${id}) is stuck: its schema refuses the given answer (${where})`, {
            item: stuck,
            next: ['Correct the answers'],
          });
    }
    await user.completeProcessItemTask(id);
  } catch (error) {
    if (!(error instanceof KuFlowApiError) || work.signal.aborted) throw error;
    const seen = error.seen === undefined ? '' : ` (${error.seen})`;
    throw new SimulationFailure(1, `Task ${code} (${id}) is stuck: ${error.message}${seen}`, {
      item: stuck,
      cause: error,
    });
  }
}

async function timeoutFailure(work: DriveRequest, open: readonly ListedItem[]): Promise<SimulationFailure> {
  const items = open.map(toBlockedItem);
  const failing = await work.readFailingWork();
  const waits = items.map((item) => `${item.code} (${item.id}) is ${item.state ?? 'open'}`);
  const reasons = [...waits, ...failing];
  const [first] = items;
  return new SimulationFailure(
    4,
    `Not at its end within ${work.timeoutMs / 1000} s: ${reasons.length > 0 ? reasons.join('; ') : 'no task is open, and nothing has failed; the workflow waits for something else'}`,
    {
      ...(first === undefined ? {} : { item: first }),
      next: [
        failing.length > 0 ? "Look at the worker's output" : 'Give it more time with --timeout',
        `See what has happened: ${cliInvocation(work.cwd)} dev history ${work.processId}${pathOption('--state-dir', work.stateDir)}, while the platform runs`,
      ],
    },
  );
}

/** An answer that was valid when it was given may have been changed since, and system tasks are the worker's. */
async function checkData({ user, processId }: DriveRequest): Promise<void> {
  for await (const listed of user.items('findProcessItems', { processId: [processId], type: ['TASK'] })) {
    if (listed.task?.state !== 'COMPLETED') continue;
    const item = await user.retrieveProcessItem(listed.id);
    const data = item.task?.data;
    if (data?.valid !== false) continue;
    const where = formatValidationErrors(data.errors);
    const stuck = toBlockedItem(item);
    throw new SimulationFailure(
      1,
      `The process is COMPLETED, but its schema refuses the data of task ${stuck.code} (${stuck.id}): ${where}`,
      { item: stuck },
    );
  }
}

/** A process that was started without any is left as it is; else the workflow may have completed or spoiled what it found. */
async function checkMetadata({ user, processId, answers, metadata: given }: DriveRequest): Promise<void> {
  if (given === undefined) return;
  const { metadata } = await user.retrieveProcess(processId);
  if (metadata?.valid !== false) return;
  throw new SimulationFailure(
    1,
    `The process is COMPLETED, but its schema refuses its metadata: ${formatValidationErrors(metadata.errors)}`,
    {
      next: [
        answers.metadata === undefined
          ? 'Look at what the workflow writes there'
          : 'Correct the metadata of the answers, or what the workflow writes there',
      ],
    },
  );
}

function formatValidationErrors(errors: JsonValue['errors']): string {
  return (errors ?? []).map((error) => `${error.propertyPath ?? ''} ${error.type ?? ''}`.trim()).join(', ');
}
