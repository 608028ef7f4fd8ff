import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CreateFlags } from '../../../../../src/commands/create/answers.ts';
import { kuflowEntries } from '../../../../../src/bin/commands.ts';
import { runProgram } from '../../../../../src/cli/run-program.ts';
import { BACK } from '../../../../../src/terminal/prompts.ts';
import { makeByWizard, WHICH, type Made } from '../../../../support/by-wizard.ts';
import { createWorker, FILES_ONLY } from '../../../../support/create-worker.ts';
import { fakeHost } from '../../../../support/fake-host.ts';
import { startLargeTenant, WORKER_APPLICATION, type LargeTenant } from '../../../../support/large-tenant.ts';
import type { ScriptedAnswer } from '../../../../support/scripted-answers.ts';
import { temporaryFolders } from '../../../../support/temporary-folder.ts';
import { treeOf } from '../../../../support/tree.ts';

const temporaryFolder = temporaryFolders();

const OTHER_APPLICATION = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const SECRET = 'canary-2f81';
const REFUSED = 'canary-refused';

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

const localSettings = (folder: string): string => readFileSync(join(cwd, folder, 'application-local.yaml'), 'utf8');

const nextOf = ({ result }: Made): string =>
  result.next.map(({ command, text }) => `${command ?? ''} ${text}`).join('\n');

