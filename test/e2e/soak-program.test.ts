import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';
import { findOnPath } from '../../src/files/find-on-path.ts';
import { platformReady, startCommand } from '../support/dev-command.ts';
import { newMark } from '../support/marked-processes.ts';
import { temporalPath } from '../support/temporal-path.ts';
import { until } from '../support/until.ts';
import { uvEnvironment } from '../support/uv.ts';

const IS_SOAK = process.env['KUFLOW_SOAK'] === '1';
const PORTS = ['--port', '0', '--https-port', '0', '--engine-port', '0'];
/** What a Python project needs, and the shell. */
const PROGRAMS = ['sh', 'dirname', 'python3', 'uv'];

describe.runIf(IS_SOAK && process.platform !== 'win32')(
  'the standalone program, alone on a machine without Node.js',
  () => {
    const mark = newMark();
    let folder: string;
    let env: Record<string, string>;

    beforeAll(async () => {
      execFileSync(process.execPath, ['scripts/program.mjs', '--built'], { cwd: ROOT, stdio: 'ignore' });
      folder = realpathSync(mkdtempSync(join(tmpdir(), 'kuflow-program-')));
      const path = ['program', 'programs'].map((name) => join(folder, name));
      for (const one of [...path, join(folder, 'disk')]) mkdirSync(one);
      // People move their cache to another disk.
      symlinkSync(join(folder, 'disk'), join(folder, 'cache'));
      const uv = await uvEnvironment();
      // A shim of pyenv works only with pyenv.
      const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
      for (const name of PROGRAMS) {
        const program = name === 'python3' ? python : (findOnPath(name, uv) ?? '');
        symlinkSync(program, join(folder, 'programs', name));
      }
      const { HOME = '', UV_CACHE_DIR = join(HOME, '.cache', 'uv') } = uv;
      env = {
        PATH: path.join(delimiter),
        XDG_CACHE_HOME: join(folder, 'cache'),
        KUFLOW_TEMPORAL_PATH: await temporalPath(),
        NODE_OPTIONS: '',
        UV_CACHE_DIR,
        UV_PYTHON_DOWNLOADS: 'never',
        WORKER_HEALTHPORT: '0',
        WORKER_METRICSPORT: '0',
      };
    });

    afterAll(() => {
      mark.killLeft();
      rmSync(folder, { recursive: true, force: true });
    });

    /** Runs a program in a folder. Returns its output, or throws with it unless it has this status. */
    async function run(words: readonly string[], { cwd = folder, status = 0 } = {}): Promise<string> {
      const [program = '', ...args] = words;
      const options = { cwd, env: { ...process.env, ...env, ...mark.env }, encoding: 'utf8' } as const;
      const ended = await new Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>(
        (resolve) =>
          execFile(program, args, options, (error, stdout, stderr) =>
            resolve({ code: error?.code ?? 0, stdout, stderr }),
          ),
      );
      expect(ended.code, `${words.join(' ')}\n${ended.stdout}${ended.stderr}`).toBe(status);
      return ended.stdout + ended.stderr;
    }

    it('has an archive that matches its checksum, and unpacks itself once if it starts twice at the same time', async () => {
      const output = join(ROOT, 'dist-program');
      const archive = readdirSync(output).find((name) => name.endsWith('.tar.gz')) ?? '';
      const hash = createHash('sha256')
        .update(readFileSync(join(output, archive)))
        .digest('hex');
      expect(readFileSync(join(output, `${archive}.sha256`), 'utf8')).toBe(`${hash}  ${archive}\n`);
      execFileSync('tar', ['-xzf', join(output, archive), '-C', join(folder, 'program')]);
      expect(readdirSync(join(folder, 'program'))).toEqual([
        'LICENSE',
        'LICENSE.node',
        'THIRD_PARTY_NOTICES',
        'kuflow',
      ]);
      expect(findOnPath('node', env)).toBeUndefined();

      const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
      const starts = await Promise.all(Array.from({ length: 3 }, () => run(['kuflow', '--version'])));
      expect(starts).toEqual([`${version}\n`, `${version}\n`, `${version}\n`]);
      expect(readdirSync(join(folder, 'cache', 'kuflow', 'programs'))).toEqual([expect.stringMatching(`^${version}-`)]);
    });

    it('creates and installs a Python project, runs a local KuFlow, diagnoses the project, and completes a process', async () => {
      await run(['kuflow', 'create', 'loan', '--language', 'python', '--local', '--yes', '--no-git', '--no-check']);
      const project = { cwd: join(folder, 'loan') };
      const state = ['--state-dir', join(folder, 'state')];
      const dev = startCommand([join(folder, 'program', 'kuflow'), 'dev', ...state, ...PORTS], {
        ...project,
        mark,
        env,
      });
      await platformReady(dev, join(folder, 'state'));
      const inDev = ['./kuflow', 'dev', 'exec', ...state, '--'];
      expect(await run([...inDev, './kuflow', 'doctor'], project)).toContain('✔ KF-WORK-002');
      dev.kill('SIGTERM');
      await dev.ended;

      const simulate = ['./kuflow', 'dev', 'simulate', 'LOAN', '--state-dir', join(folder, 'other'), ...PORTS];
      const simulated = await run([...simulate, '--', '.venv/bin/loan', '--dev'], project);
      expect(simulated).toContain('LOAN is COMPLETED with valid data');
      await until('nothing is left', () => mark.alive().length === 0);
    });

    it('says that a TypeScript worker needs Node.js', async () => {
      const options = ['--local', '--yes', '--no-git', '--no-check', '--no-install'];
      await run(['kuflow', 'create', 'node-worker', '--language', 'typescript', ...options]);
      const said = await run(['kuflow', 'doctor', '--offline'], { cwd: join(folder, 'node-worker'), status: 2 });
      expect(said).toContain('The worker needs Node.js, which is not installed: it is not on the PATH');
    });
  },
);
