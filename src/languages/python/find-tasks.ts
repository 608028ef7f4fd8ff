import type { ProcessInCode } from '../language.ts';
import { processTasks } from '../process-tasks.ts';
import { escapePattern, wordPattern } from '../../text/pattern.ts';
import { pythonLayout } from './process-layout.ts';
import { stringValue } from './string-value.ts';
import { PYTHON_TASK_NAMING } from './tasks.ts';

const FIRST_ARGUMENT = /\(\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/g;

/** Codes of the tasks that a code file of a process already handles, whoever wrote that code. */
export function findTasks(
  text: string,
  path: string,
  { place, slug, definition, choices }: ProcessInCode,
): ReadonlySet<string> {
  const layout = pythonLayout(place, slug);
  const found = processTasks({ definition, choices }, PYTHON_TASK_NAMING).filter(
    ({ code, constant, activity, dataType, contextType }) => {
      const has = (pattern: string): boolean => new RegExp(pattern, 'u').test(text);
      const types = [dataType, contextType].filter((type) => type !== undefined);
      switch (path) {
        case layout.workflow:
          return has(`\\btasks\\.${wordPattern(constant)}`);
        case layout.activities:
          return has(`\\bdef ${wordPattern(activity)}\\s*\\(`);
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

/** Whether the module with the tasks of a process declares this one. */
export function declaresTask(text: string, code: string): boolean {
  return [...text.matchAll(FIRST_ARGUMENT)].some(([, literal = '']) => stringValue(literal) === code);
}
