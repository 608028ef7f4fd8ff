import { resolve } from 'node:path';
import { listFirst } from '../../../base/count-of.ts';
import { knownErrorOf, KnownError } from '../../../base/errors.ts';
import type { Secret } from '../../../base/secret.ts';
import type { CommandContext } from '../../../cli/context.ts';
import { missingAnswersError } from '../../../cli/missing-answers.ts';
import { findDetectedCredentials } from '../../../connection/detect-credentials.ts';
import type { RestConnection } from '../../../connection/require.ts';
import { credentialVariables } from '../../../connection/resolve.ts';
import { loadProcess, type LoadedProcess } from '../../../discovery/load-process.ts';
import { discoveryLineReporter } from '../../../discovery/view.ts';
import { findOnPath } from '../../../files/find-on-path.ts';
import { LANGUAGE_IDS } from '../../../languages/names.ts';
import type { PackageManager } from '../../../languages/project-spec.ts';
import { languageOf } from '../../../languages/registry.ts';
import { listFileActions, type FileAction } from '../../../project/existing-files.ts';
import { describeOutside } from '../../../project/join/plan-outside.ts';
import { workerFolderName } from '../../../languages/project-name.ts';
import { languagesOf } from '../../../project/template/allowed-files.ts';
import type { FetchedTemplate } from '../../../project/template/fetch.ts';
import { openProgress } from '../../../terminal/progress.ts';
import type { Prompts } from '../../../terminal/prompts.ts';
import { chosenLanguage, type CreateAnswers } from '../answers.ts';
import type { rememberConnections } from '../connection.ts';
import { listPlaces } from '../placement.ts';
import { planCreate, type CreatePlan, prepareCreate } from '../plan-create.ts';
import { wizardView } from './view.ts';

interface WizardContextParts {
  readonly ask: Prompts;
  readonly connections: ReturnType<typeof rememberConnections>;
  readonly template: FetchedTemplate | undefined;
  readonly context: CommandContext;
}

/** What the wizard can ask and look up, in KuFlow and on this machine. Each look-up rejects with a KnownError that says what was seen. */
export type WizardContext = Awaited<ReturnType<typeof openWizardContext>>;

/** What the summary shows before anything is written. */
export type Preview = Awaited<ReturnType<WizardContext['preview']>>;

