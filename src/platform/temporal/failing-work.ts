import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowService } from '@temporalio/client';
import type { ProtoFailure } from '@temporalio/common';

/** Something that an open workflow waits for and that has failed at least once, or a workflow that has failed. */
export interface FailingWork {
  readonly kind: 'activity' | 'workflow-task' | 'workflow';
  /** Type of the activity or workflow. */
  readonly name: string;
  /** How often it has failed in a row. */
  readonly failures: number;
  /** Message of the failure. The engine records a workflow task's failure only once, so this is the first one in the row. */
  readonly message: string;
  /** `<file>:<line>` of the first frame of the stack that is neither an SDK's nor the runtime's; undefined without such a frame. */
  readonly location?: string | undefined;
  /** Set if the worker does not know this activity: the activities that it does know. */
  readonly registered?: readonly string[] | undefined;
}

const LAST_EVENTS = 50;
const FAILED = 3;

/** Activities that are being retried, and a workflow task that fails; or the failure with which the workflow ended. */
export async function listFailingWork(
  service: WorkflowService,
  namespace: string,
  workflowId: string,
): Promise<readonly FailingWork[]> {
  const execution = { workflowId };
  const { pendingActivities, pendingWorkflowTask, workflowExecutionInfo } = await service.describeWorkflowExecution({
    namespace,
    execution,
  });
  const activities = pendingActivities.flatMap(({ activityType, attempt, lastFailure }): FailingWork[] => {
    if (!lastFailure?.message) return [];
    const { message } = lastFailure;
    return [
      {
        kind: 'activity',
        name: activityType?.name ?? '(unnamed)',
        failures: Math.max(1, (attempt ?? 1) - 1),
        message,
        location: failureLocation(lastFailure.stackTrace ?? ''),
        registered: registeredActivities(message),
      },
    ];
  });
  const attempt = pendingWorkflowTask?.attempt ?? 1;
  const hasFailed = (workflowExecutionInfo?.status as number | undefined) === FAILED;
  if (attempt <= 1 && !hasFailed) return activities;
  const { history } = await service.getWorkflowExecutionHistoryReverse({
    namespace,
    execution,
    maximumPageSize: hasFailed ? 1 : LAST_EVENTS,
  });
  const ended = history?.events?.[0]?.workflowExecutionFailedEventAttributes?.failure;
  const failed = history?.events?.find((event) => event.workflowTaskFailedEventAttributes);
  const failure = ended ?? failed?.workflowTaskFailedEventAttributes?.failure;
  if (!failure?.message) return activities;
  return [
    ...activities,
    {
      kind: hasFailed ? 'workflow' : 'workflow-task',
      name: workflowExecutionInfo?.type?.name ?? '(unnamed)',
      failures: hasFailed ? 1 : attempt - 1,
      ...failureOfCode(failure),
    },
  ];
}

/** The error of the worker's own code. Temporal's Java SDK wraps it in its own errors. */
export function failureOfCode(failure: ProtoFailure): {
  readonly message: string;
  readonly location?: string | undefined;
} {
  for (let at: ProtoFailure | null | undefined = failure; at; at = at.cause) {
    const location = failureLocation(at.stackTrace ?? '');
    if (location !== undefined) return { message: at.message ?? '', location };
  }
  return { message: failure.message ?? '' };
}

/**
 * The activities that a worker says it knows when it is asked for another one; undefined for other messages.
 * Source: the messages of Temporal's TypeScript and Python SDKs (`available activities`) and Java SDK (`Known types are`).
 */
export function registeredActivities(message: string): readonly string[] | undefined {
  if (!/\bnot registered (on|with) (this|a) worker\b/i.test(message)) return undefined;
  const list = /(?:available activities|known types are): *(.*)$/is.exec(message)?.[1] ?? '';
  return list.match(/[^\s,"'[\]]+/g) ?? [];
}

/** With a location relative to `cwd` if it is inside that folder. */
export function relativeToFolder(work: FailingWork, cwd: string): FailingWork {
  const { location } = work;
  return location?.startsWith(join(cwd, sep)) === true ? { ...work, location: relative(cwd, location) } : work;
}

// A frame of JavaScript ends with `file:line:column`, one of Java has `(File.java:line)`, one of Python is `File "file", line n`.
const FRAME =
  /File "(?<python>[^"]+)", line (?<line>\d+)|\((?<java>[\w$]+\.(?:java|kt)):(?<at>\d+)\)|(?<script>[^\s()]+):(?<row>\d+):\d+\)?$/;
const FOREIGN =
  /node_modules|node:|<anonymous>|site-packages|^\s*(?:at )?(?:io\.temporal|java|jdk|javax|sun)\.|\/lib\/python\d|\\c?[Pp]ython[-\d][^\\]*\\Lib\\/;

/** The path of a file in a frame, which may be a URL. The worker may run on another system. */
function toPath(file: string): string {
  if (!file.startsWith('file:')) return file;
  try {
    return fileURLToPath(file, { windows: /^file:\/\/\/[a-z]:/i.test(file) });
  } catch {
    // It has bytes that are not valid in a path.
    return file;
  }
}

/** `<file>:<line>` of the innermost frame of a stack that belongs to the worker's own code. */
export function failureLocation(stack: string): string | undefined {
  const own = stack.split('\n').filter((line) => !FOREIGN.test(line));
  const places = own.flatMap((line) => {
    const { python, line: number, java, at, script, row } = FRAME.exec(line.trim())?.groups ?? {};
    const [file, position] = [python ?? java ?? script, number ?? at ?? row];
    return file === undefined || position === undefined ? [] : [{ place: `${toPath(file)}:${position}`, python }];
  });
  // Python lists the innermost frame last.
  return (places.some(({ python }) => python !== undefined) ? places.at(-1) : places[0])?.place;
}
