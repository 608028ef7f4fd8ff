import type { ProcessInCode } from '../language.ts';
import { findProcessTasks, processTasks } from '../process-tasks.ts';
import { unescapeLiteral, wordPattern } from '../../base/escape.ts';
import { pythonLayout } from './layout.ts';
import { PYTHON_NAMING } from './literals.ts';

const FIRST_ARGUMENT = /\(\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/g;

export function hasDeclarationsOnly(path: string): boolean {
  return /^src\/[^/]+\/(?:[^/]+\/(?:tasks|types|activities)|processes)\.py$/.test(path);
}

export function isDefinitionCode(path: string): boolean {
  return /^src\/[^/]+\/[^/]+\/(?:tasks\.py|types\.py|schemas\.json)$/.test(path);
}

export function findTasks(text: string, path: string, { place, slug, ...process }: ProcessInCode): ReadonlySet<string> {
  const { parts } = pythonLayout(place, slug);
  return findProcessTasks({ text, path, files: parts }, processTasks(process, PYTHON_NAMING), {
    declares: declaresTask,
    patterns: {
      [parts.workflow]: ({ constant }) => `\\btasks\\.${wordPattern(constant)}`,
      [parts.activities]: ({ activity }) => `\\bdef ${wordPattern(activity)}\\s*\\(`,
    },
  });
}

/** Whether the module with the tasks of a process declares this one. */
export function declaresTask(text: string, code: string): boolean {
  return [...text.matchAll(FIRST_ARGUMENT)].some(([, literal = '']) => stringValue(literal) === code);
}

/** The workflow types that a module declares. Without a name, the type is that of the class. */
export function workflowTypes(text: string): ReadonlySet<string> {
  return new Set(findDecorated(text, 'workflow', 'class').map(({ name, given = name }) => given));
}

/** The names of the activities in a module, and of the methods that implement them. */
export function activityNames(text: string): ReadonlySet<string> {
  const activities = findDecorated(text, 'activity', '(?:async )?def');
  return new Set(activities.flatMap(({ name, given }) => (given === undefined ? [name] : [name, given])));
}

const STRING = `"(?:[^"\\\\\\n]|\\\\.)*"|'(?:[^'\\\\\\n]|\\\\.)*'`;
const NAME_ARGUMENT = new RegExp(`(?:^|,)(?:\\s|#.*\\n)*name\\s*=\\s*(${STRING})`);
/** Between the decorator of Temporal and the declaration: other decorators, comments and empty lines. */
const LINES = '(?:[ \\t]*(?:[@#].*)?\\n){0,20}';

/** The declarations in a module, such as `class`, with the decorator `@activity.defn` or `@workflow.defn`, and the names `given` by it. */
function findDecorated(text: string, module: 'activity' | 'workflow', declaration: string) {
  const pattern = new RegExp(
    `^[ \\t]*@${module}\\.defn\\b(?:\\(((?:[^()"'#]|${STRING}|#.*)*)\\))?.*\\n${LINES}[ \\t]*${declaration} ([\\p{L}\\p{N}_]+)`,
    'gmu',
  );
  return [...text.replaceAll('\r\n', '\n').matchAll(pattern)].map(([, args = '', name = '']) => {
    const [, literal] = NAME_ARGUMENT.exec(args) ?? [];
    return { name, given: literal === undefined ? undefined : stringValue(literal) };
  });
}

const stringValue = (literal: string): string => unescapeLiteral(literal.slice(1, -1));