describe('credentials in the wizard', () => {
  let tenant: LargeTenant;
  /** What KuFlow takes; all else is refused. */
  const accepted = Buffer.from(`${OTHER_APPLICATION}:${SECRET}`).toString('base64');

  beforeEach(async () => {
    tenant = await startLargeTenant({
      processes: 30,
      intercept: (operation, _url, authorization) => {
        if (authorization?.split(' ')[1] !== accepted) return { status: 401, body: '{"status":401,"message":"No"}' };
        return operation === 'principals/{id}'
          ? { status: 200, body: JSON.stringify({ id: OTHER_APPLICATION, type: 'APPLICATION', name: 'Loan worker' }) }
          : undefined;
      },
    });
  });

  afterEach(() => tenant.close());

  const typed: readonly ScriptedAnswer[] = [
    ['Client ID of the application', OTHER_APPLICATION],
    ['Client secret', SECRET],
  ];
  const chosen = (folder: string, ...placed: readonly ScriptedAnswer[]): readonly ScriptedAnswer[] => [
    ['Process (type to search)', '00000002-0000-4000-8000-000000000000'],
    ['Read up to 25', false],
    ['Are the tasks, their kinds and their order correct?', 'good'],
    ['Task queue', 'Q'],
    ['Workflow type', 'W'],
    ['Folder for the new project', folder],
    ...placed,
    ['Create the project?', 'create'],
  ];

  it('rejected by KuFlow can be replaced by typed ones: from the environment', async () => {
    env['KUFLOW_API_CLIENTID'] = WORKER_APPLICATION;
    env['KUFLOW_API_CLIENTSECRET'] = REFUSED;
    const made = await byWizard([[WHICH, 'api'], ['What would you like to do?', 'retype'], ...typed, ...chosen('x')], {
      endpoint: tenant.endpoint,
    });
    expect(localSettings('x')).toContain(OTHER_APPLICATION);
    expect(localSettings('x')).toContain(SECRET);
    // The worker takes the environment first.
    const unset = /unset KUFLOW_API_CLIENTID and KUFLOW_API_CLIENTSECRET/i;
    expect(made.said).toMatch(unset);
    expect(nextOf(made)).toMatch(unset);
  });

  it('that cannot be read can be replaced by typed ones: from a missing file and a missing profile', async () => {
    env['KUFLOW_API_CLIENTID'] = WORKER_APPLICATION;
    env['KUFLOW_API_CLIENTSECRET_FILE'] = join(cwd, 'gone');
    env['KUFLOW_PROFILE'] = 'gone';
    const made = await byWizard([[WHICH, 'api'], ['What would you like to do?', 'retype'], ...typed, ...chosen('x')], {
      endpoint: tenant.endpoint,
    });
    expect(localSettings('x')).toContain(SECRET);
    expect(nextOf(made)).toContain('unset KUFLOW_API_CLIENTID and KUFLOW_API_CLIENTSECRET_FILE');
  });

  it('rejected by KuFlow can be replaced by typed ones: from a file', async () => {
    const settings = `kuflow:\n  api:\n    client-id: ${WORKER_APPLICATION}\n    client-secret: ${REFUSED}\n`;
    writeFileSync(join(cwd, 'application-local.yaml'), settings, { mode: 0o600 });
    const made = await byWizard([[WHICH, 'api'], ['What would you like to do?', 'retype'], ...typed, ...chosen('x')], {
      endpoint: tenant.endpoint,
    });
    expect(localSettings('x')).toContain(SECRET);
    expect(readFileSync(join(cwd, 'application-local.yaml'), 'utf8')).toBe(settings);
    expect(nextOf(made)).not.toMatch(/unset/i);
  });

  it('rejected by KuFlow can be replaced by typed ones: from a profile, keeping its addresses', async () => {
    await loggedIn(WORKER_APPLICATION, REFUSED);
    for (const first of [
      [
        ['the profile acme', 'write'],
        ['What would you like to do?', 'retype'],
      ],
      [['the profile acme', 'type']],
    ] satisfies readonly (readonly ScriptedAnswer[])[]) {
      await byWizard([[WHICH, 'api'], ...first, ...typed, ...chosen('x')]);
      expect(localSettings('x')).toContain(SECRET);
      expect(localSettings('x')).toContain(tenant.endpoint);
      rmSync(join(cwd, 'x'), { recursive: true });
    }
  });

  it('are read from the file again for another try', async () => {
    const settings = (secret: string): void =>
      writeFileSync(
        join(cwd, 'application-local.yaml'),
        `kuflow:\n  api:\n    client-id: ${OTHER_APPLICATION}\n    client-secret: ${secret}\n`,
        { mode: 0o600 },
      );
    settings(REFUSED);
    const made = await byWizard(
      [
        [WHICH, 'api'],
        ['What would you like to do?', 'again', () => settings(SECRET)],
        ...chosen('x', ['from application-local.yaml here', false]),
      ],
      { endpoint: tenant.endpoint },
    );
    expect(made.said).toContain('accepted');
    expect(localSettings('x')).not.toContain(SECRET);
    expect(nextOf(made)).toContain('from ../application-local.yaml into application-local.yaml');
  });

  it('from a file here are copied to a project in another folder after a yes', async () => {
    writeFileSync(
      join(cwd, 'application-local.yaml'),
      `kuflow:\n  api:\n    endpoint: ${tenant.endpoint}\n    client-id: ${OTHER_APPLICATION}\n    client-secret: ${SECRET}\n`,
      { mode: 0o600 },
    );
    const made = await byWizard([
      [WHICH, 'api'],
      ...chosen(
        'x',
        ['from application-local.yaml here', BACK],
        ['Folder for the new project', 'y'],
        ['from application-local.yaml here', true],
      ),
    ]);
    expect(localSettings('y')).toContain(SECRET);
    expect(localSettings('y')).toContain(tenant.endpoint);
    expect(statSync(join(cwd, 'y', 'application-local.yaml')).mode & 0o777).toBe(0o600);
    expect(nextOf(made)).not.toContain('client ID and secret');
    expect(made.command).toContain('--client-secret-stdin');
    expect(made.command).not.toContain(SECRET);
  });

  it('from a profile are written where npm start finds them, also with options', async () => {
    await loggedIn(OTHER_APPLICATION, SECRET);
    const made = await byWizard([[WHICH, 'api'], ['the profile acme', 'write'], ...chosen('x')]);
    expect(localSettings('x')).toContain(SECRET);
    expect(localSettings('x')).toContain(tenant.endpoint);
    expect(statSync(join(cwd, 'x', 'application-local.yaml')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(cwd, 'x', '.gitignore'), 'utf8')).toContain('application-local.yaml');
    expect(made.said).toMatch(/client ID and secret of the profile acme are written to application-local\.yaml/);
    expect(made.command).toContain('--profile acme');

    const tree = treeOf(join(cwd, 'x'));
    rmSync(join(cwd, 'x'), { recursive: true });
    const ran = await createWorker(cwd, made.command.split(' ').slice(2), env);
    expect(ran.status, ran.stderr).toBe(0);
    expect(treeOf(join(cwd, 'x'))).toEqual(tree);
  });

  it('from a profile that only reads the process are not written, and the next steps use the profile', async () => {
    await loggedIn(OTHER_APPLICATION, SECRET);
    const made = await byWizard([[WHICH, 'api'], ['the profile acme', 'read'], ...chosen('x')]);
    expect(existsSync(join(cwd, 'x', 'application-local.yaml'))).toBe(false);
    expect(nextOf(made)).toContain('npx kuflow credentials exec --profile acme -- npm start');
    const read = ['--process', 'LOAN', '--task-queue', 'Q', '--workflow-type', 'W'];
    const ran = await createWorker(cwd, ['y', ...read, ...FILES_ONLY], env);
    expect(ran.status, ran.stderr).toBe(0);
    expect(ran.stderr).toContain('npx kuflow credentials exec --profile acme -- npm start');
  });

  it('are asked for if a variable is empty or a file has only placeholders', async () => {
    env['KUFLOW_API_CLIENTID'] = '';
    env['KUFLOW_API_CLIENTSECRET'] = ' ';
    writeFileSync(join(cwd, 'application.yaml'), 'temporal:\n  kuflow-queue: Q\n');
    writeFileSync(join(cwd, 'application-local.yaml'), 'kuflow:\n  api:\n    client-id: FILL_ME\n');
    const made = await byWizard([[WHICH, 'api'], ...typed, ...chosen('x')], { endpoint: tenant.endpoint });
    expect(localSettings('x')).toContain(SECRET);
    expect(nextOf(made)).not.toMatch(/unset/i);
  });

  it('in the folder of the project are used as they are', async () => {
    const settings = `kuflow:\n  api:\n    endpoint: ${tenant.endpoint}\n    client-id: ${OTHER_APPLICATION}\n    client-secret: ${SECRET}\n`;
    writeFileSync(join(cwd, 'application-local.yaml'), settings, { mode: 0o600 });
    const made = await byWizard([[WHICH, 'api'], ...chosen('.')]);
    expect(readFileSync(join(cwd, 'application-local.yaml'), 'utf8')).toBe(settings);
    expect(nextOf(made)).not.toContain('client ID and secret');
    expect(made.said).toMatch(/client ID and secret are already in application-local\.yaml/);
  });

  it('that are typed are written with the address of the KuFlow that accepted them', async () => {
    for (const name of ['a file', 'a variable']) {
      if (name === 'a file')
        writeFileSync(join(cwd, 'application.yaml'), `kuflow:\n  api:\n    endpoint: ${tenant.endpoint}\n`);
      else env['KUFLOW_API_ENDPOINT'] = tenant.endpoint;
      const made = await byWizard([[WHICH, 'api'], ...typed, ...chosen('x')]);
      expect(localSettings('x'), name).toContain(tenant.endpoint);
      expect(made.said, name).toContain(tenant.endpoint);
      expect(made.command, name).toContain(`--endpoint ${tenant.endpoint}`);
      rmSync(join(cwd, 'x'), { recursive: true });
      rmSync(join(cwd, 'application.yaml'), { force: true });
    }
  });

  it('that cannot be read are dropped when the process is described instead, together with changes to discovered tasks', async () => {
    env['KUFLOW_PROFILE'] = 'gone';
    const made = await byWizard(
      [
        [WHICH, 'api'],
        ['the profile gone', 'write'],
        ['What would you like to do?', 'skip'],
        ['Process definition code', 'LOAN'],
        ['Code of the first task', 'A'],
        ['What kind of task is A?', 'thread'],
        ['Code of task 2', ''],
        ['Task queue', ''],
        ['Workflow type', ''],
        ['Folder for the new project', 'x'],
        ['Create the project?', 'create'],
      ],
      { taskKind: ['A=system'] },
    );
    expect(made.said).toContain('profile not found');
    expect(made.command).not.toMatch(/--profile|--task-kind/);
  });

  it('reject a secret that is typed as the client ID, and do not print it', async () => {
    const pasted = 'Zx9-canary-4471-pasted-into-the-wrong-field';
    await expect(
      byWizard(
        [
          [WHICH, 'api'],
          ['Client ID', pasted],
        ],
        { endpoint: tenant.endpoint },
      ),
    ).rejects.toThrow(/Client ID of the application: This is not a UUID/);
    for (const args of [['x', '--process', 'LOAN'], ['x'], ['x', '--local', '--yes']]) {
      const ran = await createWorker(cwd, [...args, '--client-id', pasted], env);
      expect(ran.status, ran.stderr).toBe(2);
      expect(ran.stderr).toContain('--client-id must be a UUID');
      expect(ran.stdout + ran.stderr).not.toContain(pasted);
    }
    expect(treeOf(cwd).size).toBe(0);
  });

  async function loggedIn(clientId: string, secret: string): Promise<void> {
    writeFileSync(join(home, 'secret'), secret, { mode: 0o600 });
    const account = [
      '--client-id',
      clientId,
      '--client-secret-file',
      join(home, 'secret'),
      '--endpoint',
      tenant.endpoint,
    ];
    const words = ['login', '--profile', 'acme', ...account, '--default', '--no-verify', '--no-keychain'];
    const fake = fakeHost(words, { cwd, env });
    const root = { name: 'kuflow', description: '', version: '1', invocation: 'npx kuflow', commands: kuflowEntries };
    expect(await runProgram(root, fake.host), fake.stderr()).toBe(0);
  }
});
