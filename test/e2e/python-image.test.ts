import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { buildStages, type BuiltStage } from '../support/dockerfile.ts';
import type { CommandEnd } from '../support/packed-command.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { PYTHON_PACKAGE, pythonProject } from '../support/python-project.ts';
import { uvEnvironment } from '../support/uv.ts';
import { bareEnvironment, workerEnvironment } from '../support/worker-process.ts';

/** The machine in the header of a native module. */
const MACHINE = process.arch === 'x64' ? 0x3e : 0xb7;
const DEVELOPMENT = /^(?:pytest|mypy|ruff|debugpy|uv|pip|temporal_test_server)/i;

describe.runIf(process.platform === 'linux')('the image of a Python worker', () => {
  let folder: string;
  let image: BuiltStage;
  let running: TestPlatform;

  const app = (): string => join(image.root, image.workdir);
  const packages = (): string => {
    const lib = join(app(), '.venv', 'lib');
    const [version = ''] = readdirSync(lib);
    return join(lib, version, 'site-packages');
  };
  const filesIn = (path: string): readonly string[] => readdirSync(path, { recursive: true, encoding: 'utf8' });

  /** Runs the command of the image to its end. The platform runs in this process, so it must not wait. */
  function run(args: readonly string[], environment: Record<string, string>): Promise<CommandEnd> {
    const [program = '', ...rest] = image.entrypoint;
    const child = spawn(join(image.root, program), [...rest, ...args], {
      cwd: app(),
      env: { ...environment, ...image.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const read = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (read.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (read.err += chunk.toString()));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve({ status, ...read }));
    });
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(inject('runFolder'), 'python-image-'));
    const project = pythonProject();
    const context = join(folder, 'context');
    // Only what a git clone contains.
    cpSync(project, context, { recursive: true, filter: (path) => path !== join(project, '.venv') });
    // `pip` of the base image installs into this environment. uv creates it in a tenth of the processor time.
    const base = join(folder, 'base');
    execFileSync('uv', ['venv', '--quiet', '--seed', base], { env: await uvEnvironment() });
    const environment = { ...process.env, PATH: [join(base, 'bin'), process.env['PATH']].join(delimiter) };
    const dockerfile = readFileSync(join(context, 'Dockerfile'), 'utf8');
    image = buildStages({ dockerfile, context, into: join(folder, 'stages'), env: environment, base: {} });
    running = await startTestPlatform();
  });

  afterAll(async () => {
    await running.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('contains the packages that the worker needs at run time, and its code, all compiled [python: image.contents]', () => {
    expect(readdirSync(app()).sort()).toEqual(['.venv', 'application.yaml']);
    const names = readdirSync(packages());
    expect(names).toEqual(
      expect.arrayContaining(['temporalio', 'httpx', 'cryptography', 'yaml', 'kuflow_worker', PYTHON_PACKAGE]),
    );
    expect(names.filter((name) => DEVELOPMENT.test(name))).toEqual([]);
    const code = filesIn(join(packages(), PYTHON_PACKAGE));
    expect(code).toEqual(expect.arrayContaining(['loan/workflow.py', 'loan/schemas.json']));
    for (const path of code.filter((one) => one.endsWith('.py'))) {
      const compiled = path.replace(/([^/]+)\.py$/, '__pycache__/$1.');
      expect(
        code.some((one) => one.startsWith(compiled) && one.endsWith('.pyc')),
        path,
      ).toBe(true);
    }
  });

  it('contains native modules only for its own platform [python: image.contents]', () => {
    const modules = filesIn(packages()).filter((path) => /\.(?:so|pyd|dylib|dll)(?:\.\d+)*$/.test(path));
    expect(modules.length).toBeGreaterThan(3);
    for (const path of modules) {
      const header = readFileSync(join(packages(), path)).subarray(0, 20);
      expect([header.toString('latin1', 1, 4), header.readUInt16LE(18)], path).toEqual(['ELF', MACHINE]);
    }
  });

  it('starts the worker, which needs nothing else and writes no files [python: image.signals, image.user]', async () => {
    const before = filesIn(image.root);
    const checked = await run(['--check'], workerEnvironment(running.platform));
    expect(checked.status, checked.out + checked.err).toBe(0);
    expect(checked.out).toMatch(/^ok +namespace/m);
    expect((await run(['--check'], bareEnvironment())).status).toBe(2);
    expect(filesIn(image.root)).toEqual(before);
  });
});
