import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CreateFlags } from '../../../../../src/commands/create/answers.ts';
import { BACK } from '../../../../../src/terminal/prompts.ts';
import { makeByWizard, WHICH, type Made } from '../../../../support/by-wizard.ts';
import { createWorker, FILES_ONLY } from '../../../../support/create-worker.ts';
import type { ScriptedAnswer } from '../../../../support/scripted-answers.ts';
import { temporaryFolders } from '../../../../support/temporary-folder.ts';
import { treeOf } from '../../../../support/tree.ts';

const temporaryFolder = temporaryFolders();

const APPLICATION = '7c9e6679-7425-40de-944b-e07fc1f90ae7';

let cwd: string;
let home: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  cwd = temporaryFolder();
  home = temporaryFolder();
  env = { HOME: home };
});

const byWizard = (
  script: readonly ScriptedAnswer[],
  flags: Partial<CreateFlags> = {},
  folder?: string,
): Promise<Made> => makeByWizard({ cwd, env, script, flags, ...(folder === undefined ? {} : { folder }) });

describe('the wizard avoids dead ends', () => {
  it('rejects a folder that cannot contain a project before the first question', async () => {
    writeFileSync(join(cwd, 'taken'), '');
    symlinkSync('nowhere', join(cwd, 'link'));
    for (const [folder, why] of [
      ['link', /link: A symbolic link with this name exists/],
      ['taken', /taken: A file with this name exists/],
      ['taken/below', /taken\/below: Part of this path is a file/],
    ] as const) {
      const failed = byWizard([], {}, folder);
      await expect(failed).rejects.toThrow(why);
      await expect(failed).rejects.toMatchObject({ status: 1 });
    }
  });

  it('rejects a URL as the folder, in an option and in a prompt', async () => {
    for (const url of ['https://example.com/acme/loan', 'git@example.com:acme/loan.git']) {
      const ran = await createWorker(
        cwd,
        [url, '--local', '-y', ...FILES_ONLY.filter((option) => option !== '--yes')],
        env,
      );
      expect(ran.status).toBe(2);
      expect(ran.stderr).toContain(`${url}: This is a URL, not a folder`);
      const typed = byWizard([
        [WHICH, 'sample'],
        ['Folder for the new project', url],
      ]);
      await expect(typed).rejects.toThrow(/This is a URL, not a folder/);
    }
    expect(treeOf(cwd).size).toBe(0);
  });

  it('rejects a folder name that Windows does not allow, as an argument and at a prompt', async () => {
    for (const folder of ['CON', 'nul.worker', 'x.', 'worker ', 'aux/worker', 'com¹']) {
      const ran = await createWorker(cwd, [folder, '--local', ...FILES_ONLY], env);
      expect([ran.status, ran.stderr]).toEqual([2, expect.stringContaining('Windows does not allow a folder named')]);
      const typed = byWizard([
        [WHICH, 'sample'],
        ['Folder for the new project', folder],
      ]);
      await expect(typed).rejects.toThrow(/Windows does not allow a folder named/);
    }
    expect(treeOf(cwd).size).toBe(0);
    // An existing parent folder is not part of the project.
    mkdirSync(join(cwd, 'aux'));
    const ran = await createWorker(cwd, ['aux/worker', '--local', '--dry-run', ...FILES_ONLY], env);
    expect(ran.status, ran.stderr).toBe(0);
  });

  it('accepts a symbolic link to a folder', async () => {
    mkdirSync(join(cwd, 'real'));
    symlinkSync('real', join(cwd, 'link'));
    // There is no first answer: it has come to the questions.
    await expect(byWizard([], {}, 'link')).rejects.toThrow(/Which process is the worker for/);
  });

  it('rejects credentials with --local before the first question', async () => {
    for (const args of [
      ['--client-id', APPLICATION],
      ['--profile', 'acme'],
      ['--client-secret-file', 'secret'],
    ]) {
      const ran = await createWorker(cwd, ['x', '--local', ...args, ...FILES_ONLY], env);
      expect(ran.status, ran.stderr).toBe(2);
      expect(ran.stderr).toContain(`${args[0] ?? ''} cannot be combined`);
    }
    expect(treeOf(cwd).size).toBe(0);
  });

  it('does not offer the sample if credentials were passed', async () => {
    const failed = byWizard([[WHICH, 'sample']], { clientId: APPLICATION });
    await expect(failed).rejects.toThrow(/sample is not one of/);
  });

  it('lets you choose another folder if files in the given one conflict', async () => {
    mkdirSync(join(cwd, 'mine'));
    writeFileSync(join(cwd, 'mine', 'tsconfig.json'), 'mine');
    await byWizard(
      [
        [WHICH, 'sample'],
        ['The project cannot be created like this', 'folder'],
        ['Folder for the new project', 'other'],
        ['Create the project?', 'create'],
      ],
      {},
      'mine',
    );
    expect(existsSync(join(cwd, 'other', 'package.json'))).toBe(true);
  });

  it('proposes a subfolder in the folder of another project, and never to overwrite its package.json', async () => {
    writeFileSync(join(cwd, 'package.json'), '{ "name": "mine" }');
    const made = await byWizard(
      [
        [WHICH, 'sample'],
        ['contains another project (package.json). Where should the worker go?', 'other-folder'],
        ['Folder for the new project', '.'],
        ['contains another project', BACK],
        ['Folder for the new project', '.'],
        [
          'contains another project',
          'separate',
          ({ choices }) => expect(choices?.map(({ name }) => name)[0]).toBe('loan-worker, a separate project'),
        ],
        ['Create the project?', 'create'],
      ],
      {},
      '.',
    );
    expect(made.said).not.toContain('--overwrite');
    expect(made.command).toContain('npx create-kuflow-worker loan-worker --local');
    expect(made.command).toContain('--no-workspace');
    expect(existsSync(join(cwd, 'loan-worker', 'package.json'))).toBe(true);
    expect(readFileSync(join(cwd, 'package.json'), 'utf8')).toBe('{ "name": "mine" }');
  });
});

