import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { publint } from 'publint';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { ROOT, bundle } from '../../scripts/bundle.mjs';
import { LIBRARY_JAR } from '../../src/languages/java/render.ts';
import { findLibrary } from '../../src/languages/worker-library.ts';

/** Of the same build. */
let metafile: Awaited<ReturnType<typeof bundle>>['metafile'];

beforeAll(async () => {
  ({ metafile } = await bundle());
});

const installed = join(inject('cliFolder'), 'node_modules', 'create-kuflow-worker');

/** Relative paths with `/`, sorted. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

function kuflow(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const result = spawnSync(process.execPath, [join(installed, 'bin', 'kuflow.js'), ...args], {
    encoding: 'utf8',
    cwd: inject('runFolder'),
  });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

interface Input {
  readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[];
}

/** The files of packages that these sources import, except with `import()`. */
function packageFilesOf(inputs: Readonly<Record<string, Input>>, sources: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  const left = [...sources];
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const one of inputs[path]?.imports ?? [])
      if (one.kind !== 'dynamic-import' && one.external !== true) left.push(one.path);
  }
  return [...seen].filter((path) => path.includes('node_modules/'));
}

describe('the packed package', () => {
  it('installs as a single package', () => {
    expect(readdirSync(join(inject('cliFolder'), 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'create-kuflow-worker',
    ]);
  });

  it('contains exactly the templates, the schemas and the build output', () => {
    for (const folder of ['bin', 'templates', 'schemas', 'dist']) {
      expect(
        filesBelow(join(installed, folder)),
        'npm leaves out some file names: rename the file in the tree',
      ).toEqual(filesBelow(join(ROOT, folder)));
    }
    expect(filesBelow(join(ROOT, 'templates')).length).toBeGreaterThan(40);
    expect(readdirSync(installed).sort()).toEqual(
      [
        'LICENSE',
        'README.md',
        'THIRD_PARTY_NOTICES',
        'bin',
        'dist',
        'docs',
        'package.json',
        'schemas',
        'templates',
      ].sort(),
    );
    const isForUsers = (file: string): boolean =>
      /\.(?:md|json)$/.test(file) && !/^(?:internals|\.vitepress)\//.test(file);
    expect(filesBelow(join(installed, 'docs'))).toEqual(filesBelow(join(ROOT, 'docs')).filter(isForUsers));
    const built = filesBelow(join(installed, 'dist'));
    expect(built).toContain('web/index.html');
    const java = findLibrary('java', LIBRARY_JAR).version;
    expect(built.filter((file) => !/\.(?:c?js|wasm)$|^web\//.test(file))).toEqual([
      ...['bash', 'fish', 'ps1', 'zsh'].map((shell) => `completions/kuflow.${shell}`),
      'libraries/java/kuflow-worker-java.md',
      ...['-sources.jar', '.jar', '.pom'].flatMap((ending) => {
        const file = `libraries/java/kuflow/worker/kuflow-worker/${java}/kuflow-worker-${java}${ending}`;
        return [file, `${file}.sha1`];
      }),
      'libraries/python/kuflow-worker-python.md',
      expect.stringMatching(/^libraries\/python\/kuflow_worker-.*\.whl$/),
      expect.stringMatching(/^libraries\/typescript\/kuflow-worker-.*\.tgz$/),
      'platform.d.ts',
    ]);
    expect(readFileSync(join(installed, 'dist', 'start.cjs'), 'utf8')).not.toContain('sourceMappingURL');
  });

  it('contains the license text of every bundled package and of the Maven wrapper', () => {
    const folders = Object.keys(metafile.inputs).flatMap(
      (input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? [],
    );
    const notices = readFileSync(join(installed, 'THIRD_PARTY_NOTICES'), 'utf8').split(/^={80}\n(?=\S)/m);
    const missing = [...new Set(folders)].flatMap((folder) => {
      const { name, version } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as {
        name: string;
        version: string;
      };
      const own = notices.find((notice) => notice.startsWith(`${name} ${version} (`));
      return own !== undefined && own.length > 400 ? [] : [`${name} ${version}`];
    });
    expect(new Set(folders).size).toBeGreaterThan(50);
    expect(missing).toEqual([]);
    const wrapper = notices.find((notice) => notice.startsWith('Apache Maven Wrapper '));
    expect(wrapper).toContain('Apache License');
  });

  // A package adds milliseconds to each run of the command, needed or not.
  it('create loads only the packages that each of its runs needs', () => {
    const files = packageFilesOf(metafile.inputs, ['src/commands/create/run.ts']);
    const names = files.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
    expect([...new Set(names)].sort()).toEqual([
      ...['ajv', 'chalk', 'commander', 'diff', 'fast-deep-equal', 'fast-string-truncated-width', 'fast-string-width'],
      ...['fast-wrap-ansi', 'handlebars', 'isexe', 'semver', 'tar', 'which', 'yaml'],
    ]);
    // The archive of the new project needs only the headers. The whole package takes 15 ms.
    const modules = files.filter((path) => path.includes('/tar/')).map((path) => basename(path));
    expect(modules.sort()).toEqual(['header.js', 'large-numbers.js', 'types.js']);
  });

  it('commands that use a running local KuFlow load neither its server nor a client of Temporal', () => {
    const commands = ['src/commands/dev/run-exec.ts', 'src/commands/process/run.ts', 'src/commands/task/run.ts'];
    const files = packageFilesOf(metafile.inputs, commands);
    expect(files.filter((path) => /node_modules\/(fastify|@peculiar|@temporalio|@grpc)\//.test(path))).toEqual([]);
  });

  it('passes publint', async () => {
    const tarball = readFileSync(inject('tarball'));
    const { messages } = await publint({
      pack: { tarball: tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength) },
      level: 'suggestion',
    });
    expect(messages).toEqual([]);
  });

  it('has types for its exports', () => {
    const attw = join(ROOT, 'node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js');
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      // The package is ESM only. `require` and older module resolutions are not supported.
      [attw, inject('tarball'), '--profile', 'esm-only', '--no-definitely-typed', '--no-color', '--no-emoji'],
      { encoding: 'utf8' },
    );
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain('create-kuflow-worker/platform');
  });

  it('prints its version and help', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(kuflow('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    const help = kuflow('--help');
    expect(help.status).toBe(0);
    expect(help.stdout).toContain('\nExamples:\n');
    for (const command of ['create', 'dev', 'definitions']) expect(help.stdout).toContain(`  ${command} `);
    const bins = join(inject('cliFolder'), 'node_modules', '.bin');
    expect(
      execFileSync(join(bins, 'create-kuflow-worker'), ['--version'], {
        encoding: 'utf8',
        shell: process.platform === 'win32',
      }),
    ).toBe(`${version}\n`);
  });

  it('prints the documentation', () => {
    const { status, stdout } = kuflow('docs', 'first-worker');
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^# Your first worker\n/) as string,
    });
  });

  it('rejects unknown commands and options with a suggestion and status 2', () => {
    for (const [args, suggestion] of [
      [['crate'], 'Did you mean create?'],
      [['create', '--lokal'], 'Did you mean --local?'],
    ] as const) {
      const { status, stdout, stderr } = kuflow(...args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toContain(suggestion);
    }
  });

  it.runIf(process.platform !== 'win32')('reports a deleted working directory without a stack trace', () => {
    const gone = mkdtempSync(join(inject('runFolder'), 'gone-'));
    for (const bin of ['kuflow.js', 'create-kuflow-worker.js']) {
      const line = `cd '${gone}' && rmdir '${gone}' && exec '${process.execPath}' '${join(installed, 'bin', bin)}' --help`;
      const { status, stdout, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' });
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toBe('✖ The current folder no longer exists\n  → cd to another folder\n');
      mkdirSync(gone);
    }
  });
});
