import { sortByPath } from '../base/sort-by-path.ts';
import { editorOf } from '../languages/language-ids.ts';
import { textFile, type PlannedFile } from '../languages/planned-file.ts';
import type { ProjectSpec } from '../languages/project-spec.ts';
import { languageOf } from '../languages/all-languages.ts';
import {
  addNeededLines,
  findOwnTemplateProblems,
  invalidTemplateError,
  NEEDED_LINES,
  addOwnTemplate,
  templatePaths,
} from '../languages/templates/own-template.ts';
import { loadTemplateSet, type TemplateSet } from '../languages/templates/set.ts';
import { definitionFile } from '../process/definition/file.ts';
import { DEPENDABOT_FILE, moveFile, WORKFLOW } from './join/moved-files.ts';
import { keepDefinitionText, renderDefinition } from '../process/definition/render-definition.ts';
import { checkDefinition } from '../process/definition/unwritable-definition.ts';

/** Files that GitHub reads only in the root of a repository. */
const REPOSITORY_FILES: readonly string[] = [WORKFLOW, DEPENDABOT_FILE];

/** All files except local settings and record, sorted by path. Rejects with a KnownError if the project could not read a definition back. */
export async function renderProject(spec: ProjectSpec): Promise<readonly PlannedFile[]> {
  const files = await renderAll(spec);
  const own = spec.template === undefined ? [] : templatePaths(spec.template);
  const isWanted = (path: string): boolean => {
    const editor = editorOf(path);
    return editor === undefined || (spec.editors ?? []).includes(editor) || own.includes(path);
  };
  return sortByPath(
    files
      .filter(({ path }) => isWanted(path))
      .filter(({ path }) => spec.workspace === undefined || !REPOSITORY_FILES.includes(path))
      .map((file) => moveFile(file, spec)),
  );
}

/** The workflow and the Dependabot file. A project that is a member of a workspace does not have them: they are in the root of the repository. */
export async function renderRepositoryFiles(spec: ProjectSpec): Promise<readonly PlannedFile[]> {
  return (await renderAll(spec)).filter(({ path }) => REPOSITORY_FILES.includes(path));
}

async function renderAll(spec: ProjectSpec): Promise<readonly PlannedFile[]> {
  const language = languageOf(spec);
  for (const { definition } of spec.processes) await checkDefinition(definition);
  const files = await renderFiles(spec, await loadTemplateSet());
  const definitions = spec.processes.map(({ slug, definition, notes = [], text = '' }) => {
    const schemaPath = language.definitionSchema(slug, spec);
    const kept = keepDefinitionText(text, schemaPath);
    return textFile(definitionFile(slug), kept ?? renderDefinition(definition, { schemaPath, notes }));
  });
  return [...files, ...definitions];
}

async function renderFiles(spec: ProjectSpec, templates: TemplateSet): Promise<readonly PlannedFile[]> {
  const { template } = spec;
  const language = languageOf(spec);
  const locks = language.packageManagers.flatMap(language.tools.lockFiles);
  const own = spec.workspace === undefined ? language.tools.lockFiles(spec.packageManager) : [];
  const render = async (set: TemplateSet): Promise<readonly PlannedFile[]> =>
    (await language.render(spec, set)).filter(({ path }) => own.includes(path) || !locks.includes(path));
  if (template === undefined) return render(templates);
  const withOwn = await addOwnTemplate(templates, template, templateVariables(spec));
  const files = addNeededLines(await render(withOwn));
  const { tasks, workflow } = language.layout(spec);
  const problems = findOwnTemplateProblems(files, {
    needed: [...Object.keys(NEEDED_LINES), language.tools.manifest, tasks, workflow],
    reserved: templatePaths(template).filter((path) => locks.includes(path)),
  });
  if (problems.length > 0) throw invalidTemplateError(template, problems);
  return files;
}

/** The variables that every file of a user's own template may print. docs/how-to/own-templates.md promises them. */
function templateVariables(spec: ProjectSpec): object {
  return {
    project: {
      name: spec.name,
      language: spec.language,
      isTypeScript: spec.language === 'typescript',
      isJava: spec.language === 'java',
      isPython: spec.language === 'python',
      packageName: spec.packageName ?? '',
      packageManager: spec.packageManager,
      local: spec.local,
      processes: spec.processes.map(({ definition: { process, workflow, tasks } }) => ({
        code: process.code,
        name: process.name ?? process.code,
        workflowType: workflow.type,
        taskQueue: workflow.taskQueue,
        tasks: tasks.map(({ code, name = code, kind }) => ({ code, name, kind })),
      })),
    },
  };
}
