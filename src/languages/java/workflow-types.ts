import { literalValue } from './activities.ts';

const NAME = /@WorkflowMethod\(\s*name = ("(?:[^"\\]|\\.)*")\s*\)/g;

/** The workflow types that an interface declares. */
export function workflowTypes(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(NAME)].map(([, literal = '""']) => literalValue(literal)));
}
