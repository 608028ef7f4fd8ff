import { upperCase } from '../../base/identifiers.ts';
import type { Naming, TaskNaming } from '../task-names.ts';
import { isJavaIdentifier, JAVA_RESERVED, javaTypeName } from './literals.ts';

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

export const JAVA_TASK_NAMING: TaskNaming = {
  naming: JAVA_NAMING,
  typeName: (variable) => javaTypeName(variable, 'task'),
  constantName,
};

/** The data of tasks without a type. */
export const UNTYPED = 'Map<String, Object>';

/** `loanApplication` as `LOAN_APPLICATION`. */
function constantName(variable: string): string {
  return upperCase(variable.replace(/([\p{Ll}\p{Nd}])(\p{Lu})/gu, '$1_$2'));
}
