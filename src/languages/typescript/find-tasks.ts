import type { ProcessInCode } from '../language.ts';
import { typeScriptLayout } from './layout.ts';
import { escapePattern, wordPattern } from '../../base/pattern.ts';
import { tsString } from './literals.ts';
import { taskNames } from './process-context.ts';

/** Codes of the tasks that a code file of a process already handles, whoever wrote that code. */
export function findTasks(
  text: string,
  path: string,
  { slug, definition, choices }: ProcessInCode,
): ReadonlySet<string> {
  const layout = typeScriptLayout(slug);
  const tasks = taskNames(definition, choices);
  const pattern = ({ code, variable, activity, types }: (typeof tasks)[number]): string | undefined => {
    switch (path) {
      case layout.workflows:
        return `\\btasks\\.${wordPattern(variable)}`;
      case layout.activities:
        return `${wordPattern(activity)}\\s*\\(`;
      case layout.tasks:
        return escapePattern(`(${tsString(code)})`);
      case layout.types:
        return types.length === 0 ? undefined : types.map(wordPattern).join('|');
      case layout.test:
        return wordPattern(code);
      default:
        return undefined;
    }
  };
  const found = tasks.filter((task) => {
    const source = pattern(task);
    return source !== undefined && new RegExp(source, 'u').test(text);
  });
  return new Set(found.map(({ code }) => code));
}
