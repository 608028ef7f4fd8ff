import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import { MAVEN } from '../../src/languages/java/maven.ts';
import { installedBin } from './generated-project.ts';
import { jdk } from './jdk.ts';
import { createOnce } from './lanes.ts';
import type { CommandEnd } from './packed-command.ts';

const onWindows = process.platform === 'win32';

const MAVEN_OPTIONS = ['--batch-mode', '--no-transfer-progress'];

/** The package of the generated project. */
export const JAVA_PACKAGE = 'com.example.loanworker';

/**
 * The shared Java project of this run: created from the sample process with the packed package, which also downloads what Maven needs to
 * build it and builds it. Tests only read it, and use a `javaProjectCopy` for everything else.
 */
export function javaProject(): string {
  const parent = join(inject('runFolder'), 'java');
  const folder = join(parent, 'loan-worker');
  createOnce(parent, () => {
    mkdirSync(parent, { recursive: true });
    const started = performance.now();
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        installedBin('create-kuflow-worker'),
        'loan-worker',
        '--language',
        'java',
        '--local',
        '--yes',
        '--no-git',
        '--no-check',
        '--cli-package',
        `file:${inject('tarball')}`,
      ],
      { cwd: parent, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    );
    if (status !== 0) throw new Error(`The Java project was not created: ${stderr}`);
    // The installation compiles tests, but does not run them, so it does not download what runs them.
    execFileSync(join(folder, MAVEN), [...MAVEN_OPTIONS, '--quiet', '-Dtest=ReplayTest', 'surefire:test'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: onWindows,
    });
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    process.stdout.write(
      `installed a Java project with ${jdk?.javac ?? 'no javac'} ${jdk?.version ?? ''} and Maven's own cache (${seconds} s)\n`,
    );
  });
  return folder;
}

/** Copies the shared Java project with its compiled classes. */
export function javaProjectCopy(folder: string): string {
  cpSync(javaProject(), folder, { recursive: true });
  return folder;
}

/** Builds `target/app.jar` without tests and without network: the shared project has downloaded everything. */
export function buildJar(folder: string): void {
  const goals = ['--offline', '--quiet', '-DskipTests', '-Dspotless.check.skip', 'package'];
  execFileSync(join(folder, MAVEN), [...MAVEN_OPTIONS, ...goals], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: onWindows,
  });
}

/** Runs the Maven wrapper of a project to its end. */
export function runMaven(folder: string, args: readonly string[]): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(folder, MAVEN), [...MAVEN_OPTIONS, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: onWindows,
    });
    const read = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (read.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (read.err += chunk.toString()));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, ...read }));
  });
}

/** Options that shorten the start of a JVM. */
const SHORT_START = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** The command that runs the worker of a built project, with these options of the JVM. */
export function javaCommand(
  folder: string,
  jar = join(folder, 'target', 'app.jar'),
  options: readonly string[] = [],
): readonly [string, ...string[]] {
  return [javaProgram(), ...SHORT_START, ...options, '-jar', jar];
}

function javaProgram(): string {
  const home = process.env['JAVA_HOME'] ?? '';
  return home === '' ? 'java' : join(home, 'bin', 'java');
}

/**
 * The command that runs the worker of a project after `archiveClasses`, with half of the processor time. An archive is for these paths only, so
 * a copy of the project does not have one.
 */
export function archivedJavaCommand(folder: string): readonly [string, ...string[]] {
  return javaCommand(folder, extractedJar(folder), [`-XX:SharedArchiveFile=${archiveOf(folder)}`]);
}

export const hasArchivedClasses = (folder: string): boolean => existsSync(archiveOf(folder));

const extractedJar = (folder: string): string => join(folder, 'target', 'extracted', 'app.jar');
const archiveOf = (folder: string): string => join(folder, 'target', 'app.jsa');

/**
 * Extracts the jar, as the image does, and stores the classes that `run` loads in an archive that the JVM maps into its memory. `run` runs the
 * given command to its end.
 */
export function archiveClasses(folder: string, run: (command: readonly [string, ...string[]]) => void): void {
  const jar = extractedJar(folder);
  execFileSync(
    javaProgram(),
    ['-Djarmode=tools', '-jar', join(folder, 'target', 'app.jar'), 'extract', '--destination', dirname(jar)],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const part = `${archiveOf(folder)}.part`;
  run(javaCommand(folder, jar, [`-XX:ArchiveClassesAtExit=${part}`]));
  // Without it, workers start more slowly.
  if (existsSync(part)) renameSync(part, archiveOf(folder));
}
