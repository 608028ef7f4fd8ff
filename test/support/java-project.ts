import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { MAVEN } from '../../src/languages/java/tools.ts';
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
    // The installation does not run tests, so it does not download what runs them.
    execFileSync(join(folder, MAVEN), [...MAVEN_OPTIONS, '--quiet', '-Dtest=ReplayTest', 'test'], {
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

/** The command that runs the worker of a built project. The options shorten the start. */
export function javaCommand(folder: string): readonly [string, ...string[]] {
  const home = process.env['JAVA_HOME'] ?? '';
  const java = home === '' ? 'java' : join(home, 'bin', 'java');
  return [java, '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-jar', join(folder, 'target', 'app.jar')];
}
