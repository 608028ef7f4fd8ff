import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KnownError } from '../../../base/errors.ts';
import type { Connection } from '../../../connection/require.ts';
import { findOnPath } from '../../../files/find-on-path.ts';
import type { CreateResult } from '../create-project.ts';
import { credentialVariables } from '../../../connection/resolve.ts';
import { detectPackageManager } from '../../../languages/typescript/package-manager.ts';
import { discoveryLineReporter } from '../../../discovery/view.ts';
import { openProgress } from '../../../terminal/progress.ts';
import type { Prompts } from '../../../terminal/prompts.ts';
import { wizardView } from './view.ts';
import type { CreateCall, CreateFlags } from '../flags.ts';
import type { CommandContext } from '../../../cli/context.ts';
import { findCredentials } from './find-credentials.ts';
import type { Preview, WizardState, WizardContext } from './state.ts';

const MOST_NAMED = 5;

export interface WorldParts {
  readonly ask: Prompts;
  readonly signal: AbortSignal;
  readonly given: CreateCall['given'];
  readonly connect: (state: WizardState) => Promise<Connection>;
  /** The next `connect` reads anew what may have changed. */
  readonly forget: () => void;
  /** A dry run with the answers so far. */
  readonly preview: (
    state: WizardState,
  ) => Promise<Pick<CreateResult, 'folder' | 'files'> & Pick<Preview, 'definition' | 'endpoint'>>;
}

/** The wizard's world: KuFlow by the flows, this machine by looking at it. */
export async function openWizardContext(parts: WorldParts, context: CommandContext): Promise<WizardContext> {
  const { ask, signal, given, connect } = parts;
  const { env, cwd, terminal } = context;
  const working = async <Result>(title: string, work: () => Promise<Result>): Promise<Result> => {
    const progress = openProgress(terminal.err);
    progress.begin(title);
    try {
      return await work();
    } finally {
      progress.stop();
    }
  };
  let found = await findCredentials(context);
  const rest = async (state: WizardState) => {
    const rest = await (await connect(state)).rest();
    return state.flags.tenantId === undefined ? rest : { ...rest, tenantId: state.flags.tenantId };
  };
  return {
    ask,
    say: wizardView(terminal),
    cwd,
    given,
    env,
    found: () => found,
    lookAgain: async () => {
      parts.forget();
      found = await findCredentials(context);
    },
    variables: credentialVariables(env),
    placeOfProfile: async ({ flags }) => {
      const named = flags.profile ?? (found?.kind === 'profile' ? found.name : undefined);
      return named === undefined ? {} : placeOfProfile(named, context);
    },
    inFile: async (state) => {
      const { settings } = await connect(state);
      const [id, secret] = [settings['kuflow.api.client-id'], settings['kuflow.api.client-secret']];
      return id?.source.kind === 'file' && secret !== undefined
        ? { clientId: id.value, secret: secret.value }
        : undefined;
    },
    isUsable: async (state) => {
      try {
        await connect(state);
        return true;
      } catch (error) {
        if (error instanceof KnownError && error.status !== 130) return false;
        throw error;
      }
    },
    detectedManager: detectPackageManager(env, join(cwd, 'project')).name,
    isInstalled: (program) => findOnPath(program, env) !== undefined,
    isInRepository,
    loadDefinition: async (path) => (await import('../../../process/definition/file.ts')).loadDefinition(path),
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
    verify: async (state) => {
      const { settings } = await connect(state);
      const { verifyCredentials } = await import('../../../diagnostics/verify-credentials.ts');
      const said = await working('Ask KuFlow whose credentials these are', () =>
        verifyCredentials({ settings, env, signal }),
      );
      return `Credentials ${said}`;
    },
    list: async (state) => {
      const { listFromApi } = await import('../../../discovery/from-api.ts');
      const access = await rest(state);
      return working('List processes', () => listFromApi(access, undefined, signal));
    },
    discover: async (state, code) => {
      const { discoverFromApi } = await import('../../../discovery/from-api.ts');
      return discoverFromApi({
        rest: await rest(state),
        code,
        sample: state.flags.sample ?? 0,
        report: discoveryLineReporter(terminal),
        signal,
      });
    },
    preview: async (state) => {
      const { files, ...preview } = await parts.preview(state);
      const count = (action: string): number => files.filter((file) => file.action === action).length;
      const inTheWay = files.flatMap((file) => (file.action === 'conflict' ? [`${file.path} ${file.reason}`] : []));
      if (inTheWay.length > 0) {
        const few = inTheWay.slice(0, MOST_NAMED).join(', ');
        const more = inTheWay.length > MOST_NAMED ? ` and ${inTheWay.length - MOST_NAMED} more` : '';
        throw new KnownError({
          message: `Files are in the way: ${few}${more}`,
          next: ['Choose another folder, or start again with --overwrite PATH for each file to be replaced'],
        });
      }
      return {
        ...preview,
        files: { create: count('create'), identical: count('identical'), overwrite: count('overwrite') },
      };
    },
  };
}

async function placeOfProfile(
  named: string,
  { env, cwd }: CommandContext,
): Promise<Pick<CreateFlags, 'endpoint' | 'target' | 'ca'>> {
  const { profileEndpoint: profilePlace } = await import('../../../connection/profile.ts');
  return profilePlace({ named, env, cwd });
}

function isInRepository(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return true;
    if (dirname(at) === at) return false;
  }
}
