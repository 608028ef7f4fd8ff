import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { KnownError, messageOf } from '../../base/errors.ts';
import { findOnPath } from '../../files/find-on-path.ts';

export const OLDEST_JAVA = 17;
const IS_WINDOWS = process.platform === 'win32';

const run = promisify(execFile);

const TOOL_LIMIT_MS = 60_000;
const VERSION_MS = 20_000;

export type JavaHome = NonNullable<ReturnType<typeof inspectJavaHome>>;

/** The JVM that a worker is started with: that of JAVA_HOME, or of `java` on the PATH. Rejects with KnownError if there is no JDK. */
export async function findJavaHome(env: NodeJS.ProcessEnv): Promise<JavaHome> {
  const { JAVA_HOME: given = '' } = env;
  if (given !== '') {
    const home = inspectJavaHome(given, env);
    if (home !== undefined) return home;
    throw noJdkError(`JAVA_HOME is ${given}, which has no trust store (lib/security/cacerts), or no keytool was found`);
  }
  const java = findOnPath('java', env);
  if (java === undefined) throw noJdkError('JAVA_HOME is not set, and java is not on the PATH');
  // Usually a link into the JDK. Version managers and macOS install a launcher there, so only the JVM itself can report its folder.
  const linked = dirname(dirname(await realpath(java)));
  const home = inspectJavaHome(linked, env) ?? inspectJavaHome(await askForJavaHome(java, env), env);
  if (home === undefined)
    throw noJdkError(`the JVM of ${java} has no trust store (lib/security/cacerts), or no keytool was found`);
  return home;
}

/** The trust store that the JVM in a folder uses by default, and its keytool. */
function inspectJavaHome(folder: string, env: NodeJS.ProcessEnv) {
  // Java 8 has its runtime in jre/. A file jssecacerts replaces cacerts.
  const trustStore = ['lib', join('jre', 'lib')]
    .flatMap((lib) => ['jssecacerts', 'cacerts'].map((name) => join(folder, lib, 'security', name)))
    .find((path) => existsSync(path));
  const ownKeytool = join(folder, 'bin', IS_WINDOWS ? 'keytool.exe' : 'keytool');
  const keytool = existsSync(ownKeytool) ? ownKeytool : findOnPath('keytool', env);
  return trustStore === undefined || keytool === undefined ? undefined : { folder, trustStore, keytool };
}

async function askForJavaHome(java: string, env: NodeJS.ProcessEnv): Promise<string> {
  try {
    const { stderr } = await runJavaTool(java, ['-XshowSettings:properties', '-version'], env);
    return /^\s*java\.home = (.+)$/m.exec(stderr)?.[1]?.trim() ?? '';
  } catch (error) {
    throw noJdkError(`${java} does not run: ${messageOf(error)}`);
  }
}

function noJdkError(seen: string): KnownError {
  return new KnownError({
    message: 'No JDK was found. --for java needs one to create a trust store',
    seen,
    next: ['Install a JDK, or set JAVA_HOME to the JDK that runs the worker'],
  });
}

/** Without the options for a worker's JVM, which may name a trust store that does not exist yet. */
export function runJavaTool(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const clean = { ...env, JAVA_TOOL_OPTIONS: undefined, JDK_JAVA_OPTIONS: undefined, LC_ALL: 'C' };
  return run(program, args, { env: clean, timeout: TOOL_LIMIT_MS, windowsHide: true });
}

/**
 * The JDK in `JAVA_HOME`, otherwise the one on the PATH, as the Maven wrapper finds it; undefined if neither exists. Its version is undefined if it
 * does not say.
 */
export async function findJdk(env: NodeJS.ProcessEnv) {
  const javac = findProgram('javac', env);
  if (javac === undefined) return undefined;
  try {
    // JDK 8 and older write it to standard error.
    const { stdout, stderr } = await run(javac, ['-version'], { env, timeout: VERSION_MS });
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
