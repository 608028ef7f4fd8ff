import type { ProcessDefinition, TaskDefinition } from '../../process/definition.ts';
import { isSampleApproval } from '../../process/sample.ts';
import { upperCase } from '../../text/identifiers.ts';
import { choiceOf, type TaskChoices } from '../project-spec.ts';
import { nameTasks, systemTaskInputs, taskTitle, type NamedTask, type Naming } from '../task-choices.ts';
import { distinctTypeName, isJavaIdentifier, JAVA_RESERVED, javaTypeName } from './literals.ts';

/** Names that the templates declare, and type names whose task types would collide with others without regard to case. */
const TEMPLATE_NAMES = [
  'kuflow',
  'activities',
  'request',
  'processId',
  'process',
  'input',
  'task',
  'options',
  'run',
  'meta',
  'LOG',
];

/** Names of variables in Java. Type names and constants are derived from them. */
export const JAVA_NAMING: Naming = {
  style: 'camel',
  reserved: new Set([...JAVA_RESERVED, ...TEMPLATE_NAMES]),
  isIdentifier: isJavaIdentifier,
  key: (name) => name.toLowerCase(),
};

/** The data of tasks without a type. */
export const UNTYPED = 'Map<String, Object>';

/** A task in the code of its process. */
export interface JavaTask {
  readonly kind: TaskDefinition['kind'];
  readonly code: string;
  readonly title: string;
  readonly variable: string;
  /** The name of its constant. */
  readonly constant: string;
  readonly dataType: string | undefined;
  readonly contextType: string | undefined;
  readonly activity: string;
  readonly inputs: readonly { readonly variable: string; readonly type: string | undefined }[];
  /** Whether the data of this task is passed to a later system task. */
  readonly isUsed: boolean;
  /** Whether this is the approval of the sample process, whose workflow decides on its data. */
  readonly isApproval: boolean;
  /** The constant of the message task that tells people about a rejection, if any. */
  readonly rejection: string | undefined;
}

/** The tasks of a process with their names in code. */
export function javaTasks({
  definition,
  choices,
}: {
  readonly definition: ProcessDefinition;
  readonly choices: TaskChoices;
}): readonly JavaTask[] {
  const named = nameTasks(definition, choices, JAVA_NAMING);
  const types = new Set<string>();
  const constants = new Set<string>();
  const plain = definition.tasks.map((task) => {
    const { name: variable } = choiceOf(named, task.code) as NamedTask;
    const type = distinctTypeName(javaTypeName(variable, 'task'), types);
    types.add(type);
    const constant = distinctTypeName(constantName(variable), constants);
    constants.add(constant);
    const hasContext = task.kind === 'human' || task.kind === 'system';
    return {
      ...{ task, variable, constant },
      dataType: task.data === undefined || task.kind === 'thread' ? undefined : `${type}Data`,
      contextType: task.contextData === undefined || !hasContext ? undefined : `${type}Context`,
    };
  });
  const inputsOf = (index: number) => {
    const codes = systemTaskInputs(definition, index, choices);
    return plain.slice(0, index).filter(({ task }) => codes.includes(task.code));
  };
  const used = new Set(plain.flatMap(({ task }, index) => (task.kind === 'system' ? inputsOf(index) : [])));
  return plain.map((entry, index): JavaTask => {
    const { task, variable, constant, dataType, contextType } = entry;
    return {
      ...{ kind: task.kind, code: task.code, title: taskTitle(task), variable, constant, dataType, contextType },
      activity: choiceOf(choices, task.code).activity ?? variable,
      inputs: (task.kind === 'system' ? inputsOf(index) : []).map((input) => ({
        variable: input.variable,
        type: input.dataType,
      })),
      isUsed: used.has(entry),
      isApproval: isSampleApproval(task),
      rejection: plain.slice(index).find(({ task: later }) => later.kind === 'message')?.constant,
    };
  });
}

/** `loanApplication` as `LOAN_APPLICATION`. */
function constantName(variable: string): string {
  return upperCase(variable.replace(/([\p{Ll}\p{Nd}])(\p{Lu})/gu, '$1_$2'));
}
