import { basename, resolve } from 'node:path';
import type { CommandContext } from '../../cli/context.ts';
import { chooseCredentials, missingAnswers, withoutAccount } from '../../cli/missing-answers.ts';
import { omitUnusedOptions, optionWords, processSource, switchWords } from '../../cli/process-source-options.ts';
import { detectCredentials } from '../../connection/detect-credentials.ts';
import { relativePath } from '../../files/relative-path.ts';
import { EDITOR_IDS } from '../../languages/language-ids.ts';
import { DEFAULT_LIBRARY_SOURCE } from '../../languages/worker-library.ts';
import { languageOf } from '../../languages/all-languages.ts';
import { toProjectName, workerFolderName } from '../../languages/project-name.ts';
import { templateForProject, type FetchedTemplate } from '../../project/template/fetch.ts';
import type { ProcessSpec } from '../../languages/project-spec.ts';
import { fileName } from '../../base/file-name.ts';
import { shellPath } from '../../base/shell.ts';
import { chosenLanguage, type CreateAnswers } from './answers.ts';
import { planCredentials, type Connect } from './project-credentials.ts';
import { decidePlacement, listPlaces, occupiedError } from './placement.ts';
import { planOutsideFiles } from '../../project/join/plan-outside.ts';
import { prepareProject, type PreparedProject } from '../../project/plan.ts';

export type CreatePlan = Extract<Awaited<ReturnType<typeof planCreate>>, { readonly kind: 'plan' }>['plan'];

type Surrounding = Pick<CommandContext, 'env' | 'cwd' | 'version'>;

const PROGRAM = 'npx create-kuflow-worker';

/** Decides what to do from the answers, or lists the answers that are missing. Rejects with a KnownError for an unusable connection. */
export async function planCreate(given: CreateAnswers, context: Surrounding & { readonly connect: Connect }) {
  // What was answered later may leave an option without effect.
  const answers = omitUnusedOptions(given.source, given);
  const credentials = chooseCredentials(answers, detectCredentials(context));
  const lacking = missingAnswers(answers, credentials, context.env);
  const missing = answers.local === true ? withoutAccount(lacking) : lacking;
  if (missing.length > 0 || answers.folder === undefined || answers.source === undefined) {
    const examples = missing.filter(({ question }) => question !== 'folder').map(({ example }) => example);
    const words = [shellPath(answers.folder ?? 'loan-worker'), ...optionWords(answers), '--yes'];
    // The command with an example for each missing answer.
    const example = [PROGRAM, ...words, ...examples, ...switchWords(answers)].join(' ');
    return { kind: 'missing', missing, example } as const;
  }
  const source = processSource(answers.source, answers);
  const connection = credentials.kind === 'given' || source.kind === 'api' ? await context.connect(answers) : undefined;

  const folder = resolve(context.cwd, answers.folder);
  const { written, repeated: addresses, readWith } = planCredentials(answers, connection, { cwd: context.cwd, folder });
  const name = toProjectName(basename(folder));
  const language = chosenLanguage(answers);
  const { tools, packageNames, packageManagers } = languageOf({ language });
  const placement = await decidePlacement({ folder, language, answers, env: context.env });
  const found = placement.kind === 'member' ? placement.found : undefined;
  const packageManager =
    found?.workspace.packageManager ?? tools.choose(answers.packageManager, { env: context.env, folder });
  const packageName = packageNames === undefined ? undefined : (answers.package ?? packageNames.suggest(name));
  const repeated = {
    ...answers,
    language: answers.language ?? answers.workerSample?.language,
    ...addresses,
    packageManager: packageManagers.length === 1 ? undefined : packageManager,
    package: packageName,
    clientSecretStdin: answers.secret === undefined ? answers.clientSecretStdin : true,
  };
  const commandFor = (place: { readonly folder: string; readonly workspace?: boolean | undefined }): string => {
    // A place that is a member gets the package manager of the workspace.
    const manager = placement.kind === 'occupied' && place.workspace === true ? { packageManager: undefined } : {};
    const words = optionWords({ ...repeated, ...manager, workspace: place.workspace });
    return [PROGRAM, shellPath(place.folder), ...words, '--yes'].join(' ');
  };
  return {
    kind: 'plan' as const,
    plan: {
      /** Absolute. */
      folder,
      source,
      /** The process, if it was already read from the API. */
      discovered: answers.discovered,
      /** Reads the process from the API, and is where the credentials of the project come from; undefined if neither is wanted. */
      connection,
      /** The project, except for its process and the user's own template. */
      project: {
        name,
        language,
        local: answers.local === true,
        packageManager,
        packageName,
        editors: EDITOR_IDS.filter((editor) => answers.editor?.includes(editor)),
        library: answers.library ?? DEFAULT_LIBRARY_SOURCE,
        cliPackage: answers.cliPackage ?? context.version,
        connection: written,
        workspace: found === undefined ? undefined : { root: relativePath(folder, found.root) },
      },
      /** Where the credentials come from that the process is read with, if the project does not get them. */
      readWith,
      overwrite: answers.overwrite ?? [],
      install: answers.install,
      git: answers.git,
      check: answers.check,
      dryRun: answers.dryRun === true,
      /** Repeats this run without prompts. */
      command: commandFor({ folder: answers.folder, workspace: answers.workspace }),
      placement,
      /** The folder as it was given. */
      chosenFolder: answers.folder,
      commandFor,
    },
  };
}

/** Plans the files of the project and outside of it, with conflicts. Rejects with a usage error if the folder is another project. */
export async function prepareCreate(
  plan: CreatePlan,
  process: ProcessSpec,
  fetched: FetchedTemplate | undefined,
  { version, cwd, env }: Surrounding,
): Promise<PreparedProject> {
  const { folder, project, placement, command, overwrite } = plan;
  const { code } = process.definition.process;
  if (placement.kind === 'occupied') {
    const places = listPlaces(placement, { cwd, chosen: plan.chosenFolder, name: workerFolderName(code) });
    throw occupiedError(folder, placement, places, plan.commandFor);
  }
  const template = fetched === undefined ? undefined : templateForProject(fetched, { ...project, folder });
  const spec = { ...project, processes: [process], slug: fileName(code), template } as const;
  const outside =
    placement.kind === 'member' ? await planOutsideFiles({ folder, spec, found: placement.found, env }) : undefined;
  return prepareProject({ folder, spec, overwrite, version, command, outside });
}
