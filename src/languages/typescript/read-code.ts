import { wordPattern } from '../../base/escape.ts';
import type { ProcessInCode } from '../language.ts';
import { findProcessTasks, processTasks } from '../process-tasks.ts';
import { typeScriptLayout } from './layout.ts';
import { tsString } from './literals.ts';
import { TS_NAMING } from './process-context.ts';

export function hasDeclarationsOnly(path: string): boolean {
  return /^src\/(?:activities|process\/(?:tasks|types)|processes\/[^/]+\/(?:activities|tasks|types))\.ts$/.test(path);
}

export function isDefinitionCode(path: string): boolean {
  return /^src\/process(?:es\/[^/]+)?\/(?:tasks|types|validators)\.ts$/.test(path);
}

export function findTasks(text: string, path: string, { slug, ...process }: ProcessInCode): ReadonlySet<string> {
  const { parts } = typeScriptLayout(slug);
  const files = { tasks: parts.tasks, types: parts.types, sample: parts.test };
  return findProcessTasks({ text, path, files }, processTasks(process, TS_NAMING), {
    declares: declaresTask,
    patterns: {
      [parts.workflow]: ({ variable }) => `\\btasks\\.${wordPattern(variable)}`,
      [parts.activities]: ({ activity }) => `${wordPattern(activity)}\\s*\\(`,
    },
  });
}

/** Whether the module with the tasks of a process declares this one. */
export const declaresTask = (text: string, code: string): boolean => text.includes(`(${tsString(code)})`);

const DECLARED =
  /^export[ \t]+(?:declare[ \t]+)?(?:abstract[ \t]+)?(?:async[ \t]+)?(?:function|const|let|var|class|interface|type|enum|namespace)\b[ \t]*\*?[ \t]*([\p{L}_$][\p{L}\p{N}_$]*)/gmu;
const LIST = /^export[ \t]+(?:type[ \t]+)?\{([^}]*)\}/gm;

/** The names that a module exports, including types. Does not follow `export *`. */
export function workflowTypes(source: string): ReadonlySet<string> {
  const text = source.replace(/\/\*[\s\S]*?\*\//g, ' ');
  const declared = [...text.matchAll(DECLARED)].map(([, name = '']) => name);
  const listed = [...text.matchAll(LIST)].flatMap(([, names = '']) =>
    names.split(',').map((part) => {
      const name = (/\bas\s+(.+)$/s.exec(part)?.[1] ?? part.replace(/^\s*type\s+/, '')).trim();
      return /^(['"]).*\1$/s.test(name) ? name.slice(1, -1) : name;
    }),
  );
  return new Set([...declared, ...listed].filter((name) => name !== ''));
}
