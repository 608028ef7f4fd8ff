import { lstatSync, readdirSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { interruptedError, KnownError } from '../../../base/errors.ts';
import { expandHome, homeProblem } from '../../../base/user-folders.ts';
import type { CredentialChoice } from '../../../cli/missing-answers.ts';
import { toNpmName } from '../../../languages/typescript/package-name.ts';
import { PACKAGE_MANAGER_NAMES } from '../../../languages/typescript/package-manager.ts';
import { BACK } from '../../../terminal/prompts.ts';
import { shortPath } from '../../../terminal/short-path.ts';
import type { CreateAnswers } from '../answers.ts';
import { processCode } from './process-steps.ts';
import { variablesOver } from './credential-steps.ts';
import { settle, withAnswers, type Preview, type Step, type WizardState, type WizardContext } from './state.ts';

/** Why no project can be there. What is in a folder is compared file by file later, and nothing of it is lost. */
export function folderProblem(cwd: string, text: string): string | undefined {
  const path = resolve(cwd, text);
  try {
    if (!statSync(path).isDirectory()) return 'There is a file of that name';
    readdirSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' && lstatSync(path, { throwIfNoEntry: false }) !== undefined)
      return 'There is a link of that name, which leads nowhere';
    if (code === 'ENOTDIR') return 'A part of this path is a file';
    if (code === 'ENAMETOOLONG') return 'The name is too long';
    if (code === 'EACCES') return 'It can not be read';
  }
  return undefined;
}

const folder: Step = {
  topic: 'folder',
  isOpen: (_, { missing }) => missing.has('folder'),
  run: async (state, context, { canGoBack, before }) => {
    const proposed = `${toNpmName(processCode(state).slice(0, 60)).replace(/-worker$/, '')}-worker`;
    const atHome = (text: string): string => expandHome(text, context.env);
    const answer = await context.ask.text({
      message: 'Folder of the new project',
      hint: 'Its name becomes the name of the worker',
      canGoBack,
      fallback: before ?? proposed,
      validate: (text) => homeProblem(atHome(text)) ?? folderProblem(context.cwd, atHome(text)),
      validateAsync: (text) => planProblem({ ...state.answers, folder: atHome(text) }, context),
    });
    if (answer === BACK) return { kind: 'back' };
    const chosen = atHome(answer);
    const name = toNpmName(basename(resolve(context.cwd, chosen)));
    if (name !== basename(chosen)) context.say.note(`The package is named ${name}: npm allows no other form of it`);
    // What was only proposed is proposed anew: it follows the process.
    return {
      kind: 'answered',
      answer: answer === proposed ? undefined : answer,
      state: withAnswers(state, { folder: chosen }),
    };
  },
};

/** A worker looks into its own folder only: what a file here gave is not there. */
const copy: Step = {
  topic: 'copy',
  isOpen: ({ answers, settled }, { credentials }, { cwd }) =>
    credentials.kind === 'detected' &&
    credentials.place.kind === 'file' &&
    answers.local !== true &&
    resolve(cwd, answers.folder ?? '.') !== cwd &&
    !settled.has('copy'),
  run: async (state, context, { canGoBack, before, credentials }) => {
    const settled = settle(state, 'copy');
    const found = (await context.isUsable(state.answers)) ? await context.fileCredentials(state.answers) : undefined;
    if (found === undefined || credentials.kind !== 'detected') return { kind: 'passed', state: settled };
    const answer = await context.ask.confirm({
      message: `Write client id and secret of ${credentials.place.name} here to application-local.yaml of the project?`,
      canGoBack,
      fallback: before !== 'no',
    });
    if (answer === BACK) return { kind: 'back' };
    const { clientId, secret } = found;
    return {
      kind: 'answered',
      answer: answer ? 'yes' : 'no',
      state: answer ? withAnswers(settled, { clientId, secret }) : settled,
    };
  },
};

/** What is in the way in a folder: better said while it is chosen than after everything else was answered. */
async function planProblem(answers: CreateAnswers, context: WizardContext): Promise<string | undefined> {
  try {
    await context.preview(answers);
    return undefined;
  } catch (error) {
    if (error instanceof KnownError && error.status !== 130) return error.message;
    throw error;
  }
}

const packageManager: Step = {
  topic: 'package-manager',
  isOpen: (state) => state.answers.packageManager === undefined,
  run: async (state, context, { canGoBack, before }) => {
    const answer = await context.ask.choose({
      message: 'Package manager',
      canGoBack,
      fallback: before ?? context.detectedManager,
      choices: PACKAGE_MANAGER_NAMES.map((value) => ({
        value,
        name: context.isInstalled(value) ? value : `${value} (not installed)`,
        ...(value === context.detectedManager ? { description: 'The one in use here' } : {}),
      })),
    });
    if (answer === BACK) return { kind: 'back' };
    return { kind: 'answered', answer, state: withAnswers(state, { packageManager: answer }) };
  },
};

const git: Step = {
  topic: 'git',
  isOpen: (state) => !state.settled.has('git'),
  run: async (state, context, { canGoBack, before }) => {
    if (context.isInRepository(resolve(context.cwd, state.answers.folder ?? '.'))) {
      context.say.note('The folder is inside a git repository, so none is made');
      return { kind: 'passed', state: settle(state, 'git') };
    }
    if (!context.isInstalled('git')) {
      context.say.note('git is not installed, so no repository is made');
      return { kind: 'passed', state: settle(state, 'git') };
    }
    const answer = await context.ask.confirm({
      message: 'Make a git repository with a first commit?',
      canGoBack,
      fallback: before !== 'no',
    });
    if (answer === BACK) return { kind: 'back' };
    return {
      kind: 'answered',
      answer: answer ? 'yes' : 'no',
      state: settle(withAnswers(state, { git: answer }), 'git'),
    };
  },
};

const install: Step = {
  topic: 'install',
  isOpen: (state) => !state.settled.has('install'),
  run: async (state, context, { canGoBack, before }) => {
    const manager = (state.answers.packageManager ?? context.detectedManager).replace(/@\d+$/, '');
    if (!context.isInstalled(manager)) {
      context.say.note(`${manager} is not installed here, so dependencies are not installed`);
      return { kind: 'passed', state: settle(withAnswers(state, { install: false }), 'install') };
    }
    const answer = await context.ask.confirm({
      message: `Install dependencies with ${manager}?`,
      canGoBack,
      fallback: before !== 'no',
    });
    if (answer === BACK) return { kind: 'back' };
    return {
      kind: 'answered',
      answer: answer ? 'yes' : 'no',
      state: settle(withAnswers(state, { install: answer }), 'install'),
    };
  },
};

const summary: Step = {
  topic: 'summary',
  isOpen: (state) => !state.settled.has('summary'),
  run: async (state, context, { canGoBack, credentials }) => {
    let preview: Preview | undefined;
    try {
      preview = await context.preview(state.answers);
      context.say.summary(summaryRows(state, preview, credentials, context));
    } catch (error) {
      if (!(error instanceof KnownError) || error.status === 130) throw error;
      context.say.problem(error);
    }
    const answer = await context.ask.choose({
      message: preview === undefined ? 'The project can not be made like this:' : 'Create the project?',
      canGoBack,
      choices: [
        ...(preview === undefined ? [] : [{ value: 'create', name: 'Yes' } as const]),
        ...(preview === undefined ? [{ value: 'folder', name: 'Choose another folder' } as const] : []),
        ...(canGoBack ? [{ value: 'back', name: 'Back, to change an answer' } as const] : []),
        { value: 'end', name: 'No: write nothing and end' },
      ],
    });
    if (answer === BACK || answer === 'back') return { kind: 'back' };
    if (answer === 'end') throw interruptedError('Nothing was written');
    if (answer === 'folder') return { kind: 'answered', state: withAnswers(state, { folder: undefined }) };
    return { kind: 'answered', state: settle(state, 'summary') };
  },
};

function summaryRows(
  state: WizardState,
  preview: Preview,
  credentials: CredentialChoice,
  context: WizardContext,
): readonly (readonly [string, string])[] {
  const { answers } = state;
  const { definition, files } = preview;
  const { process, tasks, workflow } = definition;
  const over = credentials.kind === 'given' ? variablesOver(state, context) : undefined;
  const counts = [
    [files.create, 'new'],
    [files.identical, 'there and identical'],
    [files.overwrite, 'replaced'],
  ] as const;
  return [
    ['Folder', shortPath(preview.folder)],
    ['Files', counts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])).join(', ')],
    ['Language', 'TypeScript'],
    ['Process', process.name === undefined ? process.code : `${process.code} (${process.name})`],
    ['Tasks', tasks.length === 0 ? 'none' : tasks.map(({ code, kind }) => `${code} (${kind})`).join(', ')],
    ['Task queue', workflow.taskQueue],
    ['Workflow type', workflow.type],
    ['Connection', connectionText(answers, preview, context)],
    ...(over === undefined ? [] : [['But first', over] as const]),
    [
      'Package manager',
      `${answers.packageManager ?? ''}${answers.install ? ', dependencies are installed' : ', nothing is installed'}`,
    ],
    ['Git', answers.git ? 'a repository with a first commit, unless the folder is inside one' : 'no repository'],
  ];
}

/** Where the worker will find KuFlow and its credentials, or that it will not. */
function connectionText(answers: CreateAnswers, preview: Preview, context: WizardContext): string {
  if (answers.local === true) return 'the local platform';
  const kuflow = preview.endpoint ?? answers.endpoint ?? 'KuFlow';
  if (answers.profile !== undefined)
    return `${kuflow}; client id and secret of the profile ${answers.profile} go to application-local.yaml`;
  if (answers.clientId !== undefined)
    return `${kuflow}, client id ${answers.clientId}; the secret goes to application-local.yaml`;
  const found = answers.secret === undefined ? context.detected() : undefined;
  switch (found?.kind) {
    case 'environment':
      return `${kuflow}; client id and secret are taken from the environment, when the worker starts too`;
    case 'file':
      return preview.folder === context.cwd
        ? `${kuflow}; client id and secret are in ${found.name}, which is there`
        : `${kuflow}; the project gets no client id and secret: those of ${found.name} here are not copied`;
    default:
      return `${kuflow}; the project gets no client id and secret yet`;
  }
}

/** Where the project goes and what is done with it; nothing is written before the last answer. */
export const projectSteps: readonly Step[] = [folder, copy, packageManager, git, install, summary];
