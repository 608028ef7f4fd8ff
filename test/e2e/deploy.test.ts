import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { Secret } from 'kubernetes-models/v1/Secret';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import {
  buildStages,
  isOfThisPlatform,
  nativeModules,
  parseDockerfile,
  type BuiltStage,
} from '../support/dockerfile.ts';
import { generatedProject } from '../support/generated-project.ts';
import { installedNode } from '../../scripts/installed-node.mjs';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { processUser } from '../support/process-user.ts';
import { until } from '../support/until.ts';
import { bareEnvironment, workerEnvironment } from '../support/worker-process.ts';

/** The steps of the Dockerfile keep the native modules of Linux. */
const onLinux = process.platform === 'linux';
const asRoot = onLinux && process.getuid?.() === 0;
/** Whether the tests can create private mounts on this system. */
const ownMounts = asRoot && spawnSync('unshare', ['-m', 'true']).status === 0;

const notes = [
  ...(onLinux ? [] : ['skipped: the steps of the Dockerfile, which are written for Linux']),
  ...(onLinux && !asRoot ? ['not root: the command of the image runs as this user, not as another one'] : []),
  ...(onLinux && !ownMounts
    ? ['no mounts of our own: files are read-only by their modes, not by the file system']
    : []),
];
for (const note of notes) process.stderr.write(`${note}\n`);

