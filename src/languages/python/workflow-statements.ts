import { spaces } from '../templates/code.ts';
import type { ProcessTask } from '../process-tasks.ts';
import { pythonInputType } from './activities.ts';
import { pythonCall, withArguments } from './wrap.ts';
import { cutToColumns, pyString } from './literals.ts';

const INDENT = 8;
/** Keeps the line with the text of a message short enough. */
const LONGEST_TEXT = 90;

export function pythonStatement(task: ProcessTask, prefix: string): string {
  const constant = `tasks.${task.constant}`;
  const assigned = task.isUsed ? `${task.variable} = await ` : 'await ';
  switch (task.kind) {
    case 'human':
      if (task.approval !== undefined) return approve(task, constant);
      return pythonCall(assigned, 'kuflow.human_task', [constant], INDENT);
    case 'system': {
      const inputs = ['process_id', ...task.inputs.map(({ variable }) => variable)];
      const input = withArguments(
        `${pythonInputType(task.activity)}(`,
        inputs.map((variable) => `${variable}=${variable}`),
        ')',
      );
      return pythonCall(
        assigned,
        'kuflow.system_task',
        [constant, `${prefix}Activities.${task.activity}`, input],
        INDENT,
      );
    }
    case 'message':
      return pythonCall(
        'await ',
        'kuflow.message',
        [constant, `text=${pyString(cutToColumns(task.text, LONGEST_TEXT))}`],
        INDENT,
      );
    case 'thread':
      return pythonCall('await ', 'kuflow.thread', [constant], INDENT);
  }
}

/** The decision of the sample process. */
function approve({ variable, approval }: ProcessTask, constant: string): string {
  const { check, rejection } = approval ?? {};
  const lines = [
    `${variable} = await kuflow.human_task(`,
    `    ${constant},`,
    '    deadline=timedelta(days=3),',
    '    on_deadline=lambda task: task.log("No decision after three days", "WARN"),',
    ')',
    `if not ${variable}["approved"]:`,
    ...(rejection === undefined
      ? []
      : [`    await kuflow.message(tasks.${rejection}, text="Your loan was not approved")`]),
    '    return {"message": f"Process {process_id} completed: not approved"}',
  ];
  const whole =
    check === undefined ? lines : [`if ${check}["decision"] == "REVIEW":`, ...lines.map((line) => `    ${line}`)];
  return whole.map((line) => spaces(INDENT) + line).join('\n');
}
