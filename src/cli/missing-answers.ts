import { usageError } from '../base/errors.ts';
import type { DetectedCredentials } from '../connection/detect-credentials.ts';
import type { ConnectionFlags } from '../connection/flags.ts';
import type { SampleValue, WorkerSample } from '../process/worker-sample/read.ts';
import { identifier } from '../base/identifiers.ts';
import type { ProcessFlags, SourceKind } from './process-source-options.ts';
import type { Environment } from '../settings/environment.ts';

/** An answer that a command needs and that no option gives. */
export interface MissingAnswer {
  readonly question: keyof typeof QUESTION_LABELS;
  /** What to add to the command, with an example value. */
  readonly example: string;
  readonly why: string;
}

/** The answers that say which process is wanted, and whose credentials to use. */
export interface ProcessAnswers
  extends ProcessFlags, Pick<ConnectionFlags, 'profile' | 'clientId' | 'clientSecretFile' | 'clientSecretStdin'> {
  readonly folder?: string | undefined;
  readonly source?: SourceKind | undefined;
  readonly workerSample?: WorkerSample | undefined;
  /** A client secret that was typed. */
  readonly secret?: unknown;
  /** Credentials are wanted even if the process is not read from the API. */
  readonly connect?: boolean | undefined;
  /** Credentials that this machine has are not to be used. */
  readonly typeCredentials?: boolean | undefined;
}

export type CredentialChoice =
  | { readonly kind: 'not-needed' }
  /** Named by options, or typed. */
  | { readonly kind: 'given' }
  | { readonly kind: 'detected'; readonly place: DetectedCredentials }
  | { readonly kind: 'missing' };

/** Decides where the client ID and secret come from. `detected`: places on this machine, in order of precedence. */
export function chooseCredentials(answers: ProcessAnswers, detected: readonly DetectedCredentials[]): CredentialChoice {
  const { profile, clientId, clientSecretFile, clientSecretStdin, secret } = answers;
  if ([profile, clientId, clientSecretFile, clientSecretStdin, secret].some((value) => value !== undefined))
    return { kind: 'given' };
  if (answers.source !== 'api' && answers.connect !== true) return { kind: 'not-needed' };
  const [place] = answers.typeCredentials === true ? [] : detected;
  return place === undefined ? { kind: 'missing' } : { kind: 'detected', place };
}

const SCREEN = 'as set in the process definition in the KuFlow app';

/** Every answer that is missing, so that one message can list them all. */
export function missingAnswers(
  answers: ProcessAnswers,
  credentials: CredentialChoice,
  env: Environment,
): readonly MissingAnswer[] {
  const { source } = answers;
  const missing: MissingAnswer[] = [];
  const add = (question: MissingAnswer['question'], example: string, why: string): void => {
    missing.push({ question, example, why });
  };
  if (answers.folder === undefined) add('folder', 'loan-worker', 'where to create the project');
  if (source === undefined)
    add(
      'source',
      '--local',
      '--local (a sample process), --definition <file>, --from <path> with --process <code>, or --process <code> with --task-queue and --workflow-type',
    );
  if (source === 'flags' || source === 'api' || source === 'worker-sample') {
    const { workerSample: read } = answers;
    if (answers.process === undefined) add('process', '--process LOAN', 'the code of the process definition');
    if (answers.taskQueue === undefined && read?.taskQueue.kind !== 'found')
      add('task-queue', '--task-queue LOAN_QUEUE', `the task queue, ${SCREEN}${notFound(read?.taskQueue)}`);
    if (answers.workflowType === undefined && read?.workflowType.kind !== 'found')
      add(
        'workflow-type',
        `--workflow-type ${exampleWorkflowType(answers.process ?? 'LOAN')}`,
        `the workflow type, ${SCREEN}${notFound(read?.workflowType)}`,
      );
  }
  const hasSecret = [answers.clientSecretFile, answers.clientSecretStdin, answers.secret].some(
    (value) => value !== undefined,
  );
  const needsId = answers.clientId === undefined && (hasSecret || credentials.kind === 'missing');
  if (needsId) {
    add(
      'client-id',
      '--client-id <id>',
      `the client ID of the application (or pass --profile, or set both KUFLOW_API_CLIENTID and KUFLOW_API_CLIENTSECRET)${
        source === 'api' ? '. To work without an account, describe the tasks with --task' : ''
      }`,
    );
  }
  if (!hasSecret && (answers.clientId !== undefined || needsId)) {
    const ignored =
      env['KUFLOW_API_CLIENTSECRET'] === undefined
        ? ''
        : '. KUFLOW_API_CLIENTSECRET is not used: client ID and client secret must come from the same source';
    add('client-secret', '--client-secret-stdin', `the client secret of the application${ignored}`);
  }
  return missing;
}

/** As `missing`, but asks a `--local` project, which needs no account, for tasks instead of credentials. */
export function withoutAccount(missing: readonly MissingAnswer[]): readonly MissingAnswer[] {
  const others = missing.filter(({ question }) => question !== 'client-id' && question !== 'client-secret');
  if (others.length === missing.length) return missing;
  const why = 'at least one task of the process; for a sample process, leave out --process';
  return [...others, { question: 'task', example: '--task APPLY', why }];
}

function notFound(value: SampleValue | undefined): string {
  return value?.kind === 'missing' ? `; in the worker sample, ${value.reason}` : '';
}

const QUESTION_LABELS = {
  folder: 'folder',
  source: 'the process',
  process: '--process',
  task: '--task',
  'task-queue': '--task-queue',
  'workflow-type': '--workflow-type',
  'client-id': '--client-id',
  'client-secret': '--client-secret-file or --client-secret-stdin',
} as const;

/** The usage error that lists missing answers, with an example of the whole command. */
export function missingAnswersError(missing: readonly Omit<MissingAnswer, 'example'>[], example: string): Error {
  const lines = missing.map(({ question, why }) => `  ${QUESTION_LABELS[question]}: ${why}`);
  return usageError(`Missing required arguments or options:\n${lines.join('\n')}`, [`For example: ${example}`]);
}

/** A workflow type that a process of this code might have: `LoanWorkflow` for LOAN. */
export function exampleWorkflowType(code: string): string {
  return `${identifier(code, 'pascal', new Set(), 'process')}Workflow`;
}
