import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Process } from '../../../../src/kuflow/contract/processes.ts';
import { makeTestAuthority } from '../../../support/certificates.ts';
import { until } from '../../../support/until.ts';
import { LOAN } from '../../platform/domain/world.ts';
import { startRunningKuFlow, type RunningKuFlow } from '../running-kuflow.ts';

let local: RunningKuFlow;
beforeAll(async () => {
  local = await startRunningKuFlow();
  local.rest.pollers.set('LOAN_QUEUE', ['1@host']);
});
afterAll(() => local.close());

interface OneProcess {
  readonly process: Process;
}

describe('commands with the code of a process', () => {
  it.each([
    ['process', 'start', 'LOAN2'],
    ['process', 'list', 'LOAN2'],
    ['definitions', 'show', 'LOAN2', '--local'],
  ])('say what the local KuFlow serves: kuflow %s %s %s', async (...argv) => {
    writeFileSync(join(local.folder, 'ca.pem'), (await makeTestAuthority()).cert);
    const { status, stderr } = await local.kuflow(argv);
    expect(status).toBe(2);
    expect(stderr).toContain(
      '✖ The local KuFlow does not serve LOAN2\n  → Did you mean LOAN?\n  → Available: LOAN\n  → To serve another process, run kuflow add process <code> --task <task>',
    );
  });

  it('show what the local KuFlow says about an ID that it does not have', async () => {
    const id = '018f3a1c-0000-7000-8000-00000000000a';
    const { status, stderr } = await local.kuflow(['process', 'show', id]);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: `✖ No process with ID ${id}\n  → List the processes: npx kuflow process list\n`,
    });
  });
});

describe('kuflow process start', () => {
  it('reads metadata from a file and single values', async () => {
    writeFileSync(join(local.folder, 'metadata.yaml'), 'FIRST_NAME: Ada\nAMOUNT: 1\n');
    const { process } = await local.json<OneProcess>([
      ...['process', 'start', '--metadata', 'metadata.yaml', '--set', 'AMOUNT=2'],
    ]);
    expect(process).toMatchObject({
      initiatorId: local.rest.world.identity.user.principalId,
      metadata: { valid: true, value: { FIRST_NAME: 'Ada', AMOUNT: 2 } },
    });
  });

  it('fills in example metadata', async () => {
    const { process } = await local.json<OneProcess>(['process', 'start', 'LOAN', '--fake']);
    expect(process.metadata).toMatchObject({ valid: true });
  });

  it.each([
    [['--fake', '--metadata', '-'], '--fake cannot be combined with --metadata or --set'],
    [['--metadata', '-', '--client-secret-stdin'], '--metadata - and --client-secret-stdin both read standard input'],
    [['--set', 'FIRST_NAM=Ada'], 'The metadata of LOAN has no property "FIRST_NAM" (did you mean "FIRST_NAME"?)'],
    [
      ['--set', 'AMOUNT=0'],
      'Data does not match the schema of the metadata of LOAN: /FIRST_NAME required, /AMOUNT minimum',
    ],
    [['--set', 'FIRST_NAME=kuflow-file:kuflow.process.yaml'], "The metadata of LOAN can't contain the document"],
  ])('refuses %j and starts nothing', async (args, message) => {
    const before = local.rest.world.events.length;
    const { status, stdout, stderr } = await local.kuflow(['process', 'start', 'LOAN', ...args]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(local.rest.world.events.slice(before).filter(({ kind }) => kind === 'process')).toEqual([]);
  });

  it('refuses --fake if the metadata needs a document', async () => {
    const photo = { type: 'string', format: 'kuflow-file' };
    const schema = { type: 'object', properties: { photo }, required: ['photo'] };
    const other = await startRunningKuFlow({ ...LOAN, metadata: { schema } });
    const { status, stderr } = await other.kuflow(['process', 'start', '--fake']);
    await other.close();
    expect(status).toBe(2);
    expect(stderr).toContain('Valid example data for the metadata of LOAN needs a document');
  });

  it('acts as another user with --as, in any case', async () => {
    const { other } = local.rest.world;
    const { process } = await local.json<OneProcess>(['process', 'start', '--fake', '--as', 'OTHER@example.com']);
    expect(process.initiatorId).toBe(other.principal.id);
  });

  it('says that the metadata does not match its schema with --allow-invalid', async () => {
    const { status, stderr } = await local.kuflow(['process', 'start', 'LOAN', '--set', 'AMOUNT=0', '--allow-invalid']);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: 'Started LOAN with metadata that does not match its schema\n',
    });
  });

  it('says that no worker is polling the task queue, as list and show do, and list says what it leaves out', async () => {
    const other = await startRunningKuFlow();
    const none = await other.kuflow(['process', 'list']);
    const started = await other.kuflow(['process', 'start', '--fake']);
    const listed = await other.kuflow(['process', 'list']);
    const shown = await other.kuflow(['process', 'show', 'latest']);
    await other.kuflow(['process', 'start', '--fake']);
    const cut = await other.kuflow(['process', 'list', '--limit', '1']);
    await other.close();
    const warning = '! No worker is polling LOAN_QUEUE\n  → Start the worker: npx kuflow dev exec -- <command>\n';
    expect(none.stderr).toBe('No processes\n  → Start one: npx kuflow process start\n');
    expect(started.stderr).toBe(`Started LOAN\n${warning}`);
    expect([listed.stderr, shown.stderr]).toEqual([warning, warning]);
    expect(cut.stderr).toBe(`Showing the newest 1 of 2. For more, pass --limit <count>\n${warning}`);
  });
});

describe('kuflow process show --watch', () => {
  it('prints what happens as it happens, and exits with 1 when the process is canceled', async () => {
    const { id, processId } = await local.createTask();
    const watching = local.start(['process', 'show', processId, '--watch']);
    await until('the process is printed', () => watching.stdout().includes('APPLICATION created'));
    await local.kuflow(['task', 'claim', id]);
    await until('the change is printed', () => watching.stdout().includes('APPLICATION claimed by Local user'));
    await local.kuflow(['process', 'cancel', processId]);
    expect(await watching.ended).toBe(1);
    expect(watching.stdout().match(/APPLICATION created/g)).toHaveLength(1);
    expect(watching.stdout()).toMatch(/^Process {2}LOAN\n/);
    expect(watching.stderr()).toBe('The process is CANCELLED\n');
  });

  it('ends at once with JSON if the process has ended, and with 130 on Ctrl-C', async () => {
    const { processId } = await local.createTask();
    const watching = local.start(['process', 'show', processId, '--watch']);
    await until('the process is printed', () => watching.stdout().includes('APPLICATION created'));
    watching.signal('SIGINT');
    expect(await watching.ended).toBe(130);

    await local.rest.call('POST', `/processes/${processId}/~actions/complete`);
    const shown = await local.json<object>(['process', 'show', processId, '--watch']);
    expect(Object.keys(shown)).toEqual(['process', 'items', 'timeline']);
    expect(shown).toMatchObject({ process: { state: 'COMPLETED' }, items: [{ code: 'APPLICATION' }] });
  });
});