describe('answers in the wizard', () => {
  it('resolve ~ to the home folder, like a shell', async () => {
    const made = await byWizard([
      [WHICH, 'sample'],
      ['Folder for the new project', '~/x'],
      ['Create the project?', 'create'],
    ]);
    expect(existsSync(join(home, 'x', 'package.json'))).toBe(true);
    expect(treeOf(cwd).size).toBe(0);
    expect(made.command).toContain(` ${join(home, 'x')} `);
    const quoted = await createWorker(cwd, ['~/y', '--local', ...FILES_ONLY], env);
    expect(quoted.status, quoted.stderr).toBe(0);
    expect(existsSync(join(home, 'y', 'package.json'))).toBe(true);
    expect(treeOf(cwd).size).toBe(0);
    const other = byWizard([
      [WHICH, 'sample'],
      ['Folder for the new project', '~ada/x'],
    ]);
    await expect(other).rejects.toThrow(/followed by a user name is not supported/);
  });

  it('omit options that they make useless, so that the command can be repeated', async () => {
    const made = await byWizard(
      [
        [WHICH, 'sample'],
        ['Folder for the new project', 'x'],
        ['Create the project?', 'create'],
      ],
      { endpoint: 'http://127.0.0.1:9', target: 'engine:1', sample: 3 },
    );
    expect(made.command).not.toMatch(/--(?:endpoint|target|sample)/);
    const [, , , ...args] = made.command.split(' ');
    const again = await createWorker(cwd, ['y', ...args], env);
    expect(again.status, again.stderr).toBe(0);
  });

  it('offer defaults for the process that was chosen last', async () => {
    const offers =
      (wanted: string | undefined) =>
      ({ fallback }: { readonly fallback?: string | boolean | undefined }): void => {
        expect(fallback).toBe(wanted);
      };
    await byWizard([
      [WHICH, 'flags'],
      ['Where will the worker run first?', 'local'],
      ['Process definition code', 'LOAN'],
      ['Code of the first task', 'A'],
      ['What kind of task is A?', 'human'],
      ['JSON Schema file', ''],
      ['Code of task 2', ''],
      ['Task queue', 'OWN_QUEUE', offers('LOAN_QUEUE')],
      ['Workflow type', '', offers('LoanWorkflow')],
      ['Folder for the new project', '', offers('loan-worker')],
      ['Create the project?', BACK],
      ['Folder for the new project', BACK, offers('loan-worker')],
      ['Workflow type', BACK, offers('LoanWorkflow')],
      // What was typed for the same process is offered again.
      ['Task queue', BACK, offers('OWN_QUEUE')],
      ['Code of task 2', BACK],
      ['JSON Schema file', BACK],
      ['What kind of task is A?', BACK],
      ['Code of the first task', BACK],
      ['Process definition code', 'EXPENSE', offers('LOAN')],
      ['Code of the first task', 'B'],
      ['What kind of task is B?', 'thread'],
      ['Code of task 2', ''],
      ['Task queue', '', offers('EXPENSE_QUEUE')],
      ['Workflow type', '', offers('ExpenseWorkflow')],
      ['Folder for the new project', '', offers('expense-worker')],
      ['Create the project?', 'create'],
    ]);
    expect(existsSync(join(cwd, 'expense-worker'))).toBe(true);
  });

  it('include a task whose code has an equals sign, with its schema, also when the run is repeated', async () => {
    writeFileSync(join(cwd, 'a.json'), '{"type":"object","properties":{"amount":{"type":"number"}}}');
    const made = await byWizard([
      [WHICH, 'flags'],
      ['Where will the worker run first?', 'local'],
      ['Process definition code', 'LOAN'],
      ['Code of the first task', 'A=B'],
      ['What kind of task is A=B?', 'human'],
      ['JSON Schema file', join(cwd, 'a.json')],
      ['Code of task 2', ''],
      ['Task queue', ''],
      ['Workflow type', ''],
      ['Folder for the new project', 'x'],
      ['Create the project?', 'create'],
    ]);
    const tree = treeOf(join(cwd, 'x'));
    expect(readFileSync(join(cwd, 'x', 'kuflow.process.yaml'), 'utf8')).toContain('amount');
    rmSync(join(cwd, 'x'), { recursive: true });
    const ran = await createWorker(cwd, made.command.split(' ').slice(2), env);
    expect(ran.status, ran.stderr).toBe(0);
    expect(treeOf(join(cwd, 'x'))).toEqual(tree);
  });
});
