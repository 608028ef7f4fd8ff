import { listFirst } from '../../base/count-of.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { shortPath } from '../../files/relative-path.ts';
import type { InstallResult } from '../../languages/run-project-tool.ts';
import { languageOf } from '../../languages/all-languages.ts';
import { listFileActions, type ReportedFile } from '../../project/existing-files.ts';
import { INTERRUPTED, startRepository, type GitResult } from '../../project/first-commit.ts';
import { isInRepository } from '../../project/join/find-root.ts';
import type { PreparedProject } from '../../project/plan.ts';
import { writeFiles } from '../../project/write-files.ts';
import type { Progress } from '../../terminal/progress.ts';

interface WriteProjectOptions {
  readonly install: boolean;
  readonly git: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export interface WriteResult {
  readonly files: readonly ReportedFile[];
  readonly install: InstallResult | { readonly kind: 'skipped' };
  readonly git: GitResult;
}

/**
 * Writes the project, installs its dependencies and then creates its repository, so that the first commit includes the lock file.
 * Rejects only when the files cannot be written, and then removes what it wrote. Every later outcome is part of the result.
 */
export async function writeProject(project: PreparedProject, options: WriteProjectOptions): Promise<WriteResult> {
  const { comparison, spec } = project;
  const { folder } = comparison;
  const { signal, progress } = options;
  const files = listFileActions(comparison);
  const changed = files.filter(({ action }) => action !== 'identical').length;
  progress.begin(`Writing ${changed} files to ${shortPath(folder)}…`);
  await writeFiles(comparison, { signal });
  const unchanged = changed === files.length ? '' : `, ${files.length - changed} unchanged`;
  progress.end('done', `Wrote ${changed} files${unchanged}`);
  const install = options.install ? await installDependencies(project, options) : ({ kind: 'skipped' } as const);
  const skipped = (reason: string): WriteResult => ({ files, install, git: { kind: 'skipped', reason } });
  if (!options.git) return skipped('--no-git');
  if (install.kind === 'interrupted') return skipped(INTERRUPTED);
  if (spec.workspace !== undefined && !isInRepository(folder)) return skipped('the workspace is not in a repository');
  progress.begin('Creating a git repository…');
  const locks = languageOf(spec).tools.lockFiles(spec.packageManager);
  const paths = [...new Set([...files.map(({ path }) => path), ...locks])];
  const git = await startRepository({ folder, paths, env: options.env, signal });
  endGitStep(progress, git);
  return { files, install, git };
}

async function installDependencies(
  { comparison: { folder }, spec }: PreparedProject,
  { env, signal, progress }: WriteProjectOptions,
): Promise<InstallResult> {
  const { packageManager, workspace } = spec;
  const { tools } = languageOf(spec);
  progress.begin(`Installing dependencies with ${tools.title(packageManager)}…`);
  const onLine = (line: string): void => progress.detail(line);
  const isMember = workspace !== undefined;
  const result = await tools.install({ folder, packageManager, isMember, env, signal, onLine });
  if (result.kind === 'installed') progress.end('done', installedTitle(result.workspace));
  else if (result.kind === 'interrupted') progress.end('warning', 'Installation interrupted; the project is kept');
  else progress.end('failed', `Could not install dependencies: ${result.seen}`);
  return result;
}

function installedTitle(workspace: string | undefined): string {
  return workspace === undefined
    ? 'Installed dependencies'
    : `Installed dependencies into the workspace ${escapeForTerminal(workspace, 1000)}, which has the lock file; the project does not have its own`;
}

function endGitStep(progress: Progress, result: GitResult): void {
  switch (result.kind) {
    case 'committed':
      if (result.ignored === undefined) progress.end('done', 'Created a git repository with a first commit');
      else
        progress.end(
          'warning',
          `Created a git repository with a first commit, without files that your git settings ignore: ${listFirst(result.ignored, 5)}`,
        );
      break;
    case 'initialised':
      progress.end('warning', `Initialized a git repository, but could not commit: ${result.reason}`);
      break;
    case 'skipped':
      progress.end('skipped', `Skipped creating a git repository: ${result.reason}`);
      break;
    case 'failed':
      progress.end('warning', `Git failed (${result.command}): ${result.output.split('\n')[0] ?? ''}`);
      break;
  }
}
