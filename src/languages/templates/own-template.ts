import { KnownError, messageOf } from '../../base/errors.ts';
import { escapeForTerminal, hasControlCharacters } from '../../base/escape.ts';
import { utf8Text } from '../../files/text-file.ts';
import { isDefinitionFile } from '../../process/definition/file.ts';
import { RECORD_FILE } from '../../process/find-project.ts';
import { LOCAL_SETTINGS_FILE } from '../../settings/keys.ts';
import { isGitFolderName, isReservedOnWindows } from '../../base/file-name.ts';
import { didYouMean } from '../../base/near-match.ts';
import { sortByPath } from '../../base/sort-by-path.ts';
import { textFile, textOf, type PlannedFile } from '../planned-file.ts';
import type { ProjectTemplate } from '../project-spec.ts';
import { parseTemplateName, type TemplateFile } from './files.ts';
import { templateHelpers } from '../template-helpers.ts';
import { createRuntime, type TemplateSet } from './set.ts';

/** Longer paths do not fit into the base archive. */
const MAX_PATH_BYTES = 150;
const MAX_NAME_BYTES = 80;
// Handlebars' parser takes seconds for more.
const MAX_EXPRESSIONS = 2000;
const MAX_DEPTH = 20;
const MAX_RENDERED_BYTES = 2 * 1024 * 1024;
/** Of all files of a project. */
const MAX_TOTAL_BYTES = 16 * 1024 * 1024;
const MAX_PROBLEMS = 20;

/**
 * The templates of the language with the files of the user's own template: a file replaces the one with the same path. `variables` are added
 * to those of the language. Rejects with a KnownError that lists every problem of the template. Rendering throws a KnownError with the file
 * and line of a value that does not exist or has the wrong type.
 */
export async function addOwnTemplate(
  templates: TemplateSet,
  template: ProjectTemplate,
  variables: object,
): Promise<TemplateSet> {
  const own = await prepareOnce(template);
  let left = MAX_TOTAL_BYTES;
  const complete = (render: NonNullable<TemplateFile['render']>) => (context: object) => {
    const text = render({ ...context, ...variables });
    left -= text.length;
    if (left < 0) throw invalidTemplateError(template, ['its files together render more than 16 MiB']);
    return text;
  };
  return (language) => {
    const files = new Map(templates(language).map((file) => [file.path, file]));
    for (const file of own) files.set(file.path, { ...file, render: file.render && complete(file.render) });
    return sortByPath([...files.values()]);
  };
}

// A command renders the project several times.
const prepared = new WeakMap<ProjectTemplate['files'], Promise<readonly TemplateFile[]>>();

function prepareOnce(template: ProjectTemplate): Promise<readonly TemplateFile[]> {
  const known = prepared.get(template.files) ?? prepareTemplate(template);
  prepared.set(template.files, known);
  return known;
}

async function prepareTemplate(template: ProjectTemplate): Promise<readonly TemplateFile[]> {
  const problems = findNameProblems([...template.files.keys()]);
  const files: TemplateFile[] = [];
  for (const [name, { contents }] of template.files) {
    const { path, rendered } = parseTemplateName(name);
    const bytes = Buffer.from(contents);
    // Folders on Windows and archives do not keep modes.
    const executable = bytes.subarray(0, 2).toString('latin1') === '#!';
    const compiled = rendered ? await compileFile(name, bytes, template) : { render: undefined };
    if ('problems' in compiled) problems.push(...compiled.problems);
    else files.push({ path, executable, contents: bytes, isOwn: true, ...compiled });
  }
  if (problems.length > 0) throw invalidTemplateError(template, problems);
  return files;
}

export function invalidTemplateError({ origin }: ProjectTemplate, problems: readonly string[]): KnownError {
  const lines = problems.slice(0, MAX_PROBLEMS).map((problem) => `  ${escapeForTerminal(problem, 500)}`);
  if (problems.length > MAX_PROBLEMS) lines.push(`  and ${problems.length - MAX_PROBLEMS} more`);
  return new KnownError({
    message: `The template is not valid:\n${lines.join('\n')}`,
    tried: `use the template ${origin.source}`,
  });
}

