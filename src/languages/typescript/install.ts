import { readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../../base/errors.ts';
import { PACKAGE_NAME } from '../../base/package-root.ts';
import {
  runCommandLine,
  runInstaller,
  type InstallOptions,
  type InstallResult,
  type ProjectCommandOptions,
  type ProjectToolResult,
  type UnreachableRegistry,
} from '../run-project-tool.ts';
import { commandsOf, programOf } from './package-manager.ts';

// Variables that npm sets for its scripts. If this tool was started by `npx`, they must not affect the install of the new project.
const REMOVED_VARIABLES =
  /^(?:npm_(?:lifecycle|package|command|execpath|node_execpath)|npm_config_(?:package|call|yes|dry_run|local_prefix)$|INIT_CWD$|NODE_ENV$)/i;

function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !REMOVED_VARIABLES.test(name));
  // `yarn dlx` makes every Node.js child process look for modules in its temporary folder.
  const options = env['NODE_OPTIONS']?.replaceAll(
    /(?:^|\s)--(?:require|(?:experimental-)?loader)[ =]\S*\.pnp\.\S*/g,
    '',
  );
  return {
    ...Object.fromEntries(kept),
    ...(options === undefined ? {} : { NODE_OPTIONS: options.trim() }),
    // Avoids an extra request and a notice about npm updates.
    npm_config_update_notifier: 'false',
    // Corepack replaces pnpm and Yarn on many machines. Nobody would see its prompt, and it must not change package.json.
    COREPACK_ENABLE_DOWNLOAD_PROMPT: '0',
    COREPACK_ENABLE_AUTO_PIN: '0',
  };
}

/** An npm that cannot reach its registry is ended after its second attempt: it would go on for a quarter of an hour. */
export async function installDependencies(options: InstallOptions): Promise<InstallResult> {
  const { folder, packageManager, isMember, env, signal } = options;
  if (signal?.aborted === true) return { kind: 'interrupted' };
  const lock = packageManager === 'yarn@4' && isMember !== true ? await claimYarnProject(folder) : undefined;
  const hasLogLevel = Object.entries(env).some(
    ([name, value]) => /^npm_config_loglevel$/i.test(name) && (value ?? '') !== '',
  );
  const isWatched = packageManager === 'npm' && !hasLogLevel;
  try {
    const result = await runInstaller(
      {
        program: programOf(packageManager),
        args: commandsOf(packageManager).installArguments,
        outputArgs: isWatched ? [LOG_REQUESTS] : [],
        env: childEnvironment(env),
        watch: isWatched ? watchRegistry() : undefined,
        clean: removeRequestLines,
        explain: (output) =>
          isUnpublished(output)
            ? {
                seen: `the registry does not have ${VERSIONED_PACKAGE.exec(output)?.[0] ?? PACKAGE_NAME}`,
                unpublished: true,
              }
            : undefined,
      },
      options,
    );
    return result.kind === 'installed' ? { ...result, ...(await findWorkspace(folder)) } : result;
  } finally {
    if (lock !== undefined && (await readFile(lock, 'utf8').catch(() => 'gone')) === '') await rm(lock);
  }
}

const VERSIONED_PACKAGE = new RegExp(`${PACKAGE_NAME}@[\\w.+-]*\\w`);

/** Runs a command of a project with the same environment as the installation. */
export async function runNodeCommand(command: string, options: ProjectCommandOptions): Promise<ProjectToolResult> {
  return runCommandLine(command, { ...options, env: childEnvironment(options.env) });
}

/**
 * Yarn treats a project inside another one as a part of that project, rejects it if it is not listed there, and applies the settings of the
 * outer project. An empty lock file makes it a separate project. Returns the path of the lock file if it was created.
 */
async function claimYarnProject(folder: string): Promise<string | undefined> {
  const path = join(folder, 'yarn.lock');
  try {
    await writeFile(path, '', { flag: 'wx' });
    return path;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    throw error;
  }
}

/** npm, Bun and Yarn 1 install a project that is listed in an outer workspace into that workspace, and link it there. */
async function findWorkspace(folder: string): Promise<{ readonly workspace?: string }> {
  const { name } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { name?: string };
  if (name === undefined) return {};
  const itself = await realpath(folder);
  for (let at = dirname(folder); ; at = dirname(at)) {
    const link = await realpath(join(at, 'node_modules', name)).catch(() => undefined);
    if (link === itself) return { workspace: at };
    if (dirname(at) === at) return {};
  }
}

/** Makes npm log each request and each failed attempt. */
const LOG_REQUESTS = '--loglevel=http';

// Errors without any response, not even a partial one.
const NO_CONNECTION = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT)$/;
const RESPONSE = /^npm http fetch \S+ \d{3} /;
const FAILED_ATTEMPT = /^npm http fetch \S+ (\S+) attempt (\d+) failed with (\S+)$/;

/**
 * Returns a function that reads npm's output line by line and reports when the registry is unreachable: two attempts without a connection for
 * one package, and no response before. npm itself would try one package after the other, for more than a minute each.
 */
export function watchRegistry(): (line: string) => UnreachableRegistry | undefined {
  let hasResponded = false;
  return (line) => {
    hasResponded ||= RESPONSE.test(line);
    const [, address = '', attempt, code = ''] = FAILED_ATTEMPT.exec(line) ?? [];
    if (hasResponded || Number(attempt) < 2 || !NO_CONNECTION.test(code) || !URL.canParse(address)) return undefined;
    return { registry: new URL(address).origin, code };
  };
}

const OWN_PACKAGE = new RegExp(`(?:^|[\\s"'/])${PACKAGE_NAME}(?=[@:\\s"']|$)`);
const NOT_FOUND = /\b404\b|not found|couldn't find|no matching version|no candidates|failed to resolve/i;

/** Whether an install failed because the registry does not have this package, or not this version of it. Reads the output of all package managers. */
export function isUnpublished(output: string): boolean {
  return output.split('\n').some((line) => OWN_PACKAGE.test(line) && NOT_FOUND.test(line));
}

/** Removes the lines that `LOG_REQUESTS` adds to npm's output. */
function removeRequestLines(output: string): string {
  return output
    .split('\n')
    .filter((line) => !RESPONSE.test(line) && !line.startsWith('npm http cache '))
    .join('\n');
}
