import { resolve } from 'node:path';
import { KnownError } from '../../../base/errors.ts';
import type { CommandContext } from '../../../cli/context.ts';
import { missingAnswersError } from '../../../cli/missing-answers.ts';
import { findDetectedCredentials } from '../../../connection/detect-credentials.ts';
import type { RestConnection } from '../../../connection/require.ts';
import { credentialVariables } from '../../../connection/resolve.ts';
import { loadProcess, type LoadedProcess } from '../../../discovery/load-process.ts';
import { discoveryLineReporter } from '../../../discovery/view.ts';
import { findOnPath } from '../../../files/find-on-path.ts';
import { LANGUAGE_IDS } from '../../../languages/names.ts';
import { languageOf } from '../../../languages/registry.ts';
import { listFileActions, type FileAction } from '../../../project/conflicts.ts';
import { describeOutside } from '../../../project/join/plan-outside.ts';
import { isInRepository } from '../../../project/join/find-root.ts';
import { workerFolderName } from '../../../languages/project-name.ts';
import type { FetchedTemplate } from '../../../project/template/fetch.ts';
import { openProgress } from '../../../terminal/progress.ts';
import type { Prompts } from '../../../terminal/prompts.ts';
import { chosenLanguage, type CreateAnswers } from '../answers.ts';
import type { rememberConnections } from '../connection.ts';
import { listPlaces } from '../placement.ts';
import { prepareCreate } from '../prepare.ts';
import { planCreate, type CreatePlan } from '../plan-create.ts';
import { requireWorkflow } from '../../../process/definition.ts';
import type { WizardContext } from './state.ts';
import { wizardView } from './view.ts';

const MAX_NAMED = 5;

export interface WizardContextParts {
  readonly ask: Prompts;
  readonly signal: AbortSignal;
  readonly connections: ReturnType<typeof rememberConnections>;
  readonly template: FetchedTemplate | undefined;
  readonly context: CommandContext;
}

