import { shellPath } from '../names/shell.ts';
import type { PackageManager } from './answers.ts';
import { installCommand, provideCommand, scriptCommand } from './package-manager.ts';

export interface NextStepsInput {
  /** From where the person stands; `.` or empty when they stand in it. */
  readonly folder: string;
  readonly packageManager: PackageManager;
  readonly installed: boolean;
  /** The package manager is not on this machine. */
  readonly managerMissing?: boolean;
  /** The registry that could not be reached. */
  readonly registry?: string;
  readonly local: boolean;
  /** Where client id and secret will be found. */
  readonly credentials: 'file' | 'environment' | 'none';
  readonly check: 'passed' | 'failed' | 'not-run';
  /** The repository exists and waits for its first commit. */
  readonly commitLeft: boolean;
  /** It was wanted and does not exist yet. */
  readonly repositoryLeft?: boolean;
}

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
    const provide = provideCommand(packageManager);
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
  if (input.credentials === 'none') {
    steps.push({
      text: 'put client id and secret of the application into application-local.yaml, or into KUFLOW_API_CLIENTID and KUFLOW_API_CLIENTSECRET',
    });
  }
  if (input.check !== 'passed') steps.push({ command: script('check'), text: 'check the connection to KuFlow' });
  return [
    ...steps,
    { command: script('start'), text: 'run the worker against KuFlow' },
    { command: script('dev'), text: 'or try it on the local platform' },
  ];
}