/** Why a template must not have files with these names: one line per problem. */
function findNameProblems(names: readonly string[]): string[] {
  const byPath = new Map<string, string>();
  return names.flatMap((name) => {
    const { path } = parseTemplateName(name);
    const other = byPath.get(foldPath(path));
    byPath.set(foldPath(path), name);
    if (other !== undefined) return [`${other} and ${name} have the same path in the project`];
    const problem = findPathProblem(path);
    return problem === undefined ? [] : [`${name}: ${problem}`];
  });
}

/** The path on a file system that ignores case and Unicode forms. */
function foldPath(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

/** Why no template may write this path of a project, or undefined. */
function findPathProblem(path: string): string | undefined {
  const parts = path.split('/');
  if (parts.some((part) => ['', '.', '..'].includes(part))) return 'the path leads out of the project';
  if (/[\\:*?"<>|\ufffd]/.test(path) || hasControlCharacters(path))
    return 'the name has a character that not every system allows';
  if (parts.some(isReservedOnWindows)) return 'Windows does not allow this name';
  if (Buffer.byteLength(path) > MAX_PATH_BYTES || parts.some((part) => Buffer.byteLength(part) > MAX_NAME_BYTES))
    return `the path is too long (at most ${MAX_PATH_BYTES} bytes, and ${MAX_NAME_BYTES} for each name)`;
  const folded = foldPath(path);
  const first = folded.split('/')[0] ?? '';
  if (folded.split('/').some(isGitFolderName)) return 'it belongs to a git repository';
  if (first === RECORD_FILE.split('/')[0]) return `only kuflow writes the folder ${first}`;
  if (folded === LOCAL_SETTINGS_FILE) return 'it contains the settings of one machine';
  if (isDefinitionFile(folded)) return 'process definitions are not part of a template';
  return undefined;
}

type CompiledFile = { readonly problems: readonly string[] } | { readonly render: (context: object) => string };

async function compileFile(name: string, contents: Buffer, template: ProjectTemplate): Promise<CompiledFile> {
  const source = utf8Text(contents);
  if (source === undefined) return { problems: [`${name}: not UTF-8 text`] };
  const size = findSizeProblem(source);
  if (size !== undefined) return { problems: [`${name}: ${size}`] };
  // Imported on demand: the compiler is needed only for templates that are not in the package.
  const { compileTemplate, findTemplateProblems } = await import('./compile.ts');
  const problems = findTemplateProblems(name, source);
  if (problems.length > 0) return { problems };
  const budget = { left: MAX_RENDERED_BYTES };
  const compiled = createRuntime().template(compileTemplate(source));
  const helpers = locateErrors(
    templateHelpers((text) => {
      // A list in a list in a list can render any number of items.
      budget.left -= text.length + 1;
      if (budget.left < 0) throw new RangeError('the lists of this template render more than 2 MiB');
    }),
    { name, source, template },
  );
  return {
    render: (context) => {
      budget.left = MAX_RENDERED_BYTES;
      // Denied explicitly, because by default the runtime also prints a warning.
      return compiled(context, { helpers, allowProtoMethodsByDefault: false, allowProtoPropertiesByDefault: false });
    },
  };
}

function findSizeProblem(source: string): string | undefined {
  let [count, depth, deepest] = [0, 0, 0];
  for (const [, sign] of source.matchAll(/\{\{~?([#/])?/g)) {
    count++;
    if (sign === '#') depth++;
    else if (sign === '/') depth--;
    deepest = Math.max(deepest, depth);
  }
  if (count > MAX_EXPRESSIONS) return `more than ${MAX_EXPRESSIONS} expressions`;
  return deepest > MAX_DEPTH ? `blocks are nested more than ${MAX_DEPTH} deep` : undefined;
}

type Helpers = ReturnType<typeof templateHelpers>;

/** The same helpers, whose errors name the file, the line and the expression. */
function locateErrors(
  helpers: Helpers,
  { name, source, template }: { readonly name: string; readonly source: string; readonly template: ProjectTemplate },
): Helpers {
  const locate = (helper: Helpers[string]): Helpers[string] =>
    function (this: unknown, ...given: readonly unknown[]): unknown {
      try {
        return helper.apply(this, given as [unknown]);
      } catch (error) {
        if (error instanceof KnownError) throw error;
        const { loc } = given.at(-1) as { readonly loc?: hbs.AST.SourceLocation };
        const { line, column } = loc?.start ?? { line: 0, column: 0 };
        const expression = /^\{\{[^}]*\}\}/.exec(source.split('\n')[line - 1]?.slice(column) ?? '')?.[0] ?? '';
        const variable = /\s([A-Za-z]\w*)~?\}\}$/.exec(expression)?.[1];
        const known = typeof this === 'object' && this !== null ? Object.keys(this) : [];
        const hint = variable === undefined || known.includes(variable) ? '' : didYouMean(variable, known);
        throw invalidTemplateError(template, [`${name}:${line}: ${expression}: ${messageOf(error)}${hint}`]);
      }
    };
  return Object.fromEntries(Object.entries(helpers).map(([key, helper]) => [key, locate(helper)]));
}

export function templatePaths({ files }: ProjectTemplate): readonly string[] {
  return [...files.keys()].map((name) => parseTemplateName(name).path);
}

/** Paths that exclude each other, paths that are `needed` but missing, and those that the template has although they are `reserved`. */
export function findOwnTemplateProblems(
  files: readonly PlannedFile[],
  { needed, reserved }: { readonly needed: readonly string[]; readonly reserved: readonly string[] },
): readonly string[] {
  const paths = new Map<string, string>();
  const problems: string[] = [];
  for (const { path } of files) {
    const other = paths.get(foldPath(path));
    if (other !== undefined) problems.push(`${path} and ${other} are one file on systems that ignore case`);
    paths.set(foldPath(path), path);
  }
  for (const { path } of files) {
    const parts = foldPath(path).split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const file = paths.get(parts.slice(0, depth).join('/'));
      if (file !== undefined) problems.push(`${file} is a file, but ${path} needs a folder with this name`);
    }
  }
  problems.push(...reserved.map((path) => `${path}: the package manager writes this file`));
  const missing = needed.filter((path) => !paths.has(foldPath(path)));
  problems.push(...missing.map((path) => `${path}: a project needs this file, and the template renders it to nothing`));
  return [...new Set(problems)];
}

/** What a repository must not contain (credentials, the state of the local KuFlow), and what git must not merge or convert. */
export const NEEDED_LINES: Readonly<Record<string, readonly string[]>> = {
  '.gitignore': [
    LOCAL_SETTINGS_FILE,
    '.kuflow/dev/',
    '.kuflow/journal/',
    '.kuflow/project.lock*',
    '.kuflow/program*',
    // Many repositories ignore archives.
    '!.kuflow/base.tgz',
    '!.kuflow/lib/**',
    '!.kuflow/project.json',
  ],
  '.gitattributes': ['.kuflow/base.tgz binary', '.kuflow/lib/** binary'],
};

/** The files of a project, with all lines that every project needs. */
export function addNeededLines(files: readonly PlannedFile[]): readonly PlannedFile[] {
  return files.map((file) => {
    const needed = Object.hasOwn(NEEDED_LINES, file.path) ? (NEEDED_LINES[file.path] ?? []) : [];
    const text = textOf(file);
    const lines = text.split('\n').map((line) => line.trim());
    const missing = needed.filter((line) => !lines.includes(line) && !lines.includes(`/${line}`));
    if (missing.length === 0) return file;
    return textFile(file.path, `${text.trimEnd()}\n\n# For kuflow\n${missing.join('\n')}\n`);
  });
}
