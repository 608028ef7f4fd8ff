import type { ProcessTask } from '../process-tasks.ts';
import { callLines, declarationLines } from './calls.ts';
import { javaString } from './literals.ts';
import { inputTypeOf } from './activities.ts';
import { UNTYPED } from './tasks.ts';

const INDENT = 8;

/** What the workflow does for a task, in lines. */
export function workflowStatement(task: ProcessTask, prefix: string): readonly string[] {
  const constant = `${prefix}Tasks.${task.constant}`;
  switch (task.kind) {
    case 'human': {
      if (task.approval !== undefined) return approval(task, constant, prefix);
      const wait = { callee: 'kuflow.humanTask', args: [constant] };
      return task.isUsed
        ? declarationLines(task.dataType ?? UNTYPED, task.variable, wait, INDENT)
        : callLines('', wait, ';', INDENT);
    }
    case 'system': {
      const inputs = ['processId', ...task.inputs.map(({ variable }) => variable)];
      const input = { callee: `new ${inputTypeOf(task.activity)}`, args: inputs };
      const args = [constant, `activities::${task.activity}`, input];
      return callLines('', { callee: 'kuflow.systemTask', args }, ';', INDENT);
    }
    case 'message':
      return callLines('', { callee: 'kuflow.message', args: [constant, javaString(task.text)] }, ';', INDENT);
    case 'thread':
      return callLines('', { callee: 'kuflow.thread', args: [constant] }, ';', INDENT);
  }
}

/** The decision of the sample process. */
function approval(
  { variable, dataType = UNTYPED, approval: decision }: ProcessTask,
  constant: string,
  prefix: string,
): readonly string[] {
  return [
    `        ${dataType} ${variable} = kuflow.humanTask(`,
    `                ${constant},`,
    '                options -> options.deadline(',
    '                        Duration.ofDays(3), task -> task.log("Nobody has decided for three days", LogLevel.WARN)));',
    `        if (!${variable}.approved()) {`,
    ...(decision?.rejection === undefined
      ? []
      : [`            kuflow.message(${prefix}Tasks.${decision.rejection}, "Your loan was not approved");`]),
    '            return new WorkflowResponse("Process " + processId + " completed: not approved");',
    '        }',
  ];
}
