import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kuflowEntries } from '../../../../src/bin/commands.ts';
import { runProgram } from '../../../../src/cli/run-program.ts';
import { CANARY, error, startLargeTenant, uuid } from '../../../support/large-tenant.ts';
import type { LargeTenant, LargeTenantOptions } from '../../../support/large-tenant.ts';

const SECRET = 'canarysecret';

let tenant: LargeTenant | undefined;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'definitions-'));
});

afterEach(async () => {
  await tenant?.close();
  tenant = undefined;
  await rm(folder, { recursive: true });
});

async function start(options: LargeTenantOptions = {}): Promise<LargeTenant> {
  tenant = await startLargeTenant(options);
  return tenant;
}

async function run(argv: readonly string[], endpoint?: string, stdin = '') {
  return await runLine(['definitions', ...argv], endpoint, stdin);
}

async function runLine(argv: readonly string[], endpoint?: string, stdin = '') {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const status = await runProgram(
    { name: 'kuflow', description: '', version: '0', invocation: 'kuflow', commands: kuflowEntries },
    {
      argv,
      env: endpoint === undefined ? {} : credentials(endpoint),
      cwd: folder,
      stdin: Readable.from([stdin]),
      stdout,
      stderr,
      signals: { on: () => undefined, off: () => undefined },
      exit: () => undefined,
    },
  );
  stdout.end();
  stderr.end();
  return { status, out: await text(stdout), err: await text(stderr) };
}

function credentials(endpoint: string) {
  return { KUFLOW_API_ENDPOINT: endpoint, KUFLOW_API_CLIENTID: uuid(8, 1), KUFLOW_API_CLIENTSECRET: SECRET };
}

describe('kuflow definitions', () => {
  it('shows a process without values or secrets, and writes no files', async () => {
    const { endpoint, requests } = await start();
    for (const options of [['--sample', '25'], ['--sample', '25', '--json'], []]) {
      const before = requests.length;
      const { status, out, err } = await run(['show', 'LOAN', ...options], endpoint);
      expect(err).toBe('');
      expect(status).toBe(0);
      expect(out).toContain('APPLY');
      expect(out).not.toMatch(new RegExp(`${CANARY}|${SECRET}|777\\d{4}|@example|${uuid(7, 1).slice(0, 20)}`));
      expect(requests.length - before).toBeLessThanOrEqual(30);
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('prints the definition as JSON, with evidence and missing settings', async () => {
    const { endpoint } = await start();
    const shown = JSON.parse((await run(['show', 'LOAN', '--json'], endpoint)).out) as Record<string, unknown>;
    expect(Object.keys(shown)).toEqual(['definition', 'missing', 'notes', 'evidence']);
    expect(shown).toMatchObject({
      definition: {
        process: { code: 'LOAN', id: uuid(2, 0) },
        tasks: [{ code: 'APPLY', kind: 'human' }, {}, {}, {}, {}],
      },
      missing: ['workflow.type', 'workflow.taskQueue'],
      evidence: { read: 0 },
    });
  });

  it('does not read values without a terminal to ask', async () => {
    const { endpoint, requests } = await start();
    expect((await run(['show', 'LOAN'], endpoint)).status).toBe(0);
    expect(requests.filter((line) => /process(es|-items)\/[^?]/.test(line))).toEqual([]);
  });

  it('lists definitions', async () => {
    const { endpoint } = await start({ processes: 10 });
    const { out, status } = await run(['list'], endpoint);
    expect(status).toBe(0);
    expect(out.split('\n')[1]).toMatch(/^LOAN +4 +00000002/);
    expect(JSON.parse((await run(['list', '--json'], endpoint)).out)).toMatchObject({
      definitions: [{ code: 'LOAN', seen: 4 }, { code: 'EXPENSE' }, { code: 'HOLIDAY' }],
      processes: { seen: 10, total: 10 },
      complete: true,
    });
  });

  it('suggests next steps with status 4 when nothing is visible', async () => {
    const { endpoint } = await start({ processes: 0 });
    const { status, out, err } = await run(['show', 'LOAN', '--json'], endpoint);
    expect(status).toBe(4);
    expect(err).toMatch(/role/);
    expect(err).toMatch(/--process LOAN --task <code\[:kind\]> --task-queue/);
    expect(JSON.parse(out)).toMatchObject({ error: { status: 4 } });
    expect(await run(['list'], endpoint)).toMatchObject({ status: 0, out: '' });
  });

  it('suggests a similar code, and reports a missing permission', async () => {
    const { endpoint } = await start({ processes: 10 });
    expect(await run(['show', 'LAON'], endpoint)).toMatchObject({
      status: 1,
      err: expect.stringMatching('mean LOAN') as string,
    });
    await tenant?.close();
    const refusing = await start({ intercept: () => ({ status: 403, body: error(403) }) });
    const { status, err } = await run(['show', 'LOAN'], refusing.endpoint);
    expect(status).toBe(1);
    expect(err).toMatch(/does not allow this application/);
  });

  it('reads id and secret from options, and lists missing settings', async () => {
    const { endpoint } = await start({ processes: 10 });
    const options = ['--endpoint', endpoint, '--client-id', uuid(8, 1)];
    expect((await run(['list', ...options, '--client-secret-stdin'], undefined, `${SECRET}\n`)).status).toBe(0);
    await writeFile(join(folder, 'secret'), `${SECRET}\n`, { mode: 0o600 });
    expect((await run(['list', ...options, '--client-secret-file', 'secret'])).status).toBe(0);
    const { status, err } = await run(['list', ...options]);
    expect(status).toBe(2);
    expect(err).toMatch(/client-secret/);
    expect((await run(['show', 'LOAN', '--sample', '0'], endpoint)).status).toBe(2);
    const ca = await run(['list', '--ca', 'secret'], endpoint);
    expect(ca.status).toBe(2);
    expect(ca.err).toMatch(/kuflow\.api\.ca \(--ca\): expected .*secret does not contain any/);
  });

  it('escapes text from the server', async () => {
    const evil = 'LOAN\u001b[31m\u202e';
    const { endpoint } = await start({
      intercept: () => ({
        status: 200,
        body: JSON.stringify({
          metadata: { size: 1, page: 0, totalElements: 1, totalPages: 1 },
          content: [
            {
              id: uuid(1, 1),
              state: 'RUNNING',
              tenantId: uuid(9, 1),
              processDefinitionRef: { id: uuid(2, 1), version: uuid(5, 1), code: evil },
            },
          ],
        }),
      }),
    });
    const { out, status } = await run(['list'], endpoint);
    expect(status).toBe(0);
    expect(out).toContain('LOAN\\u{1b}[31m\\u{202e}');
  });
});
