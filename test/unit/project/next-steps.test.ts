import { describe, expect, it } from 'vitest';
import { nextSteps, type NextStepsInput } from '../../../src/project/next-steps.ts';

const LOCAL: NextStepsInput = {
  folder: 'loan-worker',
  language: 'typescript',
  name: 'loan-worker',
  packageManager: 'npm',
  installed: true,
  local: true,
  credentials: 'none',
  check: 'passed',
  commitLeft: false,
};

const commands = (input: NextStepsInput): readonly (string | undefined)[] =>
  nextSteps(input).map(({ command }) => command);

describe('next steps', () => {
  it('run a local KuFlow for a local project', () => {
    expect(commands(LOCAL)).toEqual(['cd loan-worker', 'npm run smoke', 'npm run dev', 'npx kuflow dev open']);
  });

  it('go to the project and install its dependencies if the install failed', () => {
    expect(commands({ ...LOCAL, installed: false, packageManager: 'pnpm' })).toEqual([
      'cd loan-worker',
      'pnpm install',
      'pnpm run smoke',
      'pnpm run dev',
      'pnpm exec kuflow dev open',
    ]);
  });

  it('say that a Java project is built, and how its worker is restarted', () => {
    const java = { language: 'java', packageManager: 'maven', packageName: 'com.acme' } as const;
    expect(nextSteps({ ...LOCAL, ...java, folder: '', installed: false })).toEqual([
      { command: './mvnw -DskipTests verify', text: 'download the dependencies and build the worker' },
      { command: 'make smoke', text: 'run one process to completion' },
      { command: 'make dev', text: 'run a local KuFlow and the worker' },
      { command: 'make compile', text: 'restart that worker with your changes, from another terminal' },
      { command: './kuflow dev open', text: 'in another terminal: start a process and complete its tasks' },
    ]);
  });

  it('leave out cd for the current folder, and quote a path with spaces', () => {
    expect(commands({ ...LOCAL, folder: '' })[0]).toBe('npm run smoke');
    expect(commands({ ...LOCAL, folder: 'my worker' })[0]).toBe("cd 'my worker'");
    expect(commands({ ...LOCAL, folder: '-my worker' })[0]).toBe("cd './-my worker'");
  });

  it('say how to move the workflow of a project that is not in the root of its repository', () => {
    const [, step] = nextSteps({ ...LOCAL, workflow: { folder: 'services/loan-worker' } });
    expect(step?.text).toBe(
      'GitHub runs workflows only from the root of a repository: move .github/workflows/ci.yml to .github/workflows/loan-worker.yml there. In it, add "defaults: { run: { working-directory: services/loan-worker } }" and change .nvmrc to services/loan-worker/.nvmrc',
    );
    const [, java] = nextSteps({
      ...LOCAL,
      language: 'java',
      packageManager: 'maven',
      packageName: 'com.acme',
      workflow: { folder: 'a' },
    });
    expect(java?.text).toMatch(/In it, add "defaults: \{ run: \{ working-directory: a \} \}"$/);
  });

  it('check the connection unless the check has passed', () => {
    const remote: NextStepsInput = { ...LOCAL, local: false, credentials: 'file' };
    expect(commands(remote)).toEqual(['cd loan-worker', 'npm start', 'npm run dev']);
    expect(commands({ ...remote, check: 'failed' })).toEqual([
      'cd loan-worker',
      'npm run check',
      'npm start',
      'npm run dev',
    ]);
    const without = nextSteps({ ...remote, check: 'not-run', credentials: 'none' });
    expect(without[1]?.text).toContain('application-local.yaml');
    expect(without[2]?.command).toBe('npm run check');
  });

  it('start the worker with the credentials of a profile, with every package manager', () => {
    const remote: NextStepsInput = { ...LOCAL, folder: '', local: false, readWith: { kind: 'profile', name: 'acme' } };
    const exec = 'kuflow credentials exec --profile acme --';
    for (const [packageManager, by, start] of [
      ['npm', 'npx', 'npm start'],
      ['pnpm', 'pnpm exec', 'pnpm run start'],
      ['yarn@4', 'yarn', 'yarn run start'],
      ['bun', 'bun run', 'bun run start'],
    ] as const)
      expect(commands({ ...remote, packageManager })).toContain(`${by} ${exec} ${start}`);
    expect(commands({ ...remote, check: 'not-run' })[0]).toBe(`npx ${exec} npm run check`);
    // The worker finds the credentials itself, for example in the environment.
    expect(commands({ ...remote, credentials: 'environment' })).toContain('npm start');
  });

  it('start with the environment variables that override the written settings', () => {
    const shadowedBy = ['KUFLOW_API_CLIENTID', 'KUFLOW_API_CLIENTSECRET'];
    const [first] = nextSteps({ ...LOCAL, folder: '', local: false, credentials: 'file', shadowedBy });
    expect(first?.text).toMatch(/^unset KUFLOW_API_CLIENTID and KUFLOW_API_CLIENTSECRET/);
  });

  it('offer the commit that could not be created', () => {
    expect(commands({ ...LOCAL, commitLeft: true })[1]).toContain('git commit');
  });
});
