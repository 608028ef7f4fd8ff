import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kuflowEntries } from '../../../src/bin/commands.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import { STATE_FOLDER } from '../../../src/platform/state/running-state.ts';
import { sampleDefinition } from '../../../src/process/sample.ts';
import { type AnsweringServer, sendJson, startAnsweringServer } from '../../support/answering-server.ts';
import { makeTestAuthority } from '../../support/certificates.ts';
import { leaveRunningState } from '../../support/running-state.ts';

const EMPTY = { metadata: { size: 1, page: 0, totalElements: 0, totalPages: 0 }, content: [] };
const NOTICE = 'Using the local KuFlow';

let folder: string;
let server: AnsweringServer;
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'local-')));
  server = await startAnsweringServer((_request, response) => sendJson(response, 200, EMPTY));
  closing.push(() => server.close());
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true });
});

/** The state of a local KuFlow in this process that responds at `http`. */
async function startLocal(http: string): Promise<void> {
  const stateDir = join(folder, STATE_FOLDER);
  mkdirSync(stateDir, { recursive: true });
  const state = await leaveRunningState(stateDir, sampleDefinition(), { http });
  closing.push(() => state.close());
  // The state names it relative to the working directory, in which the commands run.
  writeFileSync(join(folder, 'ca.pem'), (await makeTestAuthority()).cert);
}

async function run(argv: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = folder) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const status = await runProgram(
    { name: 'kuflow', description: '', version: '0', invocation: 'kuflow', commands: kuflowEntries },
    {
      ...{ argv, env: { HOME: folder, XDG_CONFIG_HOME: join(folder, 'config'), ...env }, cwd, stdout, stderr },
      stdin: Readable.from([]),
      signals: { on: () => undefined, off: () => undefined },
      exit: () => undefined,
    },
  );
  stdout.end();
  stderr.end();
  return { status, out: await text(stdout), err: await text(stderr) };
}

const authorizations = (): readonly (string | undefined)[] =>
  server.requests.filter(({ url }) => !url.includes('health')).map(({ headers }) => headers.authorization);

const COMMANDS = ['definitions list', 'doctor --only rest', 'credentials status'];

describe('the local KuFlow of a folder', () => {
  it.each(COMMANDS)('is used by `%s` without credentials, and the first line names it', async (command) => {
    await startLocal(server.url);
    const { err, out } = await run(command.split(' '));
    expect(err.split('\n')[0]).toBe(`${NOTICE} (no connection is configured)`);
    if (command.startsWith('credentials')) expect(out).toContain('local KuFlow');
    else
      expect(new Set(authorizations())).toEqual(
        new Set([`Basic ${Buffer.from('018f3a1c-0000-7000-8000-0000000000aa:secret').toString('base64')}`]),
      );
  });

  it.each([
    ['in the environment', { KUFLOW_API_CLIENTID: '018f3a1c-0000-7000-8000-000000000001' }, undefined],
    ['in a file, of which one is a placeholder', {}, 'kuflow:\n  api:\n    client-secret: FILL_ME\n'],
    ['in a file that cannot be read', {}, 'kuflow: [\n'],
    ['as a certificate', {}, 'temporal:\n  mutual-tls:\n    cert: missing.pem\n'],
    ['by the address of another KuFlow', { KUFLOW_API_ENDPOINT: 'https://kuflow.invalid' }, undefined],
  ])('is not used if a connection is configured %s', async (_where, env, file) => {
    await startLocal(server.url);
    if (file !== undefined) writeFileSync(join(folder, 'application-local.yaml'), file, { mode: 0o600 });
    const { status, err } = await run(['definitions', 'list'], env);
    expect(err).not.toContain(NOTICE);
    expect(status).not.toBe(0);
    expect(server.requests).toEqual([]);
  });

  it('is used with --local whatever is configured, and --local cannot be combined with another connection', async () => {
    await startLocal(server.url);
    const env = {
      KUFLOW_API_CLIENTID: '018f3a1c-0000-7000-8000-000000000001',
      KUFLOW_API_CLIENTSECRET: 'other',
      KUFLOW_API_ENDPOINT: 'https://kuflow.invalid',
      TEMPORAL_NAMESPACE: 'other',
    };
    const { status, err } = await run(['definitions', 'list', '--local'], env);
    expect({ status, first: err.split('\n')[0] }).toEqual({ status: 0, first: NOTICE });
    const both = await run(['definitions', 'list', '--local', '--endpoint', server.url]);
    expect(both.status).toBe(2);
    expect(both.err).toContain('--local cannot be combined with --endpoint');
  });

  it('is ignored if it does not respond; --local then says how to start it', async () => {
    const none = await run(['doctor', '--local']);
    expect(none.status).toBe(2);
    expect(none.err).toMatch(/No local KuFlow is running[\s\S]*kuflow dev/);
    await server.close();
    await startLocal(server.url);
    const stopped = await run(['definitions', 'list']);
    expect(stopped.status).toBe(2);
    expect(stopped.err).not.toContain(NOTICE);
  });
});
