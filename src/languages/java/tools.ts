import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { KnownError } from '../../base/errors.ts';
import { scriptPath, userShell, WORDS } from '../../base/shell.ts';
import { findOnPath } from '../../files/find-on-path.ts';
import type { InstallFailure, InstallOptions, InstallResult } from '../run-project-tool.ts';
import type { ProjectCommands } from '../language.ts';

export const OLDEST_JAVA = 17;
const IS_WINDOWS = process.platform === 'win32';

/** The Maven wrapper in the folder of the project. */
export const MAVEN = scriptPath('mvnw', '', IS_WINDOWS ? 'cmd' : 'posix');
const INSTALL = ['-B', '-ntp', '-DskipTests', 'verify'];

const VERSION_MS = 20_000;

/**
 * The JDK in `JAVA_HOME`, otherwise the one on the PATH, as the Maven wrapper finds it; undefined if neither exists. Its version is undefined if it
 * does not say.
 */
export async function findJdk(env: NodeJS.ProcessEnv) {
  const javac = findProgram('javac', env);
  if (javac === undefined) return undefined;
  try {
    // JDK 8 and older write it to standard error.
    const { stdout, stderr } = await promisify(execFile)(javac, ['-version'], { env, timeout: VERSION_MS });
    const [, version] = /javac (?:1\.)?(\d+)/.exec(`${stdout}\n${stderr}`) ?? [];
    return { javac, version: version === undefined ? undefined : Number(version) };
  } catch {
    return undefined;
  }
}

/** Why `findJdk` does not find a JDK. */
export function missingJdkReason(env: NodeJS.ProcessEnv): string {
  const home = env['JAVA_HOME'] ?? '';
  return home === ''
    ? 'javac is not on the PATH and JAVA_HOME is not set'
    : `JAVA_HOME is ${home}, which has no working bin/javac`;
}

/** In `JAVA_HOME`, otherwise on the PATH. */
export function findProgram(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const home = env['JAVA_HOME'] ?? '';
  return home === '' ? findOnPath(name, env) : join(home, 'bin', IS_WINDOWS ? `${name}.exe` : name);
}

/** Rejects with a KnownError if this machine has no JDK that can build a project. */
export async function requireJdk(env: NodeJS.ProcessEnv): Promise<void> {
  const jdk = await findJdk(env);
  if (jdk !== undefined && (jdk.version ?? OLDEST_JAVA) >= OLDEST_JAVA) return;
  throw new KnownError({
    message:
      jdk === undefined ? 'A JDK is not installed' : `The JDK is too old: Java ${OLDEST_JAVA} or newer is required`,
    seen: `${jdk === undefined ? missingJdkReason(env) : `${jdk.javac} is version ${jdk.version ?? ''}`}; nothing was written`,
    next: [
      `Install a JDK, version ${OLDEST_JAVA} or newer: https://adoptium.net`,
      ...((env['JAVA_HOME'] ?? '') === '' ? [] : ['Or set JAVA_HOME to the folder of such a JDK']),
      'Or add --no-install to write the project only',
    ],
  });
}

/** Downloads the dependencies and builds the project in `folder`; see `runInstaller`. */
export async function installMavenProject(options: InstallOptions): Promise<InstallResult> {
  if (options.signal?.aborted === true) return { kind: 'interrupted' };
  // Imported on demand: running other programs needs a large package.
  const { runInstaller } = await import('../run-project-tool.ts');
  return runInstaller({ program: MAVEN, args: INSTALL, env: options.env, explain: explainFailure }, options);
}

const DOWNLOAD = /(?:Failed to fetch|Could not transfer artifact|curl: |wget: )[^\n]*?(https?:\/\/[^\s)'"]+)/;

/** Maven and its wrapper name the address that they could not reach. */
function explainFailure(output: string): InstallFailure | undefined {
  const [line = '', address = ''] = DOWNLOAD.exec(output) ?? [];
  if (line === '' || !URL.canParse(address)) return undefined;
  const { origin } = new URL(address);
  return { seen: `could not download from ${origin}`, registry: origin };
}

/** The worker restarts when it is compiled, and not when a file is saved. Windows does not have make. */
export const mavenReload = IS_WINDOWS
  ? undefined
  : { command: 'make compile', text: 'restart that worker with your changes, from another terminal' };

/** Commands to run in the folder of a project. Windows does not have make. */
export function mavenCommands(shell = userShell(), isWindows = IS_WINDOWS): ProjectCommands {
  const [maven, kuflow] = [scriptPath('mvnw', '', shell), scriptPath('kuflow', '', shell)];
  const windows = {
    dev: `${kuflow} dev exec -- ${maven} spring-boot:run`,
    smoke: `${kuflow} dev simulate -- ${maven} -q spring-boot:run`,
    check: `${maven} -q spring-boot:run ${WORDS[shell]('-Dspring-boot.run.arguments=--check')}`,
  };
  return {
    install: `${maven} -DskipTests verify`,
    ...(isWindows ? windows : { dev: 'make dev', smoke: 'make smoke', check: 'make check' }),
    start: `${maven} spring-boot:run`,
    kuflow,
    simulated: `${maven} -q spring-boot:run`,
    verify: [{ command: `${maven} verify`, text: 'check the format, compile, and run the tests of every process' }],
  };
}
