import { upperCase, wordSet } from '../../base/identifiers.ts';
import type { Naming } from '../task-names.ts';
import { isJavaIdentifier, JAVA_RESERVED, javaTypeName } from './literals.ts';

/** Names of variables in Java. Type names and constants are derived from them. */
export const JAVA_NAMING: Naming = {
  style: 'camel',
  // With names that the templates declare.
  reserved: new Set([
    ...JAVA_RESERVED,
    ...wordSet('kuflow activities request processId process input task options run meta LOG'),
  ]),
  isIdentifier: isJavaIdentifier,
  key: (name) => name.toLowerCase(),
  typeName: (variable) => javaTypeName(variable, 'task'),
  // `loanApplication` as `LOAN_APPLICATION`.
  constantName: (variable) => upperCase(variable.replace(/([\p{Ll}\p{Nd}])(\p{Lu})/gu, '$1_$2')),
};

/** The data of tasks without a type. */
export const UNTYPED = 'Map<String, Object>';
