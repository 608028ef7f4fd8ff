import { builtinModules } from 'node:module';
import { splitWords } from '../base/identifiers.ts';

const LONGEST = 214;
const PART = /^[a-z0-9][a-z0-9._-]*$/;
const TAKEN: ReadonlySet<string> = new Set(['node_modules', 'favicon.ico', ...builtinModules]);

/** Why the text cannot be the name of a project, or undefined. npm has the strictest rules. Allows `@scope/name`. */
export function projectNameProblem(text: string): string | undefined {
  if (text === '') return 'is empty';
  if (text !== text.trim()) return 'starts or ends with a space';
  if (text.length > LONGEST) return `is longer than ${LONGEST} characters`;
  if (/[A-Z]/.test(text)) return 'has uppercase letters';
  const scoped = /^@([^/]*)\/([^/]*)$/.exec(text);
  const parts = scoped === null ? [text] : [scoped[1] ?? '', scoped[2] ?? ''];
  for (const part of parts) {
    if (part === '') return 'has an empty scope or name';
    if (part.startsWith('.') || part.startsWith('_') || part.startsWith('-'))
      return 'starts with a dot, an underscore or a hyphen';
    if (!PART.test(part)) return 'has characters other than a-z, 0-9, dot, underscore and hyphen';
  }
  if (scoped === null && TAKEN.has(text)) return 'is a reserved name of Node.js or npm';
  return undefined;
}

/** The name of a project that is similar to the text: lowercase ASCII words joined by hyphens. */
export function toProjectName(text: string): string {
  if (projectNameProblem(text) === undefined) return text;
  const name = splitWords(text).join('-').slice(0, 100).replace(/-+$/, '');
  if (name === '') return 'kuflow-worker';
  return projectNameProblem(name) === undefined ? name : `${name}-worker`;
}

export function unscopedName(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

/** The folder name that is proposed for the worker of a process: `loan-worker` for `LOAN`. */
export function workerFolderName(processCode: string): string {
  return `${toProjectName(processCode.slice(0, 60)).replace(/-worker$/, '')}-worker`;
}
