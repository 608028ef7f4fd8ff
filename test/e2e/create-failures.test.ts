import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createdOf, FILES_ONLY, stateOf } from '../support/create-worker.ts';
import { generatedProject, installedBin } from '../support/generated-project.ts';
import { runAlone } from '../support/lanes.ts';
import { patchPackage } from '../support/patched-package.ts';
import { until } from '../support/until.ts';
import { bareEnvironment } from '../support/worker-process.ts';

runAlone('ports');

let folder: string;

beforeEach(() => {
  // Not below the folder of the test run, which other users cannot enter.
  folder = mkdtempSync(join(tmpdir(), 'kuflow-create-'));
  chmodSync(folder, 0o755);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bin = (): string => installedBin('create-kuflow-worker');

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Skips the test and prints the reason. */
function skipped(skip: (reason: string) => never, reason: string): never {
  process.stderr.write(`Skipped: ${reason}\n`);
  return skip(reason);
}

it('create says that this build has no Java library, because it was built without a JDK', () => {
  const packageFolder = patchPackage(mkdtempSync(join(inject('runFolder'), 'no-java-')), {});
  rmSync(join(packageFolder, 'dist/libraries/java'), { recursive: true });
  const program = join(packageFolder, 'bin/create-kuflow-worker.js');
  const { status, stderr } = spawnSync(
    process.execPath,
    [program, 'loans', '--language', 'java', '--local', '--yes', ...FILES_ONLY],
    { cwd: folder, env: bareEnvironment(), encoding: 'utf8' },
  );
  expect(status).toBe(1);
  expect(stderr).toContain('This build of the tool does not contain the library for Java projects');
  expect(stderr).toContain('Install a JDK, and build the tool again: npm run build');
  expect(existsSync(join(folder, 'loans'))).toBe(false);
});

describe.runIf(process.platform !== 'win32')('create in a folder without write permission', () => {
  const isRoot = process.getuid?.() === 0;
  const NOBODY = 65_534;
  const asUser = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

  const WRITABLE = /→ Choose a writable folder/;

  /** Runs the command without privileges: as the current user, or as `nobody` if that is root. */
  function create(...args: readonly string[]): Ended {
    return spawnSync(process.execPath, [bin(), ...args, ...FILES_ONLY], {
      cwd: folder,
      env: { ...bareEnvironment(), HOME: folder },
      encoding: 'utf8',
      ...asUser,
    });
  }

  it.for([
    [
      'the parent folder',
      (): void => chmodSync(folder, 0o555),
      / write .*x: permission denied; all changes were rolled back/,
      WRITABLE,
    ],
    [
      'the project folder, which contains a file to replace',
      (): void => {
        mkdirSync(join(folder, 'x'));
        writeFileSync(join(folder, 'x', 'README.md'), 'mine');
        chmodSync(join(folder, 'x'), 0o555);
      },
      /: permission denied; all changes were rolled back/,
      WRITABLE,
    ],
    [
      'a subfolder that is written late',
      (): void => {
        mkdirSync(join(folder, 'x', 'src'), { recursive: true });
        writeFileSync(join(folder, 'x', 'README.md'), 'mine');
        for (const path of ['x', 'x/README.md']) chmodSync(join(folder, path), 0o777);
        chmodSync(join(folder, 'x', 'src'), 0o555);
      },
      /: permission denied; all changes were rolled back/,
      WRITABLE,
    ],
    [
      'a subfolder that cannot be read either',
      (): void => {
        mkdirSync(join(folder, 'x', 'src'), { recursive: true });
        chmodSync(join(folder, 'x'), 0o777);
        chmodSync(join(folder, 'x', 'src'), 0o444);
      },
      /Could not compare .*x\/src\/\S+ with [^]* read .*x\/src\/\S+: permission denied\n/,
      /→ Make the file readable, or choose another folder/,
    ],
  ] as const)('reports it, exits with 1 and changes nothing: %s', ([, prepare, text, next], { skip }) => {
    prepare();
    if (isRoot) chmodSync(inject('runFolder'), 0o755);
    if (isRoot && spawnSync(process.execPath, [bin(), '--version'], { cwd: folder, ...asUser }).status !== 0) {
      skipped(skip, 'other users cannot run the command from where it is installed');
    }
    const contents = (): unknown => [...stateOf(folder)].map(([path, state]) => [path, state.replace(/ \d+ /, ' ')]);
    const before = contents();
    const { status, stdout, stderr } = create('x', '--local', '--overwrite', 'README.md');
    expect(stderr).toMatch(text);
    expect(stderr).toMatch(next);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(contents()).toEqual(before);
  });
});

describe('create on a full or read-only disk', () => {
  const script = `
    mount -t tmpfs -o "$3" none "$1" && cd "$1" && mkdir x && printf mine > x/README.md && printf notes > x/notes.txt || exit 77
    [ "$5" != read-only ] || mount -o remount,ro "$1" || exit 77
    before=$(find . | sort | xargs ls -ld --time-style=+ ; cat x/README.md x/notes.txt)
    "$2" "$4" x --local --overwrite README.md --yes --no-install --no-git --no-check
    echo "status $?"
    after=$(find . | sort | xargs ls -ld --time-style=+ ; cat x/README.md x/notes.txt)
    [ "$before" = "$after" ] && echo same || { echo "$before"; echo "$after"; }`;

  it.for([
    ['full from the start', 'size=12k', 'no space left'],
    ['full halfway', 'size=128k', 'no space left'],
    ['full near the end', 'size=300k', 'no space left'],
    ['out of inodes', 'nr_inodes=30', 'no space left'],
    ['read-only', 'size=1m', 'the file system is read-only'],
  ] as const)('exits with 1, removes what it wrote and keeps existing files: %s', ([what, options, seen], { skip }) => {
    const args = ['-rm', 'sh', '-c', script, 'sh', folder, process.execPath, options, bin(), what];
    const { status, stdout, stderr, error } = spawnSync('unshare', args, {
      env: bareEnvironment(),
      encoding: 'utf8',
    });
    if (error !== undefined || status === 77 || /unshare:/.test(stderr)) {
      skipped(skip, `cannot mount a separate file system (${error?.message ?? stderr.trim()})`);
    }
    expect(stderr).toMatch(new RegExp(`: ${seen}; all changes were rolled back`));
    expect(stdout).toBe('status 1\nsame\n');
  });
});

describe.runIf(process.platform !== 'win32')('a second create with the same answers', () => {
  it('reports every file as identical and changes nothing, install and git included', () => {
    const from = generatedProject();
    const bins = join(folder, 'bin');
    mkdirSync(bins);
    writeFileSync(join(bins, 'package.json'), '{"type":"commonjs"}');
    // An npm that reuses the modules that the test setup already installed.
    writeFileSync(
      join(bins, 'npm'),
      `#!${process.execPath}
      const { existsSync, cpSync, rmSync } = require('fs');
      const { spawnSync } = require('child_process');
      const path = process.env.PATH.split(${JSON.stringify(delimiter)}).slice(1).join(${JSON.stringify(delimiter)});
      const run = (command, args) => process.exitCode = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, PATH: path } }).status;
      if (!existsSync('node_modules')) {
        cpSync(${JSON.stringify(join(from, 'package-lock.json'))}, 'package-lock.json');
        run('cp', ['-a', ${JSON.stringify(join(from, 'node_modules'))}, 'node_modules']);
        rmSync('node_modules/.package-lock.json');
      }
      run('npm', process.argv.slice(2));`,
    );
    chmodSync(join(bins, 'npm'), 0o755);
    const home = join(folder, 'home');
    mkdirSync(home);
    writeFileSync(join(home, '.gitconfig'), '[user]\n\tname = Someone\n\temail = someone@example.com\n');
    const tarball = `file:${inject('tarball')}`;
    const create = (): Ended =>
      spawnSync(
        process.execPath,
        [
          bin(),
          'loan-worker',
          '--local',
          '--yes',
          '--no-check',
          '--package-manager',
          'npm',
          '--cli-package',
          tarball,
          '--json',
        ],
        {
          cwd: folder,
          env: {
            ...process.env,
            PATH: `${bins}${delimiter}${process.env['PATH'] ?? ''}`,
            XDG_CONFIG_HOME: home,
            GIT_CONFIG_GLOBAL: join(home, '.gitconfig'),
          },
          encoding: 'utf8',
        },
      );
    const first = create();
    expect(createdOf(first.stdout), first.stderr).toMatchObject({
      install: { kind: 'installed' },
      git: { kind: 'committed' },
      status: 0,
    });
    const before = stateOf(join(folder, 'loan-worker'));
    const second = create();
    const made = createdOf(second.stdout);
    expect(made, second.stderr).toMatchObject({
      install: { kind: 'installed' },
      git: { kind: 'skipped', reason: 'the folder is already a repository' },
      status: 0,
    });
    expect(made.files.filter(({ action }) => action !== 'identical')).toEqual([]);
    const after = stateOf(join(folder, 'loan-worker'));
    // npm rewrites its two lock files on every install, with the same content.
    const locks = ['node_modules/.package-lock.json', 'package-lock.json'];
    const bytes = (state: string | undefined): string | undefined => state?.replace(/ \d+ /, ' ');
    const changed = [...after]
      .filter(([path, state]) =>
        locks.includes(path) ? bytes(before.get(path)) !== bytes(state) : before.get(path) !== state,
      )
      .map(([path]) => path);
    expect(changed).toEqual([]);
    expect(after.size).toBe(before.size);
  });
});

describe.runIf(process.platform === 'linux')('Ctrl-C during the final check', () => {
  it('stops the platform, keeps the project, lists the next steps and exits with 130', async () => {
    const child = spawn(process.execPath, [bin(), 'x', '--local', '--yes', '--no-install', '--no-git', '--json'], {
      cwd: folder,
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.resume();
    const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
    const ofOurs = (): readonly string[] =>
      readdirSync('/proc').filter((pid) => {
        try {
          return (
            /^\d+$/.test(pid) &&
            Number(pid) !== child.pid &&
            readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
          );
        } catch {
          return false;
        }
      });
    await until('the Temporal server is running', () => ofOurs().length > 0);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    await until('all processes of the platform have ended', () => ofOurs().length === 0);
    const made = createdOf(stdout);
    expect(made).toMatchObject({ check: { kind: 'not-run', reason: 'interrupted' }, status: 130 });
    expect(made.next.map(({ command }) => command)).toEqual([
      'cd x',
      'npm install',
      'npm run smoke',
      'npm run dev',
      'npx kuflow dev open',
    ]);
    expect(existsSync(join(folder, 'x', 'package.json'))).toBe(true);
    expect(readdirSync(folder)).toEqual(['x']);
  });
});
