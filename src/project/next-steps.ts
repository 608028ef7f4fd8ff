import { PACKAGE_NAME } from '../base/package-root.ts';
import { readmeOf, type ProjectSpec } from '../languages/project-spec.ts';
import { unscopedName } from '../languages/project-name.ts';
import { languageOf } from '../languages/all-languages.ts';
import { WORKFLOW } from './join/moved-files.ts';
import { joinCommands, shellPath, shellWord } from '../base/shell.ts';

export interface NextStepsInput extends Pick<
  ProjectSpec,
  'name' | 'language' | 'packageName' | 'packageManager' | 'workspace'
> {
  /** Relative to the current folder; `.` or empty if the project is the current folder. */
  readonly folder: string;
  readonly installed: boolean;
  /** The registry that could not be reached. */
  readonly registry?: string | undefined;
  /** The command that created the project, if the registry does not have this version of this tool, so the dependencies cannot be installed. */
  readonly recreate?: string | undefined;
  readonly local: boolean;
  /** Where the worker will find the client ID and secret. */
  readonly credentials: 'file' | 'environment' | 'none';
  /** Environment variables that override the settings just written. */
  readonly shadowedBy?: readonly string[] | undefined;
  readonly readWith?: ReadWith | undefined;
  readonly check: 'passed' | 'failed' | 'not-run';
  /** The workflow is where GitHub does not run it: `folder` is the path of the project in its repository. */
  readonly workflow?: { readonly folder: string } | undefined;
  /** The repository exists and has no commit yet. */
  readonly commitLeft: boolean;
  /** A repository was requested and does not exist yet. */
  readonly repositoryLeft?: boolean | undefined;
}

/** Where this tool found credentials that a worker does not read itself. */
export type ReadWith =
  | { readonly kind: 'profile'; readonly name: string }
  /** `path` is relative to the project. */
  | { readonly kind: 'file'; readonly path: string };

export interface NextStep {
  readonly command?: string;
  readonly text: string;
}

const FIRST_COMMIT: readonly string[] = ['git add .', 'git commit -m "Start from the worker template"'];

/** The steps after a project was created, in order. What is required to run it comes first. */
export function nextSteps(input: NextStepsInput): readonly NextStep[] {
  if (input.recreate !== undefined) {
    const repeat = input.recreate.replace(/ --cli-package (?:'[^']*'|\S+)/, '');
    const command = `${repeat} --cli-package file:TARBALL --overwrite package.json`;
    return [{ command, text: `create it again with an archive of ${PACKAGE_NAME}, which npm pack makes in a clone` }];
  }
  const { commands: commandsOf, hints } = languageOf(input);
  const commands = commandsOf(input.packageManager, input);
  const steps: NextStep[] = [];
  if (input.folder !== '' && input.folder !== '.') {
    steps.push({ command: `cd ${shellPath(input.folder)}`, text: 'go to the project' });
  }
  if (!input.installed) {
    const condition = input.registry === undefined ? '' : ` when ${input.registry} is reachable`;
    steps.push({ command: commands.install, text: `${hints.install}${condition}` });
  }
  if (input.repositoryLeft === true) {
    steps.push({ command: joinCommands(['git init', ...FIRST_COMMIT]), text: 'create a git repository' });
  } else if (input.commitLeft) steps.push({ command: joinCommands(FIRST_COMMIT), text: 'create the first commit' });
  if (input.workflow !== undefined) {
    const { folder } = input.workflow;
    const paths = (languageOf(input).hints.workflowFiles ?? []).map((file) => `change ${file} to ${folder}/${file}`);
    const changes = [`add "defaults: { run: { working-directory: ${folder} } }"`, ...paths].join(' and ');
    steps.push({
      text: `GitHub runs workflows only from the root of a repository: move ${WORKFLOW} to .github/workflows/${unscopedName(input.name)}.yml there. In it, ${changes}`,
    });
  }
  if (input.local) {
    return [
      ...steps,
      { command: commands.smoke, text: 'run one process to completion' },
      { command: commands.dev, text: hints.dev },
      ...(hints.reload === undefined ? [] : [hints.reload]),
      { command: `${commands.kuflow} dev open`, text: 'in another terminal: start a process and complete its tasks' },
    ];
  }
  const { shadowedBy = [], readWith } = input;
  if (shadowedBy.length > 0) {
    const pronoun = shadowedBy.length === 1 ? 'it overrides' : 'they override';
    steps.push({ text: `unset ${shadowedBy.join(' and ')} where the worker runs: ${pronoun} application-local.yaml` });
  }
  const isMissing = input.credentials === 'none';
  const profile = isMissing && readWith?.kind === 'profile' ? readWith.name : undefined;
  const withCredentials = (command: string): string =>
    profile === undefined ? command : `${commands.kuflow} credentials exec --profile ${profile} -- ${command}`;
  if (isMissing && profile === undefined) {
    const source = readWith?.kind === 'file' ? ` from ${readWith.path}` : '';
    steps.push({
      text: `put the client ID and secret of the application${source} into application-local.yaml, or set KUFLOW_API_CLIENTID and KUFLOW_API_CLIENTSECRET`,
    });
  }
  if (input.check !== 'passed') {
    steps.push({ command: withCredentials(commands.check), text: 'check the connection to KuFlow' });
  }
  const start = { command: withCredentials(commands.start), text: 'run the worker against KuFlow' };
  const dev = { command: commands.dev, text: 'or run it on a local KuFlow' };
  if (profile === undefined) return [...steps, start, dev];
  return [
    ...steps,
    { ...start, text: `${start.text} with profile ${profile}, which the worker does not read itself` },
    { text: 'or put the client ID and secret of the application into application-local.yaml, which the worker reads' },
    dev,
  ];
}

/** Whether a project with these files has a workflow for GitHub. The user's own template may leave it out. */
export function hasCiWorkflow(files: readonly { readonly path: string }[]): boolean {
  return files.some(({ path }) => path === WORKFLOW);
}

/** What a change of the workflows of a project needs while processes run: the rest of a sentence. */
export function workflowChangeHint(project: Pick<ProjectSpec, 'language' | 'movedFiles'>): string {
  return languageOf(project).hints.changeWorkflow(readmeOf(project.movedFiles));
}

export function overwriteCommand(command: string, paths: readonly string[]): string {
  return [command, ...paths.map((path) => `--overwrite ${shellWord(path)}`)].join(' ');
}
