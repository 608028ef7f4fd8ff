import { capitalize, upperCase } from '../../base/identifiers.ts';
import type { Naming, TaskNaming } from '../task-names.ts';
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
  // Python compares names in this form. Names with different keys have different types.
  key: (name) => pascalCase(name.normalize('NFKC')).toLowerCase(),
};

export const PYTHON_TASK_NAMING: TaskNaming = {
  naming: PYTHON_NAMING,
  typeName: pascalCase,
  constantName: upperCase,
};

/** The data of tasks without a type. */
export const UNTYPED_DICT = 'dict[str, Any]';

/** `check_credit` as `CheckCredit`. */
export function pascalCase(name: string): string {
  const joined = name.split('_').map(capitalize).join('');
  return /^\d/.test(joined) ? `Task${joined}` : joined;
}