export async function openWizardContext({ ask, connections, template, context }: WizardContextParts) {
  const { connect } = connections;
  const { env, cwd, terminal } = context;
  const signal = context.interruption();
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
    const decision = await planCreate(answers, { ...context, connect });
    if (decision.kind === 'missing') throw missingAnswersError(decision.missing, decision.example);
    const { plan } = decision;
    return { plan, process: await loadProcess(plan.source, cwd, plan.discovered) };
  };
  let detected = await findDetectedCredentials(context);
  const openRest = async (answers: CreateAnswers): Promise<RestConnection> => {
    const rest = await (await connect(answers)).rest();
    return { ...rest, tenantId: answers.tenantId ?? rest.tenantId };
  };
  return {
    ask,
    say: wizardView(terminal),
    /** Absolute. */
    cwd,
    env,
    /** Where this machine has a client ID and secret. */
    detected: () => detected,
    /** Detects credentials again, after somebody may have corrected them. */
    detectAgain: async () => {
      connections.forget();
      detected = await findDetectedCredentials(context);
    },
    /** Variables that are set here and give a client ID or secret: a worker prefers them to its files. */
    variables: credentialVariables(env),
    /** The addresses of the profile in use, as options; none if no profile is in use. */
    profileAddresses: async ({
      profile,
    }: CreateAnswers): Promise<Pick<CreateAnswers, 'endpoint' | 'target' | 'ca'>> => {
      const named = profile ?? (detected?.kind === 'profile' ? detected.name : undefined);
      if (named === undefined) return {};
      const { profileEndpoint } = await import('../../../connection/profile.ts');
      return profileEndpoint({ named, env, cwd });
    },
    /** The credentials of an application file, to be treated like typed ones. */
    fileCredentials: async (
      answers: CreateAnswers,
    ): Promise<{ readonly clientId: string; readonly secret: Secret } | undefined> => {
      const { settings } = await connect(answers);
      const [id, secret] = [settings['kuflow.api.client-id'], settings['kuflow.api.client-secret']];
      return id?.source.kind === 'file' && secret !== undefined
        ? { clientId: id.value, secret: secret.value }
        : undefined;
    },
    /** Whether the named credentials can be read at all. */
    isUsable: async (answers: CreateAnswers) => (await knownErrorOf(() => connect(answers))) === undefined,
    /** The package manager or build tool that is chosen or detected, or that of the workspace. */
    tools: ({
      answers,
      workspaceManager,
    }: {
      readonly answers: CreateAnswers;
      readonly workspaceManager?: PackageManager | undefined;
    }) => {
      const { packageManager = workspaceManager, folder = 'project' } = answers;
      const { tools, packageManagers } = languageOf({ language: chosenLanguage(answers) });
      const chosen = tools.choose(packageManager, { env, folder: resolve(cwd, folder) });
      return {
        label: tools.label,
        title: tools.title(chosen),
        /** The tools that the user can choose from, if there is more than one. Otherwise empty. */
        choices:
          packageManagers.length === 1
            ? []
            : [...new Map(packageManagers.map((manager) => [tools.title(manager), tools.program(manager)]))].map(
                ([title, program]) => ({ title, isInstalled: findOnPath(program, env) !== undefined }),
              ),
        /** Why dependencies cannot be installed on this machine. */
        problem: async () => (await knownErrorOf(() => tools.require(chosen, env)))?.message,
      };
    },
    /** The languages to choose from: those that the user's own template has files for. */
    languages: template === undefined ? LANGUAGE_IDS : languagesOf(template.files),
    /** Asks KuFlow who the credentials belong to, in a sentence. */
    verify: async (answers: CreateAnswers) => {
      const { settings } = await connect(answers);
      const { verifyCredentials } = await import('../../../diagnostics/check-connection.ts');
      const account = await working('Verifying the credentials…', () => verifyCredentials(settings, { env, signal }));
      return `Credentials ${account}`;
    },
    list: async (answers: CreateAnswers) => {
      const { listFromApi } = await import('../../../discovery/from-api.ts');
      const access = await openRest(answers);
      return working('Listing processes…', () => listFromApi(access, undefined, signal));
    },
    discover: async (answers: CreateAnswers, code: string) => {
      const { discoverFromApi } = await import('../../../discovery/from-api.ts');
      return discoverFromApi({
        rest: await openRest(answers),
        code,
        sample: answers.sample ?? 0,
        report: discoveryLineReporter(terminal),
        signal,
      });
    },
    /** The places that can be chosen, if the folder is in a workspace or is another project. Otherwise without places. */
    places: async (answers: CreateAnswers) => {
      const { plan, process } = await planFor(answers);
      const { placement, chosenFolder: chosen } = plan;
      const name = workerFolderName(process.definition.process.code);
      return { placement, places: listPlaces(placement, { cwd, chosen, name }) };
    },
    /** Plans the project and compares it with the folder; writes nothing. */
    preview: async (answers: CreateAnswers) => {
      const { plan, process } = await planFor(answers);
      const { comparison } = await prepareCreate(plan, process, template, context);
      const files = listFileActions(comparison);
      const conflicts = files.flatMap((file) => (file.action === 'conflict' ? [`${file.path} ${file.reason}`] : []));
      if (conflicts.length > 0) {
        throw new KnownError({
          message: `Existing files conflict with the project: ${listFirst(conflicts, 5)}`,
          next: ['Choose another folder, or start again with --overwrite <path> for each file to overwrite'],
        });
      }
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
    },
  };
}
