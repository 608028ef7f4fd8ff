import type { ProcessDefinition, TaskDefinition } from '../../process/definition.ts';
import { isSampleApproval } from '../../process/sample.ts';
import { capitalize, distinctName, upperCase } from '../../text/identifiers.ts';
import { choiceOf, type TaskChoices } from '../project-spec.ts';
import { nameTasks, systemTaskInputs, taskTitle, type NamedTask, type Naming } from '../task-choices.ts';
import { isPythonIdentifier, PYTHON_RESERVED } from './literals.ts';

/** Names that the templates use. */
const TEMPLATE_NAMES = [
  'kuflow',
  'activities',
  'activity',
  'workflow',
  'tasks',
  'types',
  'timedelta',
  'request',
  'process',
  'process_id',
  'input',
  'task',
  'run',
  'self',
  'cls',
];

/** Names of variables in Python. Type names and constants are derived from them. */
export const PYTHON_NAMING: Naming = {
  style: 'snake',
  reserved: new Set([...PYTHON_RESERVED, ...TEMPLATE_NAMES]),
  isIdentifier: isPythonIdentifier,
  // Python compares names in this form, and constants are in capitals.
  key: (name) => name.normalize('NFKC').toLowerCase(),
};

/** The data of tasks without a type. */
export const UNTYPED_DICT = 'dict[str, Any]';

/** A task in the code of its process. */
export interface PythonTask {
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
export function pythonTasks({
  definition,
  choices,
}: {
  readonly definition: ProcessDefinition;
  readonly choices: TaskChoices;
}): readonly PythonTask[] {
  const named = nameTasks(definition, choices, PYTHON_NAMING);
  const types = new Set<string>();
  const constants = new Set<string>();
  const plain = definition.tasks.map((task) => {
    const { name: variable } = choiceOf(named, task.code) as NamedTask;
    const type = distinctIn(types, pascalCase(variable));
    const constant = distinctIn(constants, upperCase(variable));
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
  return plain.map((entry, index): PythonTask => {
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

/** `check_credit` as `CheckCredit`. */
export function pascalCase(name: string): string {
  const joined = name.split('_').map(capitalize).join('');
  return /^\d/.test(joined) ? `Task${joined}` : joined;
}

function distinctIn(used: Set<string>, name: string): string {
  const distinct = distinctName(name, (one) => used.has(one));
  used.add(distinct);
  return distinct;
}
