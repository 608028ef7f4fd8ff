import type { PackageManager } from './project-spec.ts';
import { runProjectTool, type ProjectTool, type ToolFailure, type ToolOptions } from './run-project-tool.ts';

export type InstallResult =
  | {
      readonly kind: 'installed';
      readonly ms: number;
      /** Absolute path of the workspace that the project was installed into: modules and lock file are there, not in the project. */
      readonly workspace?: string;
    }
  | (ToolFailure & {
      readonly kind: 'failed';
      /** The registry that could not be reached. */
      readonly registry?: string;
      /** The registry does not have this tool, or not its version. */
      readonly unpublished?: true;
    })
  | { readonly kind: 'interrupted' };

export interface InstallOptions extends ToolOptions {
  readonly packageManager: PackageManager;
  /** Whether the project is a member of a workspace, which has the lock file. */
  readonly isMember?: boolean | undefined;
  readonly env: NodeJS.ProcessEnv;
}

export interface Installer extends Omit<ProjectTool, 'logFile' | 'shell' | 'watch'> {
  /** Looks at each line of output. An answer ends the installation: its registry cannot be reached. */
  readonly watch?: ((line: string) => UnreachableRegistry | undefined) | undefined;
  /** What the output of a failure means, if it is known. */
  readonly explain?: ((output: string) => InstallFailure | undefined) | undefined;
}

export interface UnreachableRegistry {
  readonly registry: string;
  /** What was observed, such as `ENOTFOUND`. */
  readonly code: string;
}

export type InstallFailure = Pick<Extract<InstallResult, { kind: 'failed' }>, 'seen' | 'registry' | 'unpublished'>;

const LOG_FILE = '.kuflow/install.log';

/** Runs the installer in the folder of the project as `runProjectTool` does. Returns failures, because a project whose install failed is kept. */
export async function runInstaller(installer: Installer, options: InstallOptions): Promise<InstallResult> {
  const { watch, explain = () => undefined, ...tool } = installer;
  let unreachable: UnreachableRegistry | undefined;
  let output = '';
  const result = await runProjectTool(
    {
      ...tool,
      logFile: LOG_FILE,
      watch: (line) => {
        unreachable = watch?.(line);
        if (unreachable === undefined) return undefined;
        return `no connection to the registry ${unreachable.registry}: ${unreachable.code}, twice`;
      },
      clean: (text) => (output = tool.clean?.(text) ?? text),
    },
    options,
  );
  if (result.kind === 'interrupted') return result;
  if (result.kind === 'succeeded') return { kind: 'installed', ms: result.ms };
  const failure = unreachable === undefined ? explain(output.trim()) : { registry: unreachable.registry };
  return { ...result, ...failure };
}
