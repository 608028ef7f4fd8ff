import { describe, expect, it } from 'vitest';
import { nextSteps, type NextStepsInput } from '../../../src/project/next-steps.ts';

const LOCAL: NextStepsInput = {
  folder: 'loan-worker',
  packageManager: 'npm',
  installed: true,
  local: true,
  credentials: 'none',
  check: 'passed',
  commitLeft: false,
};

const commands = (input: NextStepsInput): readonly (string | undefined)[] =>
  nextSteps(input).map(({ command }) => command);

describe('the next steps', () => {
  it('name the local platform for a local project', () => {
    expect(commands(LOCAL)).toEqual(['cd loan-worker', 'npm run dev', 'npm run smoke']);
  });

  it('start with the install when it failed, after going there', () => {
    expect(commands({ ...LOCAL, installed: false, packageManager: 'pnpm' })).toEqual([
      'cd loan-worker',
      'pnpm install',
      'pnpm run dev',
      'pnpm run smoke',
    ]);
  });

  it('bring the package manager first when it is not there', () => {
    const missing: NextStepsInput = { ...LOCAL, installed: false, managerMissing: true };
    expect(commands({ ...missing, packageManager: 'pnpm' }).slice(0, 3)).toEqual([
      'cd loan-worker',
      'npm install --global pnpm',
      'pnpm install',
    ]);
    expect(nextSteps(missing).slice(1, 3)).toEqual([
      { text: 'install npm, which comes with Node.js: https://nodejs.org' },
      { command: 'npm install', text: 'install its dependencies' },
    ]);
  });

  it('need no cd in the folder itself, and quote one with spaces', () => {
    expect(commands({ ...LOCAL, folder: '' })[0]).toBe('npm run dev');
    expect(commands({ ...LOCAL, folder: 'my worker' })[0]).toBe("cd 'my worker'");
    expect(commands({ ...LOCAL, folder: '-my worker' })[0]).toBe("cd './-my worker'");
  });

  it('check the connection unless it was checked', () => {
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

  it('start the worker with the profile that it does not read, by whatever package manager', () => {
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
    // Found after all, for instance in the environment.
    expect(commands({ ...remote, credentials: 'environment' })).toContain('npm start');
  });

  it('name the variables that stand over what was written, before anything is run', () => {
    const shadowedBy = ['KUFLOW_API_CLIENTID', 'KUFLOW_API_CLIENTSECRET'];
    const [first] = nextSteps({ ...LOCAL, folder: '', local: false, credentials: 'file', shadowedBy });
    expect(first?.text).toMatch(/^unset KUFLOW_API_CLIENTID and KUFLOW_API_CLIENTSECRET/);
  });

  it('offer the commit that could not be made', () => {
    expect(commands({ ...LOCAL, commitLeft: true })[1]).toContain('git commit');
  });
});
