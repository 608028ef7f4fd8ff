import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { extract } from 'tar';
import type { WorkerCommand } from './foreign-worker.ts';
import { installOnce } from './install-once.ts';
import { pythonWithSdk, sampleWorker } from './python-sdk.ts';

const run = promisify(execFile);
const isWindows = process.platform === 'win32';
const SOURCES = join(import.meta.dirname, 'old-cores');
const TYPESCRIPT = '1.10.3';
const JAVA = '1.27.1';
const MAVEN = '3.9.11';
const MAVEN_SHA512 =
  'bcfe4fe305c962ace56ac7b5fc7a08b87d5abd8b7e89027ab251069faebee516b0ded8961445d6d91ec1985dfe30f8153268843c89aa392733d1a3ec956c9978';

/** KuFlow's own SDK 3.0.0, with the Temporal version that it was released with. */
export async function pythonWorker(): Promise<WorkerCommand> {
  return sampleWorker(await pythonWithSdk('3.0.0', ['temporalio==1.6.0']));
}

/** The Temporal version of KuFlow's SDK 3.0.0. */
export async function typescriptWorker(): Promise<WorkerCommand> {
  const folder = await installOnce(`typescript-temporal-${TYPESCRIPT}`, async (target) => {
    const dependencies = { '@temporalio/worker': TYPESCRIPT, '@temporalio/workflow': TYPESCRIPT };
    await writeFile(join(target, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
    const args = ['install', '--no-audit', '--no-fund', '--no-package-lock'];
    await run(isWindows ? 'npm.cmd' : 'npm', args, { cwd: target, shell: isWindows, timeout: 300_000 });
  });
  // Next to its node_modules.
  await cp(join(SOURCES, 'typescript'), folder, { recursive: true });
  return { command: process.execPath, args: [join(folder, 'worker.mjs')] };
}

/** The Temporal version of KuFlow's Java SDKs. */
export async function javaWorker(): Promise<WorkerCommand> {
  const jars = await installOnce(`java-temporal-${JAVA}`, async (target) => {
    const args = ['--batch-mode', '--quiet', '--file', join(SOURCES, 'java/pom.xml'), 'dependency:copy-dependencies'];
    await runMaven([...args, '-DincludeScope=runtime', `-DoutputDirectory=${target}`]);
  });
  // The launcher compiles the file in memory. The options halve the start.
  const options = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', join(jars, '*')];
  return { command: 'java', args: [...options, join(SOURCES, 'java/Worker.java')] };
}

/** Runs Maven, which uses the mirrors and proxies in the user's settings.xml. Without `mvn` on the PATH, it is downloaded as the Maven wrapper does. */
async function runMaven(args: readonly string[]): Promise<void> {
  const onPath = await run('mvn', ['--version'], { shell: isWindows }).then(
    () => true,
    () => false,
  );
  const program = onPath ? 'mvn' : join(await maven(), 'bin', isWindows ? 'mvn.cmd' : 'mvn');
  await run(program, args, { shell: isWindows, timeout: 300_000 });
}

/** The folder of a Maven from Maven Central, or from the repository in MVNW_REPOURL. */
function maven(): Promise<string> {
  return installOnce(`maven-${MAVEN}`, async (target) => {
    const repository = process.env.MVNW_REPOURL ?? 'https://repo.maven.apache.org/maven2';
    const url = `${repository}/org/apache/maven/apache-maven/${MAVEN}/apache-maven-${MAVEN}-bin.tar.gz`;
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
    const archive = Buffer.from(await response.arrayBuffer());
    if (createHash('sha512').update(archive).digest('hex') !== MAVEN_SHA512) throw new Error(`${url} was changed`);
    const file = join(target, 'maven.tar.gz');
    await writeFile(file, archive);
    await extract({ file, cwd: target, strip: 1 });
  });
}
