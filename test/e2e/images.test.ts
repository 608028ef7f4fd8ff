import {
  chownSync,
  chmodSync,
  cpSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { missingContainers } from '../../scripts/test-programs.mjs';
import { closedPort } from '../support/answering-server.ts';
import { buildImage, imageSize, podman, provideBase, RUN, startPodman } from '../support/containers.ts';
import { parseDockerfile } from '../support/dockerfile.ts';
import { generatedProject } from '../support/generated-project.ts';
import { BUN, PNPM, provideManager, type ManagerRelease } from '../support/package-managers.ts';
import { packedCommand } from '../support/packed-command.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { processUser } from '../support/process-user.ts';
import { until } from '../support/until.ts';

/** Each language takes minutes, which is too long for `npm test`. */
const missing = process.env['KUFLOW_SOAK'] === '1' ? missingContainers() : 'they run in `npm run soak`';
if (missing !== undefined) process.stderr.write(`skipped: the tests of images, because ${missing}\n`);

/** The image's own user, and one that OpenShift could assign: any user in group 0. */
const USERS = ['1000:1000', '12345:0'] as const;

interface Image {
  /** The language or package manager of the worker. */
  readonly name: string;
  /** Writes what a git clone of a project contains, and returns the files of this machine that the build reads, each with its path there. */
  readonly create: (folder: string) => Promise<Readonly<Record<string, string>>>;
  /** Whether only the build differs from another image. */
  readonly isVariant?: boolean;
  /** Whether 160 MB of memory are enough. */
  readonly isSmall?: boolean;
}

const IMAGES: readonly Image[] = [
  {
    name: 'TypeScript',
    create: (folder) => {
      const project = generatedProject();
      const own = new Set(['node_modules', 'dist', '.git'].map((name) => join(project, name)));
      cpSync(project, folder, { recursive: true, filter: (path) => !own.has(path) });
      const tarball = inject('tarball');
      return Promise.resolve({ [tarball]: tarball });
    },
    isSmall: true,
  },
  {
    name: 'Python',
    create: (folder) => create(folder, '--language', 'python', '--package-manager', 'pip'),
    isSmall: true,
  },
  { name: 'Java', create: (folder) => create(folder, '--language', 'java') },
  { name: 'pnpm', create: (folder) => createLocked(folder, PNPM), isVariant: true },
  { name: 'Bun', create: (folder) => createLocked(folder, BUN), isVariant: true },
  {
    name: 'uv',
    create: (folder) => create(folder, '--language', 'python', '--package-manager', 'uv'),
    isVariant: true,
  },
];

/** Creates and installs a TypeScript project, because its lock file contains the package under test: Bun's with the path in package.json, others with a relative one. */
async function createLocked(folder: string, manager: ManagerRelease): Promise<Readonly<Record<string, string>>> {
  const name = basename(inject('tarball'));
  const tarball = join(dirname(folder), name);
  copyFileSync(inject('tarball'), tarball);
  const provided = await provideManager(manager);
  if ('missing' in provided) throw new Error(provided.missing);
  const options = ['--package-manager', manager.program, '--cli-package', `file:${tarball}`];
  const args = [folder, ...options, '--local', '--yes', '--no-git', '--no-check'];
  const { status, err } = await packedCommand('create-kuflow-worker', args, {
    ...{ cwd: inject('runFolder'), env: provided.env },
  });
  expect(status, err).toBe(0);
  rmSync(join(folder, 'node_modules'), { recursive: true });
  return { [tarball]: manager.program === 'bun' ? tarball : `/${name}` };
}

async function create(folder: string, ...options: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const args = [folder, ...options, '--local', '--yes', '--no-git', '--no-check', '--no-install'];
  const { status, err } = await packedCommand('create-kuflow-worker', args, { cwd: inject('runFolder') });
  expect(status, err).toBe(0);
  return {};
}

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number };
        readonly containers: readonly [
          {
            readonly volumeMounts: readonly { readonly mountPath: string; readonly name: string }[];
            readonly resources: { readonly limits: { readonly memory: string } };
            readonly securityContext: unknown;
          },
        ];
        readonly volumes: readonly { readonly name: string; readonly secret?: { readonly defaultMode: number } }[];
      };
    };
  };
}

const deploymentIn = (project: string): Deployment =>
  parse(readFileSync(join(project, 'deploy', 'deployment.yaml'), 'utf8'), { merge: true }) as Deployment;

