import { javaString } from './literals.ts';
import { inputTypeOf } from './activities.ts';
import { UNTYPED, type JavaTask } from './tasks.ts';
import { fits, spaces, twoParts } from './wrap.ts';

const INDENT = 8;
const CONTINUATION = 16;

/** What the workflow does for a task, in lines. */
export function workflowStatement(task: JavaTask, prefix: string): readonly string[] {
  const constant = `${prefix}Tasks.${task.constant}`;
  switch (task.kind) {
    case 'human': {
      if (task.isApproval) return approval(task, constant, prefix);
      const wait = `kuflow.humanTask(${constant});`;
      if (!task.isUsed) return call('kuflow.humanTask', [constant]);
      return twoParts(`${task.dataType ?? UNTYPED} ${task.variable} =`, wait, INDENT);
    }
    case 'system': {
      const inputs = ['processId', ...task.inputs.map(({ variable }) => variable)];
      const activity = `activities::${task.activity}`;
      return call('kuflow.systemTask', [constant, activity, `new ${inputTypeOf(task.activity)}(${inputs.join(', ')})`]);
    }
    case 'message':
      return call('kuflow.message', [constant, javaString(task.title)]);
    case 'thread':
      return call('kuflow.thread', [constant]);
  }
}

/** The decision of the sample process. */
function approval(
  { variable, dataType = UNTYPED, rejection }: JavaTask,
  constant: string,
  prefix: string,
): readonly string[] {
  return [
    `        ${dataType} ${variable} = kuflow.humanTask(`,
    `                ${constant},`,
    '                options -> options.deadline(',
    '                        Duration.ofDays(3), task -> task.log("Nobody has decided for three days", LogLevel.WARN)));',
    `        if (!${variable}.approved()) {`,
    ...(rejection === undefined
      ? []
      : [`            kuflow.message(${prefix}Tasks.${rejection}, "Your loan was not approved");`]),
    '            return new WorkflowResponse("Process " + processId + " completed: not approved");',
    '        }',
  ];
}

/** A statement on one line, otherwise with its arguments on the next, otherwise with each on its own line. */
function call(name: string, args: readonly string[]): readonly string[] {
  const line = `${spaces(INDENT)}${name}(${args.join(', ')});`;
  if (fits(line)) return [line];
  const second = `${spaces(CONTINUATION)}${args.join(', ')});`;
  if (fits(second)) return [`${spaces(INDENT)}${name}(`, second];
  return [
    `${spaces(INDENT)}${name}(`,
    ...args.map((arg, at) => `${spaces(CONTINUATION)}${arg}${at === args.length - 1 ? ');' : ','}`),
  ];
}
