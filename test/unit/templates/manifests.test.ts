import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { Secret } from 'kubernetes-models/v1/Secret';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ProjectSpec } from '../../../src/languages/project-spec.ts';
import { PACKAGE_MANAGERS } from '../../../src/languages/typescript/package-manager.ts';
import { sampleDefinition } from '../../../src/process/sample.ts';
import { renderProject } from '../../../src/project/render.ts';

type Files = ReadonlyMap<string, string>;

/** Off by default, and never for pull requests from forks. */
const REPLAY = './kuflow replay || test $? -eq 3';
const PYTHON = { language: 'python', packageManager: 'uv', packageName: 'loan_worker', slug: 'loan' } as const;
const JAVA = { language: 'java', packageManager: 'maven', packageName: 'com.acme.loanworker', slug: 'loan' } as const;

async function render(
  language: Pick<ProjectSpec, 'language' | 'packageManager' | 'packageName' | 'slug' | 'editors'>,
): Promise<Files> {
  const rendered = await renderProject({
    ...language,
    name: '@acme/Loan_Worker',
    processes: [{ definition: sampleDefinition(), source: 'sample' }],
    local: true,
    cliPackage: '0.1.0',
  });
  return new Map(rendered.map(({ path, contents }) => [path, Buffer.from(contents).toString('utf8')]));
}