/** What the wizard can ask and look up, in KuFlow and on this machine. */
export async function openWizardContext(parts: WizardContextParts): Promise<WizardContext> {
  const { ask, signal, connections, template, context } = parts;
  const { connect } = connections;
  const { env, cwd, terminal, version } = context;
  const working = async <Result>(title: string, work: () => Promise<Result>): Promise<Result> => {
    const progress = openProgress(terminal.err);
    progress.begin(title);
    try {
      return await work();
    } finally {
      progress.stop();
    }
  };
  const planFor = async (
    answers: CreateAnswers,
  ): Promise<{ readonly plan: CreatePlan; readonly process: LoadedProcess }> => {
    const decision = await planCreate(answers, { env, cwd, version, connect });
    if (decision.kind === 'missing') throw missingAnswersError(decision.missing, decision.example);
    const discover = (): Promise<never> => Promise.reject(new Error('The process was not read'));
    return { plan: decision.plan, process: await loadProcess(decision.plan.source, { cwd, discover }) };
  };
  let detected = await findDetectedCredentials(context);
  const openRest = async (answers: CreateAnswers): Promise<RestConnection> => {
    const rest = await (await connect(answers)).rest();
    return { ...rest, tenantId: answers.tenantId ?? rest.tenantId };
  };
  return {
    ask,
    say: wizardView(terminal),
    cwd,
    env,
    detected: () => detected,
    detectAgain: async () => {
      connections.forget();
      detected = await findDetectedCredentials(context);
    },
    variables: credentialVariables(env),
    profileAddresses: async ({ profile }) => {
      const named = profile ?? (detected?.kind === 'profile' ? detected.name : undefined);
      if (named === undefined) return {};
      const { profileEndpoint } = await import('../../../connection/profile.ts');
      return profileEndpoint({ named, env, cwd });
    },
    fileCredentials: async (answers) => {
      const { settings } = await connect(answers);
      const [id, secret] = [settings['kuflow.api.client-id'], settings['kuflow.api.client-secret']];
      return id?.source.kind === 'file' && secret !== undefined
        ? { clientId: id.value, secret: secret.value }
        : undefined;
    },
    isUsable: async (answers) => {
      try {
        await connect(answers);
        return true;
      } catch (error) {
        if (error instanceof KnownError && error.status !== 130) return false;
        throw error;
      }
    },
    tools: ({ answers, workspaceManager }) => {
      const { packageManager = workspaceManager, folder = 'project' } = answers;
      const { tools, packageManagers } = languageOf({ language: chosenLanguage(answers) });
      const chosen = tools.choose(packageManager, { env, folder: resolve(cwd, folder) });
      return {
        label: tools.label,
        title: tools.title(chosen),
        choices:
          packageManagers.length === 1
            ? []
            : [...new Map(packageManagers.map((manager) => [tools.title(manager), tools.program(manager)]))].map(
                ([title, program]) => ({ title, isInstalled: findOnPath(program, env) !== undefined }),
              ),
        problem: () => toolsProblem(() => tools.require(chosen, env)),
      };
    },
    languages: template?.languages ?? LANGUAGE_IDS,
    isInstalled: (program) => findOnPath(program, env) !== undefined,
    isInRepository,
    readSample: async (path) => (await import('../../../process/worker-sample/read.ts')).readWorkerSample(path),
    loadDefinition: async (path) =>
      requireWorkflow(await (await import('../../../process/definition/file.ts')).loadDefinition(path)),
    schemaProblem: async (file) => {
      const { definitionFromFlags } = await import('../../../process/definition/from-flags.ts');
      try {
        await definitionFromFlags({
          code: 'P',
          taskQueue: 'Q',
          workflowType: 'W',
          tasks: ['T'],
          taskSchemas: [`T=${file}`],
        });
        return undefined;
      } catch (error) {
        if (!(error instanceof KnownError)) throw error;
        return error.message.split('\n').slice(1).join(' ').trim();
      }
    },
    verify: async (answers) => {
      const { settings } = await connect(answers);
      const { verifyCredentials } = await import('../../../diagnostics/verify-credentials.ts');
      const account = await working('Verifying the credentials…', () => verifyCredentials({ settings, env, signal }));
      return `Credentials ${account}`;
    },
    list: async (answers) => {
      const { listFromApi } = await import('../../../discovery/from-api.ts');
      const access = await openRest(answers);
      return working('Listing processes…', () => listFromApi(access, undefined, signal));
    },
    discover: async (answers, code) => {
      const { discoverFromApi } = await import('../../../discovery/from-api.ts');
      return discoverFromApi({
        rest: await openRest(answers),
        code,
        sample: answers.sample ?? 0,
        report: discoveryLineReporter(terminal),
        signal,
      });
    },
    places: async (answers) => {
      const { plan, process } = await planFor(answers);
      const { placement, chosenFolder: chosen } = plan;
      const name = workerFolderName(process.definition.process.code);
      return { placement, places: listPlaces(placement, { cwd, chosen, name }) };
    },
    preview: async (answers) => {
      const { plan, process } = await planFor(answers);
      const { comparison } = await prepareCreate(plan, process, { version, cwd, env, template });
      const files = listFileActions(comparison);
      const count = (action: FileAction): number => files.filter((file) => file.action === action).length;
      const conflicts = files.flatMap((file) => (file.action === 'conflict' ? [`${file.path} ${file.reason}`] : []));
      if (conflicts.length > 0) {
        const few = conflicts.slice(0, MAX_NAMED).join(', ');
        const more = conflicts.length > MAX_NAMED ? ` and ${conflicts.length - MAX_NAMED} more` : '';
        throw new KnownError({
          message: `Existing files conflict with the project: ${few}${more}`,
          next: ['Choose another folder, or start again with --overwrite <path> for each file to overwrite'],
        });
      }
      return {
        folder: plan.folder,
        definition: process.definition,
        endpoint: plan.connection?.settings['kuflow.api.endpoint']?.value,
        files: {
          create: count('create'),
          identical: count('identical'),
          merge: count('merge'),
          overwrite: count('overwrite'),
        },
        merged: files.filter((file) => file.action === 'merge'),
        outside: describeOutside(comparison.outside ?? []),
      };
    },
  };
}

async function toolsProblem(require: () => void | Promise<void>): Promise<string | undefined> {
  try {
    await require();
    return undefined;
  } catch (error) {
    if (error instanceof KnownError) return error.message;
    throw error;
  }
}
