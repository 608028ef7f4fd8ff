import { lstatSync, readdirSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { listFirst } from '../../../base/count-of.ts';
import { knownErrorOf, interruptedError, KnownError } from '../../../base/errors.ts';
import { expandHome } from '../../../base/user-folders.ts';
import { missingAnswersError, type CredentialChoice } from '../../../cli/missing-answers.ts';
import { loadProcess } from '../../../discovery/load-process.ts';
import { toProjectName, workerFolderName } from '../../../languages/project-name.ts';
import { findOnPath } from '../../../files/find-on-path.ts';
import { LANGUAGE_IDS, LANGUAGES, type LanguageId } from '../../../languages/language-ids.ts';
import { languageOf } from '../../../languages/all-languages.ts';
import { listFileActions, type FileAction } from '../../../project/existing-files.ts';
import { describeOutside } from '../../../project/join/plan-outside.ts';
import { languagesOf } from '../../../project/template/allowed-files.ts';
import { isInRepository } from '../../../project/join/find-root.ts';
import { shortPath } from '../../../files/relative-path.ts';
import type { Prompts } from '../../../terminal/prompts.ts';
import { chosenLanguage, folderNameProblem, type CreateAnswers } from '../answers.ts';
import { listPlaces, type Placement, type ProjectPlace } from '../placement.ts';
import { planCreate, prepareCreate } from '../plan-create.ts';
import { processCode } from './process-steps.ts';
import { isUsable, overridingVariables } from './credential-steps.ts';
import { GoBack, reopenFolder, settle, withAnswers, type Step, type WizardContext, type WizardState } from './state.ts';

/** Why a project cannot be in this folder. The files in it are compared later, and none is lost. */
export function folderProblem(cwd: string, text: string): string | undefined {
  const path = resolve(cwd, text);
  try {
    if (!statSync(path).isDirectory()) return 'A file with this name exists';
    readdirSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' && lstatSync(path, { throwIfNoEntry: false }) !== undefined)
      return 'A symbolic link with this name exists and leads nowhere';
    if (code === 'ENOTDIR') return 'Part of this path is a file';
    if (code === 'ENAMETOOLONG') return 'The name is too long';
    if (code === 'EACCES') return 'The folder cannot be read';
  }
  return undefined;
}

const folder: Step = {
  topic: 'folder',
  isOpen: (_, { missing }) => missing.has('folder'),
  run: async (state, context, { ask }) => {
    const atHome = (text: string): string => expandHome(text, context.env);
    const answer = await ask.text({
      message: 'Folder for the new project',
      hint: 'Its name becomes the name of the worker',
      proposal: workerFolderName(processCode(state)),
      validate: (text) => folderNameProblem(context.cwd, atHome(text)) ?? folderProblem(context.cwd, atHome(text)),
      // The language is the next question.
      validateAsync: (text) =>
        findConflict({ ...state.answers, language: likelyLanguage(state, context), folder: atHome(text) }, context),
    });
    const chosen = atHome(answer);
    const name = toProjectName(basename(resolve(context.cwd, chosen)));
    if (name !== basename(chosen))
      context.say.note(`The project is named ${name}, because the name of the folder cannot be used`);
    return withAnswers(state, { folder: chosen });
  },
};

/** A worker reads files only in its own folder, so credentials from a file here have to be copied. */
const copy: Step = {
  topic: 'copy',
  isOpen: ({ answers, settled }, { credentials }, { cwd }) =>
    credentials.kind === 'detected' &&
    credentials.place.kind === 'file' &&
    answers.local !== true &&
    resolve(cwd, answers.folder ?? '.') !== cwd &&
    !settled.has('copy'),
  run: async (state, context, { ask, before, credentials }) => {
    const settled = settle(state, 'copy');
    if (credentials.kind !== 'detected' || !(await isUsable(state.answers, context))) return settled;
    const { settings } = await context.connections.connect(state.answers);
    const [id, secret] = [settings['kuflow.api.client-id'], settings['kuflow.api.client-secret']];
    if (id?.source.kind !== 'file' || secret === undefined) return settled;
    const isCopied = await ask.confirm({
      message: `Copy the client ID and secret from ${credentials.place.name} here to application-local.yaml in the project?`,
      fallback: before !== 'false',
    });
    return isCopied ? withAnswers(settled, { clientId: id.value, secret: secret.value }) : settled;
  },
};

/** Conflicts in a folder, reported while the folder is chosen and not after the last question. */
async function findConflict(answers: CreateAnswers, context: WizardContext): Promise<string | undefined> {
  const failure = await knownErrorOf(async () => {
    const planned = await planFor(answers, context);
    // Where to go in the folder of another project is the next question.
    if (planned.plan.placement.kind !== 'occupied') await readPreview(planned, context);
  });
  return failure?.message;
}

async function planFor(answers: CreateAnswers, context: WizardContext) {
  const decision = await planCreate(answers, { ...context, connect: context.connections.connect });
  if (decision.kind === 'missing') throw missingAnswersError(decision.missing, decision.example);
  const { plan } = decision;
  return { plan, process: await loadProcess(plan.source, context.cwd, plan.discovered) };
}

/** What the summary shows before anything is written. */
type Preview = Awaited<ReturnType<typeof readPreview>>;

/** Compares a planned project with the folder; writes nothing. Rejects with a KnownError for conflicts. */
async function readPreview({ plan, process }: Awaited<ReturnType<typeof planFor>>, context: WizardContext) {
  const { comparison } = await prepareCreate(plan, process, context.template, context);
  const files = listFileActions(comparison);
  const conflicts = files.flatMap((file) => (file.action === 'conflict' ? [`${file.path} ${file.reason}`] : []));
  if (conflicts.length > 0)
    throw new KnownError({
      message: `Existing files conflict with the project: ${listFirst(conflicts, 5)}`,
      next: ['Choose another folder, or start again with --overwrite <path> for each file to overwrite'],
    });
  return {
    folder: plan.folder,
    definition: process.definition,
    /** Address of the KuFlow that the credentials are for; undefined if none were given. */
    endpoint: plan.connection?.settings['kuflow.api.endpoint']?.value,
    /** How many files are created, merged and so on. */
    count: (action: FileAction): number => files.filter((file) => file.action === action).length,
    /** Existing files of the folder that get lines. */
    merged: files.filter((file) => file.action === 'merge'),
    outside: describeOutside(comparison.outside ?? []),
  };
}

/** The languages to choose from: those that the user's own template has files for. */
const languagesFor = ({ template }: WizardContext): readonly LanguageId[] =>
  template === undefined ? LANGUAGE_IDS : languagesOf(template.files);

/** The chosen language, or the first one to offer. */
function likelyLanguage({ answers }: WizardState, context: WizardContext): LanguageId {
  const languages = languagesFor(context);
  const chosen = chosenLanguage(answers);
  return isLanguageOpen(answers) && !languages.includes(chosen) ? (languages[0] ?? chosen) : chosen;
}

function isLanguageOpen({ language: named, packageManager: manager }: CreateAnswers): boolean {
  return named === undefined && manager === undefined;
}

const language: Step = {
  topic: 'language',
  isOpen: ({ answers }) => isLanguageOpen(answers),
  run: async (state, context, { ask, before }) => {
    const answer = await ask.choose({
      message: 'Language of the worker',
      fallback: languagesFor(context).find((id) => id === before) ?? likelyLanguage(state, context),
      choices: languagesFor(context).map((value) => ({ value, name: LANGUAGES[value] })),
    });
    return withAnswers(state, { language: answer });
  },
};

/** Whether the project is a member of a workspace, or where it goes if the folder is another project. */
const workspace: Step = {
  topic: 'workspace',
  isOpen: ({ settled }) => !settled.has('workspace'),
  run: async (state, context, { ask }) => {
    const { plan, process } = await planFor(state.answers, context);
    const { placement, chosenFolder: chosen } = plan;
    const name = workerFolderName(process.definition.process.code);
    const places = listPlaces(placement, { cwd: context.cwd, chosen, name });
    if (places.length === 0) {
      const workspaceManager = placement.kind === 'member' ? placement.found.workspace.packageManager : undefined;
      return { ...settle(state, 'workspace'), workspaceManager };
    }
    const place = await choosePlace(ask, placement, places, { canChooseFolder: true });
    if (place === 'other-folder') return reopenFolder(state);
    const { folder, workspace: isMember, packageManager: workspaceManager } = place;
    return { ...settle(withAnswers(state, { folder, workspace: isMember }), 'workspace'), workspaceManager };
  },
};

const OTHER_FOLDER = 'other-folder';
const END = 'end';

/** Asks where a project goes: one of the places, or another folder. Rejects with status 130 for neither. */
export async function choosePlace(
  ask: Pick<Prompts, 'choose'>,
  placement: Placement,
  places: readonly ProjectPlace[],
  { canChooseFolder }: { readonly canChooseFolder: boolean },
): Promise<ProjectPlace | 'other-folder'> {
  const answer = await ask.choose<string>({
    message:
      placement.kind === 'occupied'
        ? `The folder contains another project (${placement.manifest}). Where should the worker go?`
        : 'The folder is in a workspace. How should the project be created?',
    choices: [
      ...places.map(({ title, workspace }) => ({ value: valueOf(workspace), name: title })),
      ...(canChooseFolder ? [{ value: OTHER_FOLDER, name: 'Choose another folder' }] : []),
      { value: END, name: 'Quit without writing anything' },
    ],
  });
  if (answer === OTHER_FOLDER) return answer;
  const place = places.find(({ workspace }) => valueOf(workspace) === answer);
  if (place === undefined) throw interruptedError('Nothing was written');
  return place;
}

function valueOf(isMember: boolean): string {
  return isMember ? 'member' : 'separate';
}

const packageName: Step = {
  topic: 'package',
  isOpen: ({ answers }) => answers.package === undefined && namesOf(answers) !== undefined,
  run: async (state, context, { ask }) => {
    const names = namesOf(state.answers);
    const project = toProjectName(basename(resolve(context.cwd, state.answers.folder ?? '.')));
    const answer = await ask.text({
      message: 'Package name',
      proposal: names?.suggest(project) ?? '',
      validate: (text) => {
        const problem = names?.problem(text);
        return problem === undefined ? undefined : `The name ${problem}`;
      },
    });
    return withAnswers(state, { package: answer });
  },
};

const namesOf = (answers: CreateAnswers) => languageOf({ language: chosenLanguage(answers) }).packageNames;

/** The package manager or build tool that is chosen or detected, or that of the workspace. */
function toolsFor({ answers, workspaceManager }: WizardState, { env, cwd }: WizardContext) {
  const { packageManager = workspaceManager, folder = 'project' } = answers;
  const { tools, packageManagers } = languageOf({ language: chosenLanguage(answers) });
  const chosen = tools.choose(packageManager, { env, folder: resolve(cwd, folder) });
  const programs = new Map(packageManagers.map((manager) => [tools.title(manager), tools.program(manager)]));
  return {
    label: tools.label,
    title: tools.title(chosen),
    /** The tools that the user can choose from, if there is more than one. Otherwise empty. */
    choices:
      packageManagers.length === 1
        ? []
        : [...programs].map(([title, program]) => ({ title, isInstalled: findOnPath(program, env) !== undefined })),
    /** Why dependencies cannot be installed on this machine. */
    problem: async () => (await knownErrorOf(() => tools.require(chosen, env)))?.message,
  };
}

const packageManager: Step = {
  topic: 'package-manager',
  isOpen: (state, _, context) =>
    state.answers.packageManager === undefined &&
    state.answers.workspace !== true &&
    toolsFor(state, context).choices.length > 0,
  run: async (state, context, { ask, before }) => {
    const { label, title, choices } = toolsFor(state, context);
    const answer = await ask.choose({
      message: label,
      fallback: before ?? title,
      choices: choices.map(({ title: value, isInstalled }) => ({
        value,
        name: isInstalled ? value : `${value} (not installed)`,
        ...(value === title ? { description: 'Detected here' } : {}),
      })),
    });
    return withAnswers(state, { packageManager: answer });
  },
};

const git: Step = {
  topic: 'git',
  isOpen: (state) => !state.settled.has('git'),
  run: async (state, context, { ask, before }) => {
    if (isInRepository(resolve(context.cwd, state.answers.folder ?? '.'))) {
      context.say.note('The folder is in a git repository, so no new one is created');
      return settle(state, 'git');
    }
    if (findOnPath('git', context.env) === undefined) {
      context.say.note('git is not installed, so no repository is created');
      return settle(state, 'git');
    }
    const message = 'Create a git repository with a first commit?';
    const isWanted = await ask.confirm({ message, fallback: before !== 'false' });
    return settle(withAnswers(state, { git: isWanted }), 'git');
  },
};

const install: Step = {
  topic: 'install',
  isOpen: (state) => !state.settled.has('install'),
  run: async (state, context, { ask, before }) => {
    const { title, problem } = toolsFor(state, context);
    const reason = await problem();
    if (reason !== undefined) {
      context.say.note(`${reason}, so dependencies are not installed`);
      return settle(withAnswers(state, { install: false }), 'install');
    }
    const message = `Install dependencies with ${title}?`;
    const isWanted = await ask.confirm({ message, fallback: before !== 'false' });
    return settle(withAnswers(state, { install: isWanted }), 'install');
  },
};

const summary: Step = {
  topic: 'summary',
  isOpen: (state) => !state.settled.has('summary'),
  run: async (state, context, { ask, canGoBack, credentials }) => {
    const failure = await knownErrorOf(async () => {
      const preview = await readPreview(await planFor(state.answers, context), context);
      context.say.summary(summaryRows(state, preview, credentials, context));
      context.say.changes(preview.merged, preview.outside);
    });
    if (failure !== undefined) context.say.problem(failure);
    const answer = await ask.choose({
      message:
        failure === undefined
          ? 'Create the project?'
          : 'The project cannot be created like this. What would you like to do?',
      choices: [
        failure === undefined
          ? ({ value: 'create', name: 'Yes' } as const)
          : ({ value: 'folder', name: 'Choose another folder' } as const),
        ...(canGoBack ? [{ value: 'back', name: 'Go back and change an answer' } as const] : []),
        { value: 'end', name: 'No, quit without writing anything' },
      ],
    });
    if (answer === 'back') throw new GoBack();
    if (answer === 'end') throw interruptedError('Nothing was written');
    return answer === 'folder' ? reopenFolder(state) : settle(state, 'summary');
  },
};

function summaryRows(
  state: WizardState,
  preview: Preview,
  credentials: CredentialChoice,
  context: WizardContext,
): readonly (readonly [string, string])[] {
  const { answers } = state;
  const { definition, count, outside } = preview;
  const { process, tasks, workflow } = definition;
  const { label, title } = toolsFor(state, context);
  const overriding = credentials.kind === 'given' ? overridingVariables(state, context) : undefined;
  const counts = [
    [count('create'), 'new'],
    [count('identical'), 'unchanged'],
    [count('merge'), 'with added lines'],
    [count('overwrite'), 'overwritten'],
  ] as const;
  return [
    ['Folder', shortPath(preview.folder)],
    ['Files', counts.flatMap(([number, what]) => (number === 0 ? [] : [`${number} ${what}`])).join(', ')],
    ...(outside.length === 0
      ? []
      : [
          ['Outside the folder', outside.map(({ action, path }) => `${action} ${shortPath(path)}`).join(', ')] as const,
        ]),
    ['Language', LANGUAGES[chosenLanguage(answers)]],
    ...(answers.package === undefined ? [] : [['Package', answers.package] as const]),
    ['Process', process.name === undefined ? process.code : `${process.code} (${process.name})`],
    ['Tasks', tasks.length === 0 ? 'none' : tasks.map(({ code, kind }) => `${code} (${kind})`).join(', ')],
    ['Task queue', workflow.taskQueue],
    ['Workflow type', workflow.type],
    ['Connection', connectionText(answers, preview, context)],
    ...(overriding === undefined ? [] : [['Before you start', overriding] as const]),
    [label, `${title}${answers.install ? '; dependencies are installed' : '; dependencies are not installed'}`],
    [
      'Git',
      answers.git ? 'a new repository with a first commit, unless the folder is already in one' : 'no new repository',
    ],
  ];
}

/** Where the worker will find KuFlow and its credentials. */
function connectionText(answers: CreateAnswers, preview: Preview, context: WizardContext): string {
  if (answers.local === true) return 'the local KuFlow';
  const kuflow = preview.endpoint ?? answers.endpoint ?? 'KuFlow';
  if (answers.profile !== undefined)
    return `${kuflow}; client ID and secret of the profile ${answers.profile} are written to application-local.yaml`;
  if (answers.clientId !== undefined)
    return `${kuflow}, client ID ${answers.clientId}; the secret is written to application-local.yaml`;
  const found = answers.secret === undefined ? context.detected() : undefined;
  switch (found?.kind) {
    case 'environment':
      return `${kuflow}; client ID and secret come from the environment, also when the worker starts`;
    case 'file':
      return preview.folder === context.cwd
        ? `${kuflow}; client ID and secret are already in ${found.name}`
        : `${kuflow}; the project gets no client ID and secret: those in ${found.name} here are not copied`;
    default:
      return `${kuflow}; the project has no client ID and secret yet`;
  }
}

/** Questions about the project. Nothing is written before the last answer. */
export const projectSteps: readonly Step[] = [
  folder,
  copy,
  language,
  workspace,
  packageName,
  packageManager,
  git,
  install,
  summary,
];
