import { capitalize, upperCase, wordSet } from '../../base/identifiers.ts';
import type { Naming } from '../task-names.ts';
import { isPythonIdentifier, PYTHON_RESERVED } from './literals.ts';

/** Names of variables in Python. Type names and constants are derived from them. */
export const PYTHON_NAMING: Naming = {
  style: 'snake',
  // With names that the templates use.
  reserved: new Set([...PYTHON_RESERVED, ...wordSet('process process_id task run')]),
  isIdentifier: isPythonIdentifier,
  // Python compares names in this form. Names with different keys have different types.
  key: (name) => pascalCase(name.normalize('NFKC')).toLowerCase(),
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
