import { shellPath, shellWord } from '../text/shell.ts';
import type { PackageManager } from '../languages/project-spec.ts';
import {
  installCommand,
  programCommand,
  installManagerCommand,
  scriptCommand,
} from '../languages/typescript/package-manager.ts';

export interface NextStepsInput {
  /** From where the person stands; `.` or empty when they stand in it. */
  readonly folder: string;
  readonly packageManager: PackageManager;
  readonly installed: boolean;
  /** The package manager is not on this machine. */
  readonly managerMissing?: boolean | undefined;
  /** The registry that could not be reached. */
  readonly registry?: string | undefined;
  readonly local: boolean;
  /** Where client id and secret will be found. */
  readonly credentials: 'file' | 'environment' | 'none';
  /** Variables that are set here and that a worker would take over what was written. */
  readonly shadowedBy?: readonly string[] | undefined;
  readonly readWith?: ReadWith | undefined;
  readonly check: 'passed' | 'failed' | 'not-run';
  /** The repository exists and waits for its first commit. */
  readonly commitLeft: boolean;
  /** It was wanted and does not exist yet. */
  readonly repositoryLeft?: boolean | undefined;
}

/** Credentials that a worker does not find by itself. */
export type ReadWith =
  | { readonly kind: 'profile'; readonly name: string }
  /** `path`: from the project. */
  | { readonly kind: 'file'; readonly path: string };

/** A command to type, or a sentence where there is none; with what it does. */
export interface NextStep {
  readonly command?: string;
  readonly text: string;
}

const FIRST_COMMIT = 'git add . && git commit -m "Start from the worker template"';

/** What to do after a project was made, in order: what keeps it from running comes first. */
export function nextSteps(input: NextStepsInput): readonly NextStep[] {
  const { packageManager } = input;
  const script = (name: string, ...args: readonly string[]): string => scriptCommand(packageManager, name, args);
  const steps: NextStep[] = [];
  if (input.folder !== '' && input.folder !== '.') {
    steps.push({ command: `cd ${shellPath(input.folder)}`, text: 'go to the project' });
  }
  if (input.managerMissing === true) {
    const provide = installManagerCommand(packageManager);
    steps.push(
      provide === undefined
        ? { text: 'install npm, which comes with Node.js: https://nodejs.org' }
        : { command: provide, text: 'install the package manager itself' },
    );
  }
  if (!input.installed) {
    const once = input.registry === undefined ? '' : `, once ${input.registry} answers`;
    steps.push({ command: installCommand(packageManager), text: `install its dependencies${once}` });
  }
  if (input.repositoryLeft === true)
    steps.push({ command: `git init && ${FIRST_COMMIT}`, text: 'make a git repository' });
  else if (input.commitLeft) steps.push({ command: FIRST_COMMIT, text: 'make the first commit' });
  if (input.local) {
    return [
      ...steps,
      { command: script('dev'), text: 'run the local platform and the worker, reloaded on changes' },
      { command: script('smoke'), text: 'run one process to its end' },
    ];
  }
  const { shadowedBy = [], readWith } = input;
  if (shadowedBy.length > 0) {
    const [first = '', ...more] = shadowedBy;
    steps.push({
      text: `unset ${[first, ...more].join(' and ')} where the worker starts: it takes ${more.length === 0 ? 'it' : 'them'} over application-local.yaml`,
    });
  }
  const isMissing = input.credentials === 'none';
  const profile = isMissing && readWith?.kind === 'profile' ? readWith.name : undefined;
  const withCredentials = (command: string): string =>
    profile === undefined
      ? command
      : `${programCommand(packageManager, 'kuflow')} credentials exec --profile ${profile} -- ${command}`;
  const of =
    profile === undefined ? '' : ` with the credentials of the profile ${profile}, which it does not read by itself`;
  if (isMissing && profile === undefined) {
    const example = readWith?.kind === 'file' ? `, as they stand in ${readWith.path}` : '';
    steps.push({
      text: `put client id and secret of the application into application-local.yaml${example}, or into KUFLOW_API_CLIENTID and KUFLOW_API_CLIENTSECRET`,
    });
  }
  if (input.check !== 'passed') {
    steps.push({ command: withCredentials(script('check')), text: 'check the connection to KuFlow' });
  }
  return [
    ...steps,
    { command: withCredentials(script('start')), text: `run the worker against KuFlow${of}` },
    ...(profile === undefined
      ? []
      : [{ text: 'or put client id and secret of the application into application-local.yaml, where it finds them' }]),
    { command: script('dev'), text: 'or try it on the local platform' },
  ];
}

/** The command that replaces these files by name. */
export function overwriteCommand(command: string, paths: readonly string[]): string {
  return [command, ...paths.map((path) => `--overwrite ${shellWord(path)}`)].join(' ');
}
