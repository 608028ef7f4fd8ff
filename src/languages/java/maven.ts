import { scriptPath, userShell, WORDS } from '../../base/shell.ts';
import type { InstallFailure, InstallOptions, InstallResult } from '../run-project-tool.ts';
import type { ProjectCommands } from '../language.ts';

const IS_WINDOWS = process.platform === 'win32';

/** The Maven wrapper in the folder of the project. */
export const MAVEN = scriptPath('mvnw', '', IS_WINDOWS ? 'cmd' : 'posix');
const INSTALL = ['-B', '-ntp', '-DskipTests', 'verify'];

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
    verify: [{ command: `${maven} verify`, text: 'check the formatting, compile, and run the tests of every process' }],
  };
}
