import type { NamedSchema } from '../../schema/code-types.ts';
import type { ProcessTask } from '../process-tasks.ts';
import { javaRecordOf } from './java-types.ts';
import { javaString, UNTYPED } from './literals.ts';
import { inputTypeOf } from './activities.ts';
import { callLines, declarationLines } from './wrap.ts';

const INDENT = 8;

/** What the workflow does for a task, in lines. `check`: the data of the credit check of the sample process. */
export function workflowStatement(
  task: ProcessTask,
  prefix: string,
  check: NamedSchema | undefined,
): readonly string[] {
  const constant = `${prefix}Tasks.${task.constant}`;
  const { dataType = UNTYPED, variable, isUsed } = task;
  switch (task.kind) {
    case 'human': {
      if (task.approval !== undefined) return approval(task, { constant, prefix, check });
      const wait = { callee: 'kuflow.humanTask', args: [constant] };
      return isUsed ? declarationLines(dataType, variable, wait, INDENT) : callLines('', wait, ';', INDENT);
    }
    case 'system': {
      const inputs = ['processId', ...task.inputs.map((input) => input.variable)];
      const input = { callee: `new ${inputTypeOf(task.activity)}`, args: inputs };
      const call = { callee: 'kuflow.systemTask', args: [constant, `activities::${task.activity}`, input] };
      return isUsed ? declarationLines(dataType, variable, call, INDENT) : callLines('', call, ';', INDENT);
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
  {
    constant,
    prefix,
    check,
  }: { readonly constant: string; readonly prefix: string; readonly check: NamedSchema | undefined },
): readonly string[] {
  const lines = [
    `${dataType} ${variable} = kuflow.humanTask(`,
    `        ${constant},`,
    '        options -> options.deadline(',
    '                Duration.ofDays(3), task -> task.log("No decision after three days", LogLevel.WARN)));',
    `if (!${variable}.approved()) {`,
    ...(decision?.rejection === undefined
      ? []
      : [`    kuflow.message(${prefix}Tasks.${decision.rejection}, "Your loan was not approved");`]),
    '    return new WorkflowResponse("Process " + processId + " completed: not approved");',
    '}',
  ];
  const review = decision?.check !== undefined && check !== undefined ? needsReview(decision.check, check) : undefined;
  const all = review === undefined ? lines : [`if (${review}) {`, ...lines.map((line) => `    ${line}`), '}'];
  return all.map((line) => `        ${line}`);
}

/** Whether the credit check asks for the decision of a person. */
function needsReview(variable: string, { name, schema }: NamedSchema): string | undefined {
  const decision = javaRecordOf(name, schema).components.find(({ property }) => property === 'decision');
  if (decision === undefined) return undefined;
  const { type } = decision;
  const value = `${variable}.${decision.name}()`;
  const review = type.kind === 'enum' ? type.constants.find((constant) => constant.value === 'REVIEW') : undefined;
  return type.kind === 'enum' && review !== undefined
    ? `${value} == ${name}.${type.name}.${review.name}`
    : `"REVIEW".equals(${value})`;
}
