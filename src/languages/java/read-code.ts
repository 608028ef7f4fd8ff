import type { ProcessInCode } from '../language.ts';
import { findProcessTasks, processTasks, type ProcessTask } from '../process-tasks.ts';
import { parseJsonText } from '../../base/json.ts';
import { wordPattern } from '../../base/escape.ts';
import { JAVA_SCHEMAS, javaLayout } from './layout.ts';
import { javaString, JAVA_NAMING } from './literals.ts';

export function hasDeclarationsOnly(path: string): boolean {
  return /^src\/main\/java\/.*(?:Tasks|Actions|Types|Activities|ActivitiesImpl)\.java$/.test(path);
}

export function isDefinitionCode(path: string): boolean {
  return (
    /^src\/main\/java\/.*(?:Tasks|Actions|Types)\.java$/.test(path) ||
    (path.startsWith(`${JAVA_SCHEMAS}/`) && path.endsWith('.json'))
  );
}

export function findTasks(text: string, path: string, { place, slug, ...process }: ProcessInCode): ReadonlySet<string> {
  const { parts, prefix } = javaLayout(place, slug);
  const callOf = ({ activity }: ProcessTask): string => `${wordPattern(activity)}\\s*\\(`;
  return findProcessTasks({ text, path, files: parts }, processTasks(process, JAVA_NAMING), {
    declares: declaresTask,
    patterns: {
      [parts.workflowImpl]: ({ constant }) => `\\b${prefix}Tasks\\.${wordPattern(constant)}`,
      [parts.activities]: callOf,
      [parts.activitiesImpl]: callOf,
    },
  });
}

/** Whether the class with the tasks of a process declares this one. */
export function declaresTask(text: string, code: string): boolean {
  return text.includes(`(${javaString(code)}`);
}

export const workflowTypes = (text: string): ReadonlySet<string> => namesIn(text, 'WorkflowMethod');

export const activityNames = (text: string): ReadonlySet<string> => namesIn(text, 'ActivityMethod');

function namesIn(text: string, annotation: string): ReadonlySet<string> {
  const pattern = new RegExp(`@${annotation}\\(\\s*name = ("(?:[^"\\\\]|\\\\.)*")\\s*\\)`, 'g');
  return new Set([...text.matchAll(pattern)].map(([, literal = '""']) => literalValue(literal)));
}

/** The value of a string literal; its escapes are those of JSON. */
function literalValue(literal: string): string {
  const value = parseJsonText(literal);
  return typeof value === 'string' ? value : literal.slice(1, -1);
}