describe.runIf(onLinux)('the worker image', () => {
  let folder: string;
  let image: BuiltStage;
  let dockerfile: string;
  let running: TestPlatform;

  beforeAll(async () => {
    // Not below the folder of the test run, which other users cannot enter.
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'kuflow-image-')));
    chmodSync(folder, 0o755);
    const project = generatedProject();
    const context = join(folder, 'context');
    // Only what a git clone contains.
    const own = new Set(['node_modules', 'dist', '.git'].map((name) => join(project, name)));
    cpSync(project, context, { recursive: true, filter: (path) => !own.has(path) });
    dockerfile = readFileSync(join(context, 'Dockerfile'), 'utf8');
    const tarball = inject('tarball');
    const [, version = ''] = /^FROM node:([\d.]+)-bookworm-slim$/m.exec(dockerfile) ?? [];
    const node = await installedNode(version);
    const environment = bareEnvironment();
    const authorities = process.env['NODE_EXTRA_CA_CERTS'];
    image = buildStages({
      dockerfile,
      context,
      into: join(folder, 'stages'),
      env: {
        ...environment,
        PATH: [dirname(node), environment['PATH']].join(delimiter),
        // npm of another Node.js does not read this machine's npm configuration.
        ...(authorities === undefined ? {} : { NODE_EXTRA_CA_CERTS: authorities }),
        npm_config_audit: 'false',
        npm_config_update_notifier: 'false',
      },
      // The base image provides Node.js, and the tarball that the lock file expects next to the project.
      base: { 'usr/local/bin/node': node, [basename(tarball)]: tarball },
    });
    running = await startTestPlatform();
  });

  afterAll(async () => {
    try {
      await running.remove();
    } finally {
      if (!ownMounts) spawnSync('chmod', ['-R', 'u+w', folder]);
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('builds from its Dockerfile in an empty folder, and contains only what the worker needs at run time [image.contents]', () => {
    const app = join(image.root, image.workdir);
    expect(readdirSync(app).sort()).toEqual(['application.yaml', 'dist', 'node_modules', 'package.json']);
    expect(existsSync(join(app, 'node_modules/@temporalio/worker'))).toBe(true);
    expect(existsSync(join(app, 'dist/workflow-bundle.js'))).toBe(true);
    for (const name of ['typescript', 'vitest', 'eslint', 'tsx', 'create-kuflow-worker', '@temporalio/testing']) {
      expect(existsSync(join(app, 'node_modules', name)), name).toBe(false);
    }
    // The installed version is the one in the lock file.
    const lock = JSON.parse(readFileSync(join(folder, 'context', 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { version: string }>;
    };
    const { version } = JSON.parse(readFileSync(join(app, 'node_modules/undici/package.json'), 'utf8')) as {
      version: string;
    };
    expect(version).toBe(lock.packages['node_modules/undici']?.version);
    // The image uses the Node.js version of the project.
    const nvm = readFileSync(join(folder, 'context', '.nvmrc'), 'utf8').trim();
    for (const { rest } of parseDockerfile(dockerfile).filter(({ word }) => word === 'FROM'))
      expect(rest).toMatch(new RegExp(`^node:${nvm}\\.\\d+\\.\\d+-bookworm-slim( |$)`));
    const node = spawnSync(join(image.root, 'usr/local/bin/node'), ['--version'], { encoding: 'utf8' });
    expect(image.base).toBe(`node:${node.stdout.trim().slice(1)}-bookworm-slim`);
  });

  it('contains native modules only for its own platform [image.contents]', () => {
    const modules = nativeModules(join(image.root, image.workdir, 'node_modules'));
    expect(modules.filter((path) => !isOfThisPlatform(path))).toEqual([]);
    expect(modules.filter((path) => path.includes('@temporalio/core-bridge/releases'))).toHaveLength(1);
  });

  it('does not build with an unknown or failing step', () => {
    const options = {
      context: join(folder, 'context'),
      into: join(folder, 'broken'),
      env: bareEnvironment(),
      base: {},
    };
    for (const text of ['HEALTHCHECK x', 'COPY --link a b', 'COPY absent ./', 'RUN exit 3']) {
      expect(() => buildStages({ ...options, dockerfile: `FROM node\nWORKDIR /app\n${text}\n` }), text).toThrow();
    }
  });

  /** Starts the image's command as the image's user, on a read-only file system. */
  function start(args: readonly string[], environment: Record<string, string>): ChildProcess {
    const [uid = '', gid = ''] = (image.user ?? '').split(':');
    expect([Number(uid), Number(gid)].every((id) => id > 0)).toBe(true);
    const [program = '', ...rest] = image.entrypoint;
    const command = [join(image.root, 'usr/local/bin', program), ...rest, ...args];
    const other = asRoot ? ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--no-new-privs'] : [];
    // Read-only even for root. The script first verifies that the mounts work.
    const script = [
      'set -e',
      'mount --make-rprivate /',
      'mount -o remount,bind,ro /',
      'for place in "$IMAGE" "$TMP"; do',
      '  mount --bind "$place" "$place" && mount -o remount,bind,ro "$place"',
      '  if touch "$place/written" 2>/dev/null; then echo "$place can be written" >&2; exit 97; fi',
      'done',
      'unset IMAGE TMP',
      'cd "$WORKDIR"',
      'exec "$@"',
    ].join('\n');
    const words = ownMounts
      ? ['unshare', '-m', 'sh', '-c', script, 'sh', ...other, ...command]
      : [...other, ...command];
    if (!ownMounts) spawnSync('chmod', ['-R', 'a-w', image.root]);
    const [first = '', ...more] = words;
    const workdir = join(image.root, image.workdir);
    return spawn(first, more, {
      cwd: workdir,
      env: { ...environment, ...image.env, IMAGE: image.root, TMP: tmpdir(), WORKDIR: workdir },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** The settings that the Deployment gives to the container, and the addresses of this KuFlow. */
  function settings(): Record<string, string> {
    const secretFile = join(folder, 'client-secret');
    writeFileSync(secretFile, `${running.platform.identity.application.secret.reveal()}\n`, { mode: 0o444 });
    const ca = join(folder, 'ca.pem');
    copyFileSync(running.platform.caFile, ca);
    chmodSync(ca, 0o444);
    const { PATH = '' } = bareEnvironment();
    const { KUFLOW_API_CLIENTID = '', TEMPORAL_TARGET = '' } = workerEnvironment(running.platform);
    return {
      PATH,
      KUFLOW_API_CLIENTID,
      TEMPORAL_TARGET,
      KUFLOW_API_CLIENTSECRET_FILE: secretFile,
      KUFLOW_API_ENDPOINT: running.platform.loopback.https,
      KUFLOW_API_CA: ca,
      WORKER_HEALTHPORT: '0',
      WORKER_METRICSPORT: '0',
    };
  }

  function follow(child: ChildProcess): { readonly output: () => string; readonly exited: Promise<number | string> } {
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const exited = new Promise<number | string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? signal ?? ''));
    });
    return { output: () => output, exited };
  }

  it('checks its connection like the init container, as another user on a read-only file system [image.user]', async () => {
    const { output, exited } = follow(start(['--check'], settings()));
    expect(await exited, output()).toBe(0);
    expect(output()).toMatch(/^ok +namespace/m);
    const missing = { ...settings(), KUFLOW_API_CLIENTSECRET_FILE: join(folder, 'absent') };
    expect(await follow(start(['--check'], missing)).exited).toBe(2);
  });

  it('becomes ready, completes a process and exits with 0 on SIGTERM [image.signals]', async () => {
    const child = start([], settings());
    const { output, exited } = follow(child);
    const failIfExited = (): void => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`It ended: ${output()}`);
    };
    const user = await processUser(running.platform);
    try {
      const port = await until('the worker has started', () => {
        failIfExited();
        return /"message":"Worker started".*?"port":(\d+)/.exec(output())?.[1];
      });
      await until('the worker is ready', async () => {
        failIfExited();
        return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
      });
      if (asRoot && process.platform === 'linux') {
        const status = readFileSync(`/proc/${String(child.pid)}/status`, 'utf8');
        expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).toBe(image.user?.split(':')[0]);
      }
      const id = await user.start('LOAN');
      await user.complete(id, 'LOAN_APPLICATION', { firstName: 'A', lastName: 'B', currency: 'EUR', amount: 1 });
      await user.complete(id, 'APPROVE_LOAN', { approved: true });
      await user.completed(id, failIfExited);
      child.kill('SIGTERM');
      expect(await exited, output()).toBe(0);
    } finally {
      await user.close();
      if (child.exitCode === null) child.kill('SIGKILL');
    }
  });
});

