import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../scripts/bundle.mjs';
import { installedNode } from '../../scripts/installed-node.mjs';

const run = promisify(execFile);
const FOLDER = join(ROOT, '.test-output', 'containers');
/** Separate from the images of this machine. Base images stay for the next run. */
const STORE = ['--root', join(FOLDER, 'store'), '--runroot', join(FOLDER, 'run'), '--storage-driver', 'overlay'];
/** Without them, podman sets limits that a sandbox may not allow. */
const LIMITS = ['--ulimit', 'nofile=10000:10000', '--ulimit', 'nproc=30000:30000'];
const BUILD = ['--runtime', 'runc', '--isolation', 'oci', '--network', 'host', '--pull-never', ...LIMITS];
/** With npm 11, like the official image of Node.js 24. */
const NPM = 'npm@11.21.2';

/** Runs podman and returns its output. */
export async function podman(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('podman', [...podmanOptions(), ...args], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

/** Starts podman, which forwards the container's output. */
export function startPodman(args: readonly string[]): ReturnType<typeof spawn> {
  return spawn('podman', [...podmanOptions(), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The podman options for a container on the network of this machine. */
export const RUN = ['--network', 'host', '--log-driver', 'none', ...LIMITS];

function podmanOptions(): readonly string[] {
  return [...STORE, '--cgroup-manager', 'cgroupfs', '--events-backend', 'none', '--runtime', 'runc'];
}

/**
 * Builds the image of a folder from its Dockerfile, from base images of `provideBase` only. Package managers trust the certificate authorities
 * of this machine. `files`: what the build reads, each with its path there.
 */
export async function buildImage(
  name: string,
  context: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const certificates = '/etc/ssl/certs';
  const authorities = join(certificates, 'ca-certificates.crt');
  const settings = {
    '/usr/local/etc/npmrc': `cafile=${authorities}\n`,
    // For pnpm and Bun.
    '/root/.npmrc': `cafile=${authorities}\n`,
    '/etc/uv/uv.toml': 'system-certs = true\n',
    '/etc/pip.conf': `[global]\ncert = ${authorities}\n`,
  };
  const written = Object.entries(settings).map(([path, text]) => {
    const file = join(FOLDER, 'trust', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return [file, path];
  });
  const mounts = [[certificates, certificates], ...Object.entries(files), ...written];
  const volumes = mounts.flatMap(([from, to]) => ['--volume', `${from}:${to}:ro`]);
  const args = [...STORE, 'bud', ...BUILD, ...volumes, '--tag', name, context];
  await run('buildah', args, { maxBuffer: 64 * 1024 * 1024 });
}

interface Base {
  readonly suite: string;
  readonly packages: readonly string[];
  /** Commands of a shell; $1 is the root of the image. */
  readonly setup?: string;
}

/** A base image made of Debian's packages. The official base images are in a registry, which tests do not use. */
async function baseFor(reference: string): Promise<Base> {
  const [, name = '', version = ''] = /^([\w-]+):([\d.]+)/.exec(reference) ?? [];
  switch (name) {
    case 'node': {
      const node = await installedNode(version);
      const install = `npm install --silent --no-audit --no-fund --global --prefix "$1/usr/local" ${NPM}`;
      return { suite: 'bookworm', packages: [], setup: `install ${node} "$1/usr/local/bin/node" && ${install}` };
    }
    case 'python':
      return {
        suite: 'trixie',
        packages: ['python3', 'python3-venv', 'python3-pip'],
        // The official image allows pip to install packages.
        setup: 'ln -s /usr/bin/python3 "$1/usr/local/bin/python" && rm "$1"/usr/lib/python3.*/EXTERNALLY-MANAGED',
      };
    case 'eclipse-temurin': {
      const [major] = version.split('.');
      const variant = reference.includes('-jdk') ? 'jdk' : 'jre';
      return { suite: 'bookworm', packages: [`openjdk-${major}-${variant}-headless`, 'curl'] };
    }
    default:
      throw new Error(`There is no base image for ${reference}`);
  }
}

/** Makes the base image with this name unless an earlier run has. Returns its size in bytes. */
export async function provideBase(reference: string): Promise<number> {
  const base = await baseFor(reference);
  const recipe = createHash('sha256').update(JSON.stringify(base)).digest('hex').slice(0, 16);
  const made = `localhost/kuflow-base:${recipe}`;
  const exists = await podman('image', 'exists', made).then(
    () => true,
    () => false,
  );
  if (!exists) {
    mkdirSync(FOLDER, { recursive: true });
    const archive = join(FOLDER, `${recipe}.tar`);
    const hook = base.setup === undefined ? [] : [`--customize-hook=${base.setup}`];
    const include = `--include=${['ca-certificates', ...base.packages].join(',')}`;
    await run('mmdebstrap', ['--quiet', '--variant=minbase', include, ...hook, base.suite, archive], {
      maxBuffer: 64 * 1024 * 1024,
    });
    await podman('import', '--change', 'CMD=["/bin/sh"]', archive, made);
    rmSync(archive);
  }
  await podman('tag', made, `docker.io/library/${reference}`);
  return await imageSize(made);
}

/** In bytes. */
export async function imageSize(name: string): Promise<number> {
  return Number(await podman('image', 'inspect', '--format', '{{.Size}}', name));
}