describe.each([{ language: 'typescript', packageManager: 'npm' } as const, JAVA, PYTHON])(
  'the Kubernetes manifests of a $language worker',
  (language) => {
    let files: Files;

    beforeAll(async () => {
      files = await render(language);
    });

    const yaml = (path: string): unknown => parse(files.get(path) ?? '');

    it('match the Kubernetes schemas', () => {
      new Deployment(yaml('deploy/deployment.yaml') as ConstructorParameters<typeof Deployment>[0]).validate();
      new Secret(yaml('deploy/secret.example.yaml') as ConstructorParameters<typeof Secret>[0]).validate();
    });

    it('are checked by schemas that reject mistakes', () => {
      const broken = { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 'one' } };
      expect(() => new Deployment(broken as never).validate()).toThrow();
    });

    it('check the connection first, have probes, run without privileges, and wait for the drain [java, python, typescript: shutdown.limit, image.user]', () => {
      const { spec } = (yaml('deploy/deployment.yaml') as { spec: { template: { spec: Record<string, unknown> } } })
        .spec.template;
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
  },
);

describe('the manifests of a Java worker', () => {
  it('give it a folder for temporary files, and the memory that a JVM needs', async () => {
    const manifest = parse((await render(JAVA)).get('deploy/deployment.yaml') ?? '') as {
      spec: { template: { spec: { volumes: unknown; containers: readonly unknown[] } } };
    };
    const { volumes, containers } = manifest.spec.template.spec;
    expect(volumes).toContainEqual({ name: 'tmp', emptyDir: {} });
    expect(containers).toMatchObject([
      {
        volumeMounts: [{ name: 'kuflow' }, { name: 'tmp', mountPath: '/tmp' }],
        resources: { requests: { memory: '512Mi' } },
      },
    ]);
  });
});

describe('the image of a TypeScript worker', () => {
  it('uses glibc, does not run as root, and starts the worker directly [image.base, image.user, image.signals]', async () => {
    const files = await render({ language: 'typescript', packageManager: 'npm' });
    const dockerfile = files.get('Dockerfile') ?? '';
    expect(dockerfile.match(/^FROM \S+/gm)).toHaveLength(2);
    expect(dockerfile.match(/^FROM node:\d+\.\d+\.\d+-bookworm-slim( |$)/gm)).toHaveLength(2);
    expect(dockerfile).toMatch(/^USER 1000:1000$/m);
    expect(dockerfile).toMatch(/^ENTRYPOINT \["node", .*"dist\/main\.js"\]$/m);
    expect(dockerfile).toContain('npm prune --omit=dev');
    expect(files.get('.dockerignore')).toContain('application-local.yaml');
  });
});

describe('the image of a Java worker', () => {
  it('uses glibc, does not run as root, and starts the worker directly [java: image.base, image.user, image.signals]', async () => {
    const files = await render(JAVA);
    const dockerfile = files.get('Dockerfile') ?? '';
    expect(dockerfile.match(/^FROM \S+/gm)).toHaveLength(2);
    // Ubuntu, with the same exact version in both stages.
    const versions = [...dockerfile.matchAll(/^FROM eclipse-temurin:(17\.\d+\.\d+_\d+)-(jdk|jre)-noble( |$)/gm)];
    expect(versions.map(([, , kind]) => kind)).toEqual(['jdk', 'jre']);
    expect(new Set(versions.map(([, version]) => version)).size).toBe(1);
    expect(dockerfile).toMatch(/^USER 1000:1000$/m);
    expect(dockerfile).toMatch(/^ENTRYPOINT \["java", .*"-jar", "app\.jar"\]$/m);
    expect(files.get('.dockerignore')).toContain('application-local.yaml');
  });
});

describe.each(['uv', 'pip'] as const)('the image of a Python worker with %s', (packageManager) => {
  it('uses glibc, does not run as root, and starts the worker directly [python: image.base, image.user, image.signals]', async () => {
    const files = await render({ ...PYTHON, packageManager });
    const dockerfile = files.get('Dockerfile') ?? '';
    expect(dockerfile.match(/^FROM \S+/gm)).toHaveLength(2);
    // Debian, with the same exact version in both stages: virtual environments refer to their Python.
    const bases = dockerfile.match(/^FROM python:3\.\d+\.\d+-slim-bookworm(?=$| )/gm);
    expect(bases).toHaveLength(2);
    expect(new Set(bases).size).toBe(1);
    expect(dockerfile).toMatch(/^USER 1000:1000$/m);
    expect(dockerfile).toMatch(/^ENTRYPOINT \["\/app\/\.venv\/bin\/python", "-m", "loan_worker"\]$/m);
    expect(files.get('.dockerignore')).toContain('application-local.yaml');
  });

  it('contains production dependencies only, compiled in advance for the read-only file system', async () => {
    const dockerfile = (await render({ ...PYTHON, packageManager })).get('Dockerfile') ?? '';
    const [build = '', image = ''] = dockerfile.split(/^FROM /m).slice(1);
    const syncs = build.match(/uv sync .*$/gm) ?? [];
    for (const sync of syncs) expect(sync).toContain('--no-dev');
    if (packageManager === 'uv') {
      expect(syncs).toHaveLength(2);
      expect(build).toContain('UV_COMPILE_BYTECODE=1');
    } else {
      expect(build).toMatch(/pip --python \.venv\/bin\/python install --no-cache-dir \.$/m);
    }
    expect(image.match(/^COPY .*$/gm)).toEqual(['COPY --from=build /app/.venv .venv', 'COPY application.yaml ./']);
    expect(image).toContain('PYTHONDONTWRITEBYTECODE=1');
  });
});

describe.each(['uv', 'pip'] as const)('the automation of a Python worker with %s', (packageManager) => {
  let files: Files;

  beforeAll(async () => {
    files = await render({ ...PYTHON, packageManager });
  });

  it('tests the project and builds its image in CI [python: image.automation]', () => {
    const { jobs } = parse(files.get('.github/workflows/ci.yml') ?? '') as {
      jobs: Record<string, { steps: readonly { run?: string }[] }>;
    };
    const commands = (job: string) => jobs[job]?.steps.flatMap(({ run }) => run ?? []);
    const install = packageManager === 'uv' ? ['pipx install uv', 'uv sync --locked'] : ['make install'];
    const withoutVersions = commands('test')?.map((command) => command.replace(/==[\d.]+$/, ''));
    expect(withoutVersions).toEqual([...install, 'make lint', 'make test', 'make smoke', REPLAY]);
    expect(commands('image')).toEqual([
      'docker build --tag worker .',
      'docker run --rm --read-only worker --check || test $? -eq 2',
    ]);
    const makefile = files.get('Makefile') ?? '';
    for (const program of ['ruff check', 'mypy', 'pytest'])
      expect(makefile).toMatch(new RegExp(`^\t.*${program}$`, 'm'));
    expect(makefile).toMatch(/^smoke:\n\t\.\/kuflow dev simulate LOAN -- .*loan-worker --dev$/m);
  });

  it('updates packages, the base image and the actions [python: image.automation]', () => {
    const { updates } = parse(files.get('.github/dependabot.yml') ?? '') as {
      updates: readonly Record<string, unknown>[];
    };
    expect(updates.map((update) => update['package-ecosystem'])).toEqual([packageManager, 'docker', 'github-actions']);
  });
});

describe('the launch configuration of a Python worker', () => {
  it('attaches to the debugger of the worker, which runs with the local KuFlow [python: debug.launch]', async () => {
    const files = await render({ ...PYTHON, editors: ['vscode'] });
    const json = (path: string): unknown => JSON.parse(files.get(path) ?? '');
    const { configurations } = json('.vscode/launch.json') as {
      configurations: readonly [{ connect: { host: string; port: number }; preLaunchTask: string }];
    };
    const [{ connect, preLaunchTask }] = configurations;
    const listen = ['-m', 'debugpy', '--listen', `${connect.host}:${connect.port}`, '-m', 'loan_worker', '--dev'];
    expect(configurations).toMatchObject([{ type: 'debugpy', request: 'attach' }]);
    const { tasks } = json('.vscode/tasks.json') as {
      tasks: readonly [{ args: readonly string[]; windows: { args: readonly string[] } }];
    };
    expect(tasks).toMatchObject([{ label: preLaunchTask, isBackground: true }]);
    for (const { args } of [tasks[0], tasks[0].windows]) {
      expect(args.slice(0, 3)).toEqual(['dev', 'exec', '--']);
      expect(args.slice(-listen.length)).toEqual(listen);
    }
    expect(files.get('pyproject.toml')).toMatch(/^ {4}"debugpy==/m);
    expect(json('.vscode/extensions.json')).toMatchObject({
      recommendations: expect.arrayContaining(['ms-python.debugpy']) as unknown,
    });
  });
});

describe('the automation of a Java worker', () => {
  let files: Files;

  beforeAll(async () => {
    files = await render(JAVA);
  });

  it('tests the project and builds its image in CI [java: image.automation]', () => {
    const { jobs } = parse(files.get('.github/workflows/ci.yml') ?? '') as {
      jobs: Record<string, { steps: readonly { run?: string }[] }>;
    };
    const commands = (job: string) => jobs[job]?.steps.flatMap(({ run }) => run ?? []);
    expect(commands('test')).toEqual(['./mvnw -B -ntp verify', 'make smoke', REPLAY]);
    expect(commands('image')).toEqual([
      'docker build --tag worker .',
      'docker run --rm --read-only worker --check || test $? -eq 2',
    ]);
    expect(files.get('Makefile')).toMatch(/^smoke:\n\t\.\/kuflow dev simulate LOAN -- \.\/mvnw /m);
  });

  it('updates libraries, the base image and the actions [java: image.automation]', () => {
    const { updates } = parse(files.get('.github/dependabot.yml') ?? '') as {
      updates: readonly Record<string, unknown>[];
    };
    expect(updates.map((update) => update['package-ecosystem'])).toEqual(['maven', 'docker', 'github-actions']);
  });
});

describe('the run configurations of a Java worker', () => {
  it('start the worker with the local KuFlow, and attach to the port of its debug profile [java: debug.launch]', async () => {
    const files = await render({ ...JAVA, editors: ['vscode', 'intellij'] });
    const json = (path: string): unknown => JSON.parse(files.get(path) ?? '');
    const [, port] = /<id>debug<.*?address=127\.0\.0\.1:(\d+)</s.exec(files.get('pom.xml') ?? '') ?? [];
    expect(json('.vscode/launch.json')).toMatchObject({
      configurations: [{ request: 'attach', port: Number(port), preLaunchTask: 'worker on the local KuFlow' }],
    });
    expect(json('.vscode/tasks.json')).toMatchObject({
      tasks: [
        {
          label: 'worker on the local KuFlow',
          args: ['dev', 'exec', '--', '${workspaceFolder}/mvnw', '-q', 'spring-boot:run', '-Pdebug'],
        },
      ],
    });
    expect(files.get('.run/Worker on the local KuFlow.run.xml')).toContain(
      './kuflow dev exec -- ./mvnw -q spring-boot:run -Pdebug',
    );
    expect(files.get('.run/Attach the debugger.run.xml')).toContain(`name="PORT" value="${port ?? ''}"`);
  });
});

describe.each(PACKAGE_MANAGERS)('the automation of a TypeScript worker with %s', (packageManager) => {
  let parsed: (path: string) => unknown;

  beforeAll(async () => {
    const rendered = await render({ language: 'typescript', packageManager });
    parsed = (path) => parse(rendered.get(path) ?? '');
  });

  it('tests the project and builds its image in CI [image.automation]', () => {
    const { jobs } = parsed('.github/workflows/ci.yml') as {
      jobs: Record<string, { 'runs-on': string; steps: readonly { run?: string; if?: string; env?: object }[] }>;
    };
    expect(Object.keys(jobs)).toEqual(['test', 'image']);
    const commands = (job: string): readonly (string | undefined)[] => jobs[job]?.steps.map(({ run }) => run) ?? [];
    const [manager = ''] = packageManager.split('@');
    for (const script of ['lint', 'test', 'build', 'smoke'])
      expect(commands('test')).toContain(`${manager} run ${script}`);
    const replay = jobs['test']?.steps.at(-1);
    expect(replay?.run).toMatch(/ kuflow replay \|\| test \$\? -eq 3$/);
    expect(replay?.if).toBe("vars.KUFLOW_REPLAY == 'true' && github.event.pull_request.head.repo.fork != true");
    expect(replay?.env).toMatchObject({ KUFLOW_API_CLIENTSECRET: '${{ secrets.KUFLOW_API_CLIENTSECRET }}' });
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