/** Wraps a value to record the path of each field that is read. The schemas are open: they ignore unknown fields. */
function watchReads(value: unknown, path: string, read: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get: (target, key, receiver) => {
      const found: unknown = Reflect.get(target, key, receiver);
      if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return found;
      read.add(`${path}/${key}`);
      return watchReads(found, `${path}/${key}`, read);
    },
  });
}

function pathsOf(value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) => [`${path}/${key}`, ...pathsOf(below, `${path}/${key}`)]);
}

describe('the Kubernetes manifests', () => {
  const MODELS = { Deployment, Secret } as const;

  interface Container {
    readonly args?: readonly string[];
    readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  }

  interface Manifest {
    readonly kind: keyof typeof MODELS;
    readonly spec: {
      readonly template: {
        readonly spec: {
          readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number };
          readonly initContainers: readonly Container[];
          readonly containers: readonly Container[];
        };
      };
    };
  }

  /** Every YAML document in `deploy/`. */
  function manifests(): Manifest[] {
    const deploy = join(generatedProject(), 'deploy');
    return readdirSync(deploy).flatMap((file) =>
      parseAllDocuments(readFileSync(join(deploy, file), 'utf8'), { merge: true }).map((document) => {
        expect(document.errors).toEqual([]);
        return document.toJS() as Manifest;
      }),
    );
  }

  /** Throws if a manifest violates the schema or has an unknown field, which a Kubernetes server rejects. */
  function validate(manifest: Manifest): void {
    const read = new Set<string>();
    const watched = watchReads(manifest, '', read);
    // Called on the watched value itself, because a model instance would copy it.
    MODELS[manifest.kind].prototype.validate.call(watched as never);
    const unknown = pathsOf(manifest).filter((path) => !read.has(path));
    if (unknown.length > 0) throw new Error(`fields that Kubernetes does not know: ${unknown.join(', ')}`);
  }

  it('match the Kubernetes schemas', () => {
    const all = manifests();
    expect(all.map(({ kind }) => kind).sort()).toEqual(['Deployment', 'Secret']);
    for (const manifest of all) validate(manifest);
  });

  it('are rejected if they contain a mistake', () => {
    const [deployment] = manifests().filter(({ kind }) => kind === 'Deployment');
    const text = JSON.stringify(deployment);
    for (const [right, wrong] of [
      ['"replicas":1', '"replicas":"one"'],
      ['"containerPort":8081', '"containerPort":"health"'],
      ['"containers":', '"container":'],
      ['"selector":', '"selektor":'],
      ['"image":', '"imag":'],
      ['"readinessProbe":', '"readynessProbe":'],
      ['"drop":["ALL"]', '"drop":"ALL"'],
    ] as const) {
      expect(text).toContain(right);
      expect(() => validate(JSON.parse(text.replace(right, wrong)) as Manifest), wrong).toThrow();
    }
  });

  it("use the image's user and ports, and a check that the image supports", () => {
    const [deployment] = manifests().filter(({ kind }) => kind === 'Deployment');
    const pod = deployment?.spec.template.spec;
    const steps = parseDockerfile(readFileSync(join(generatedProject(), 'Dockerfile'), 'utf8'));
    const last = (word: string): string => steps.findLast((instruction) => instruction.word === word)?.rest ?? '';
    expect(`${pod?.securityContext.runAsUser}:${pod?.securityContext.runAsGroup}`).toBe(last('USER'));
    const ports = pod?.containers.flatMap(({ ports: list = [] }) => list.map(({ containerPort }) => containerPort));
    expect(ports).toEqual(last('EXPOSE').split(' ').map(Number));
    expect(pod?.initContainers.map(({ args }) => args)).toEqual([['--check']]);
  });
});
