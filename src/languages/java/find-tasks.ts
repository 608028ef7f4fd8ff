import type { ProcessInCode } from '../language.ts';
import { processTasks } from '../process-tasks.ts';
import { wordPattern, escapePattern } from '../../text/pattern.ts';
import { javaLayout } from './layout.ts';
import { javaString } from './literals.ts';
import { JAVA_TASK_NAMING } from './tasks.ts';

/** Codes of the tasks that a code file of a process already handles, whoever wrote that code. */
export function findTasks(
  text: string,
  path: string,
  { place, slug, definition, choices }: ProcessInCode,
): ReadonlySet<string> {
  const layout = javaLayout(place, slug);
  const found = processTasks({ definition, choices }, JAVA_TASK_NAMING).filter(
    ({ code, constant, activity, dataType, contextType }) => {
      const has = (pattern: string): boolean => new RegExp(pattern, 'u').test(text);
      const types = [dataType, contextType].filter((type) => type !== undefined);
      switch (path) {
        case layout.workflowImpl:
          return has(`\\b${layout.prefix}Tasks\\.${wordPattern(constant)}`);
        case layout.activities:
        case layout.activitiesImpl:
          return has(`${wordPattern(activity)}\\s*\\(`);
        case layout.tasks:
          return declaresTask(text, code);
        case layout.types:
          return types.some((type) => has(wordPattern(type)));
        case layout.schemas:
          return has(`${escapePattern(JSON.stringify(code))}\\s*:`);
        case layout.sample:
          return has(wordPattern(code));
        default:
          return false;
      }
    },
  );
  return new Set(found.map(({ code }) => code));
}

/** Whether the class with the tasks of a process declares this one. */
export function declaresTask(text: string, code: string): boolean {
  return text.includes(`(${javaString(code)}`);
}
