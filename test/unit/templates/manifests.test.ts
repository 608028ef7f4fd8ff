import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { Secret } from 'kubernetes-models/v1/Secret';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { PackageManager } from '../../../src/languages/project-spec.ts';
import { PACKAGE_MANAGERS } from '../../../src/languages/typescript/package-manager.ts';
import { sampleDefinition } from '../../../src/process/sample.ts';
import { renderProject } from '../../../src/project/render.ts';

let files: ReadonlyMap<string, string>;

async function render(packageManager: PackageManager): Promise<ReadonlyMap<string, string>> {
  const rendered = await renderProject({
    name: '@acme/Loan_Worker',
    language: 'typescript',
    definition: sampleDefinition(),
    definitionSource: 'sample',
    local: true,
    packageManager,
    cliPackage: '0.1.0',
  });
  return new Map(rendered.map(({ path, contents }) => [path, Buffer.from(contents).toString('utf8')]));
}

beforeAll(async () => {
  files = await render('npm');
});

const yaml = (path: string): unknown => parse(files.get(path) ?? '');

describe('the Kubernetes manifests of a TypeScript worker', () => {
  it('match the Kubernetes schemas', () => {
    new Deployment(yaml('deploy/deployment.yaml') as ConstructorParameters<typeof Deployment>[0]).validate();
    new Secret(yaml('deploy/secret.example.yaml') as ConstructorParameters<typeof Secret>[0]).validate();
  });

  it('are checked by schemas that reject mistakes', () => {
    const broken = { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 'one' } };
    expect(() => new Deployment(broken as never).validate()).toThrow();
  });

  it('check the connection first, have probes, run without privileges, and wait for the drain [shutdown.limit, image.user]', () => {
    const { spec } = (yaml('deploy/deployment.yaml') as { spec: { template: { spec: Record<string, unknown> } } }).spec
      .template;
    const [container] = spec['containers'] as readonly Record<string, unknown>[];
    const [init] = spec['initContainers'] as readonly Record<string, unknown>[];
    expect(init).toMatchObject({ args: ['--check'], env: container?.['env'] });
    expect(spec).toMatchObject({ terminationGracePeriodSeconds: 60, securityContext: { runAsNonRoot: true } });
    expect(container).toMatchObject({
      securityContext: {
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      },
      livenessProbe: { httpGet: { path: '/livez' } },
      readinessProbe: { httpGet: { path: '/readyz' } },
    });
  });
});

describe('the image of a TypeScript worker', () => {
  it('uses glibc, does not run as root, and starts the worker directly [image.base, image.user, image.signals]', () => {
    const dockerfile = files.get('Dockerfile') ?? '';
    expect(dockerfile.match(/^FROM \S+/gm)).toHaveLength(2);
    expect(dockerfile.match(/^FROM node:\d+\.\d+\.\d+-bookworm-slim( |$)/gm)).toHaveLength(2);
    expect(dockerfile).toMatch(/^USER 1000:1000$/m);
    expect(dockerfile).toMatch(/^ENTRYPOINT \["node", .*"dist\/main\.js"\]$/m);
    expect(dockerfile).toContain('npm prune --omit=dev');
    expect(files.get('.dockerignore')).toContain('application-local.yaml');
  });
});

describe.each(PACKAGE_MANAGERS)('the automation of a TypeScript worker with %s', (packageManager) => {
  let parsed: (path: string) => unknown;

  beforeAll(async () => {
    const rendered = await render(packageManager);
    parsed = (path) => parse(rendered.get(path) ?? '');
  });

  it('tests the project and builds its image in CI [image.automation]', () => {
    const { jobs } = parsed('.github/workflows/ci.yml') as {
      jobs: Record<string, { 'runs-on': string; steps: readonly { run?: string }[] }>;
    };
    expect(Object.keys(jobs)).toEqual(['test', 'image']);
    const commands = (job: string): readonly (string | undefined)[] => jobs[job]?.steps.map(({ run }) => run) ?? [];
    const [manager = ''] = packageManager.split('@');
    for (const script of ['lint', 'test', 'build', 'smoke'])
      expect(commands('test')).toContain(`${manager} run ${script}`);
    expect(jobs['image']?.['runs-on']).toBe('ubuntu-latest');
    expect(commands('image').slice(1)).toEqual([
      'docker build --tag worker .',
      'docker run --rm --read-only worker --check || test $? -eq 2',
    ]);
  });

  it('updates packages, the base image and the actions [image.automation]', () => {
    const { updates } = parsed('.github/dependabot.yml') as { updates: readonly Record<string, unknown>[] };
    expect(updates.map((update) => update['package-ecosystem'])).toEqual([
      packageManager === 'bun' ? 'bun' : 'npm',
      'docker',
      'github-actions',
    ]);
    expect(updates[0]?.['ignore']).toContainEqual({ 'dependency-name': 'typescript', versions: ['>=7'] });
  });
});
