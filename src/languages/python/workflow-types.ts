import { stringValue } from './string-value.ts';

const NAME = /^@workflow\.defn\(\s*name=("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/gm;

/** The workflow types that a module declares. */
export function workflowTypes(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(NAME)].map(([, literal = '""']) => stringValue(literal)));
}
