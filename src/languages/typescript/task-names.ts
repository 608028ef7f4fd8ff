import type { ProcessInCode } from '../language.ts';
import { typeScriptLayout } from './layout.ts';
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
        return `\\btasks\\.${word(variable)}`;
      case layout.activities:
        return `${word(activity)}\\s*\\(`;
      case layout.tasks:
        return escapePattern(`(${tsString(code)}`);
      case layout.types:
        return types.length === 0 ? undefined : types.map(word).join('|');
      case layout.test:
        return word(code);
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

/** A pattern for the text that is not part of a longer name. */
function word(text: string): string {
  return `(?<![\\p{L}\\p{N}_$])${escapePattern(text)}(?![\\p{L}\\p{N}_$])`;
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