/** Printed at the end. */
const figures: string[] = [];
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

describe.skipIf(missing !== undefined)('the image that buildah builds', () => {
  let folder: string;
  let running: TestPlatform;
  const containers: string[] = [];

  beforeAll(async () => {
    // Other users need access.
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'kuflow-images-')));
    chmodSync(folder, 0o755);
    running = await startTestPlatform();
    // A run that was killed left them.
    await podman('rm', '--all', '--force');
  });

  afterAll(async () => {
    await running.remove();
    rmSync(folder, { recursive: true, force: true });
    process.stdout.write(`${figures.join('\n')}\n`);
  });

  describe.each(IMAGES)('for $name', ({ name: kind, create: createProject, isVariant, isSmall }) => {
    const image = `localhost/kuflow-worker-${kind.toLowerCase()}`;
    let project: string;
    let pod: Deployment['spec']['template']['spec'];

    beforeAll(async () => {
      project = join(folder, kind.toLowerCase());
      const files = await createProject(project);
      pod = deploymentIn(project).spec.template.spec;
      const bases = parseDockerfile(readFileSync(join(project, 'Dockerfile'), 'utf8'))
        .filter(({ word }) => word === 'FROM')
        .map(({ rest }) => rest.split(' ')[0] ?? '');
      let base = 0;
      for (const reference of bases) base = await provideBase(reference);
      const started = performance.now();
      await buildImage(image, project, files);
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      const size = await imageSize(image);
      figures.push(`${kind}: built in ${seconds} s, ${megabytes(size)}, ${megabytes(size - base)} above its base`);
    }, 1_800_000);

    afterAll(async () => {
      for (const name of containers.splice(0)) await podman('rm', '--force', '--ignore', name);
      await podman('rmi', '--force', image);
    });

    /** Starts the image as its Deployment says, except the user, with the settings of the local KuFlow. */
    async function start(user: string, { args = [], memory }: { args?: readonly string[]; memory?: string } = {}) {
      const [container] = pod.containers;
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      const name = `kuflow-${process.pid}-${containers.length}-${kind.toLowerCase()}`;
      containers.push(name);
      const [health, metrics] = [await closedPort(), await closedPort()];
      const { platform } = running;
      const env = {
        KUFLOW_API_CLIENTID: platform.identity.application.id,
        KUFLOW_API_CLIENTSECRET_FILE: '/run/secrets/kuflow/client-secret',
        KUFLOW_API_ENDPOINT: platform.loopback.https,
        KUFLOW_API_CA: '/run/ca/ca.pem',
        TEMPORAL_TARGET: `127.0.0.1:${platform.endpoints.engine.split(':').at(-1) ?? ''}`,
        WORKER_HEALTHPORT: String(health),
        WORKER_METRICSPORT: String(metrics),
      };
      const writable = container.volumeMounts.filter(({ name: volume }) => volume === 'tmp');
      const child = startPodman([
        ...['run', '--name', name, '--pull', 'never', ...RUN, '--user', user],
        ...['--read-only', '--read-only-tmpfs=false', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
        ...['--memory', memory ?? container.resources.limits.memory.replace(/i$/, '').toLowerCase()],
        ...writable.flatMap(({ mountPath }) => ['--tmpfs', `${mountPath}:rw,mode=1777`]),
        ...['--volume', `${secretFor(user)}:/run/secrets/kuflow:ro`, '--volume', `${authorities()}:/run/ca:ro`],
        ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
        ...[image, ...args],
      ]);
      let output = '';
      child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const exited = new Promise<number | null>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', resolve);
      });
      const failIfExited = (): void => {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`It ended: ${output}`);
      };
      const isReady = async (): Promise<boolean | undefined> => {
        failIfExited();
        return (await get(health, '/readyz').catch(() => undefined))?.ok;
      };
      const ready = (): Promise<unknown> => until('the worker is ready', isReady, 400_000);
      return { name, output: () => output, exited, failIfExited, ready, health, metrics };
    }

    const get = (port: number, path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);

    /** The folder of the Secret for this user: its files belong to root and the user's group, with the mode in the Deployment. */
    function secretFor(user: string): string {
      const group = Number(user.split(':')[1]);
      const path = join(folder, `secret-${group}`);
      mkdirSync(path, { recursive: true });
      const file = join(path, 'client-secret');
      rmSync(file, { force: true });
      writeFileSync(file, `${running.platform.identity.application.secret.reveal()}\n`);
      chownSync(file, 0, group);
      const mode = pod.volumes.find(({ secret }) => secret !== undefined)?.secret?.defaultMode ?? 0;
      expect(mode).toBe(0o440);
      chmodSync(file, mode);
      return path;
    }

    function authorities(): string {
      const path = join(folder, 'ca');
      mkdirSync(path, { recursive: true });
      copyFileSync(running.platform.caFile, join(path, 'ca.pem'));
      chmodSync(join(path, 'ca.pem'), 0o444);
      return path;
    }

    it('has the user of the Deployment', async () => {
      const { runAsUser, runAsGroup } = pod.securityContext;
      const user = await podman('image', 'inspect', '--format', '{{.User}}', image);
      expect(user).toBe(`${runAsUser}:${runAsGroup}`);
      expect(user).toBe(USERS[0]);
    });

    if (kind === 'TypeScript')
      it('contains the packages of the lock file only [image.contents]', async () => {
        type Lock = { readonly packages: Readonly<Record<string, { readonly version?: string }>> };
        const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as Lock;
        const cat = ['run', '--rm', '--pull', 'never', ...RUN, '--entrypoint', 'cat', image];
        const installed = JSON.parse(await podman(...cat, 'node_modules/.package-lock.json')) as Lock;
        const versions = Object.entries(installed.packages).map(([path, { version }]) => [path, version]);
        expect(versions.length).toBeGreaterThan(50);
        expect(versions).toEqual(versions.map(([path = '']) => [path, lock.packages[path]?.version]));
      });

    it.each(USERS)('checks its connection as %s [java, python, typescript: image.user]', async (user) => {
      const { output, exited } = await start(user, { args: ['--check'] });
      expect(await exited, output()).toBe(0);
      expect(output()).toMatch(/^ok +namespace/m);
    });

    it.runIf(isSmall)('is ready with 160 MB of memory', async () => {
      const { name, ready } = await start(USERS[0], { memory: '160m' });
      await ready();
      await podman('rm', '--force', name);
    });

    it.runIf(isVariant !== true).each(USERS)(
      'completes a process as %s on a read-only root without capabilities, and ends with 0 on SIGTERM [java, python, typescript: image.user, image.signals]',
      async (user) => {
        const worker = await start(user);
        const { output, failIfExited } = worker;
        const person = await processUser(running.platform);
        try {
          await worker.ready();
          expect((await get(worker.health, '/livez')).status).toBe(200);
          expect(await (await get(worker.metrics, '/metrics')).text()).toMatch(/^temporal_\w+/m);
          const pid = await podman('inspect', '--format', '{{.State.Pid}}', worker.name);
          const status = readFileSync(`/proc/${pid}/status`, 'utf8');
          const field = (name: string): string[] =>
            new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1]?.split(/\s+/) ?? [];
          const [uid = '', gid = ''] = user.split(':');
          expect([new Set(field('Uid')), new Set(field('Gid'))]).toEqual([new Set([uid]), new Set([gid])]);
          for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
            expect(field(set)[0], set).toMatch(/^0+$/);
          expect(field('NoNewPrivs')).toEqual(['1']);
          expect(readFileSync(`/proc/${pid}/mountinfo`, 'utf8')).toMatch(/^\S+ \S+ \S+ \S+ \/ ro[, ]/m);
          const id = await person.start('LOAN');
          await person.complete(id, 'LOAN_APPLICATION', { firstName: 'A', lastName: 'B', currency: 'EUR', amount: 1 });
          await person.complete(id, 'APPROVE_LOAN', { approved: true });
          await person.completed(id, failIfExited);
          const memory = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
          const stopped = performance.now();
          // Kills it after this time, which is not status 0.
          await podman('stop', '--time', String(pod.terminationGracePeriodSeconds), worker.name);
          const seconds = ((performance.now() - stopped) / 1000).toFixed(1);
          expect(await worker.exited, output()).toBe(0);
          figures.push(`${kind} as ${user}: ${megabytes(memory)}, ended ${seconds} s after SIGTERM`);
        } finally {
          await person.close();
          await podman('rm', '--force', '--ignore', worker.name);
        }
      },
    );
  });
});
