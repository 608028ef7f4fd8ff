import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kuflowEntries } from '../../../src/bin/commands.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import { fakeHost } from '../../support/fake-host.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
const CREDENTIALS = {
  KUFLOW_API_CLIENTID: '7fce21c0-0000-4000-8000-000000000001',
  KUFLOW_API_CLIENTSECRET: 'the-secret',
};
const COMMANDS = [
  'definitions list',
  'definitions show LOAN',
  'credentials pull',
  'credentials status',
  'credentials status --online',
  'credentials rotate',
  'credentials token',
  'doctor',
  'create loan-worker --process LOAN --yes',
];

describe.each(COMMANDS)('%s', (line) => {
  it.each([
    ['missing settings', {}, undefined],
    ['a malformed variable', { ...CREDENTIALS, KUFLOW_API_CLIENTID: 'no-uuid' }, undefined],
    ['a CA that does not exist', { ...CREDENTIALS, KUFLOW_API_CA: '/missing/ca.pem' }, undefined],
    ['an application.yaml that is not valid YAML', CREDENTIALS, 'kuflow: ['],
  ])('exits with 2 for %s', async (_, variables, file) => {
    const home = temporaryFolder();
    const cwd = join(home, 'here');
    mkdirSync(cwd);
    if (file !== undefined) writeFileSync(join(cwd, 'application.yaml'), file);
    const fake = fakeHost(line.split(' '), { cwd, env: { HOME: home, USERPROFILE: home, ...variables } });
    const root = {
      name: 'kuflow',
      description: '',
      version: '1.2.3',
      invocation: 'npx kuflow',
      commands: kuflowEntries,
    };
    expect(await runProgram(root, fake.host), fake.stdout() + fake.stderr()).toBe(2);
  });
});
