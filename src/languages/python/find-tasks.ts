import type { ProcessInCode } from '../language.ts';
import { findProcessTasks, processTasks } from '../process-tasks.ts';
import { wordPattern } from '../../base/pattern.ts';
import { pythonLayout } from './process-layout.ts';
import { stringValue } from './string-value.ts';
import { PYTHON_TASK_NAMING } from './tasks.ts';

const FIRST_ARGUMENT = /\(\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/g;

/** Codes of the tasks that a code file of a process already handles, whoever wrote that code. */
export function findTasks(text: string, path: string, { place, slug, ...process }: ProcessInCode): ReadonlySet<string> {
  const layout = pythonLayout(place, slug);
  return findProcessTasks({ text, path, files: layout }, processTasks(process, PYTHON_TASK_NAMING), {
    declares: declaresTask,
    isIn: ({ constant, activity }, has) => {
      switch (path) {
        case layout.workflow:
          return has(`\\btasks\\.${wordPattern(constant)}`);
        case layout.activities:
          return has(`\\bdef ${wordPattern(activity)}\\s*\\(`);
        default:
          return false;
      }
    },
  });
}

/** Whether the module with the tasks of a process declares this one. */
export function declaresTask(text: string, code: string): boolean {
  return [...text.matchAll(FIRST_ARGUMENT)].some(([, literal = '']) => stringValue(literal) === code);
}
