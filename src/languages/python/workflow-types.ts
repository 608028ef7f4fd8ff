import { findDecorated } from './decorators.ts';

/** The workflow types that a module declares. Without a name, the type is that of the class. */
export function workflowTypes(text: string): ReadonlySet<string> {
  return new Set(findDecorated(text, 'workflow', 'class').map(({ name, given = name }) => given));
}
