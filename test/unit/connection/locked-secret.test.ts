import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kuflowEntries } from '../../../src/bin/commands.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import { sendJson, startAnsweringServer, type AnsweringServer } from '../../support/answering-server.ts';
import { makeTestAuthority, type TestAuthority, type TestPair } from '../../support/certificates.ts';
import { CLIENT_ID } from '../../support/credential-project.ts';
import { fakeHost } from '../../support/fake-host.ts';
import { fakeSecretTool, type FakeSecretTool } from '../../support/fake-secret-tool.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const folder = temporaryFolders();
const CANARY = 'canary-of-a-keychain';

let authority: TestAuthority;
let pair: TestPair;
let server: AnsweringServer;
let tool: FakeSecretTool;
let project: string;
let home: string;

beforeAll(async () => {
  authority = await makeTestAuthority();
  pair = await authority.issue({ commonName: 'app' });
});
beforeEach(async () => {
  server = await startAnsweringServer(({ method, body }, response) => {
    if (method === 'GET') {
      sendJson(response, 200, { id: CLIENT_ID, type: 'APPLICATION' });
      return;
    }
    const { type } = JSON.parse(body.toString('utf8')) as { type: string };
    const tls = { serverRootCaCertificate: authority.cert, clientCertificate: pair.cert, clientPrivateKey: pair.key };
    const engineToken = { token: 'a-token', expiredAt: new Date(Date.now() + 3_600_000).toISOString() };
    sendJson(response, 200, {
      type,
      ...(type === 'ENGINE_TOKEN' ? { engineToken } : { engineCertificate: { namespace: 'loans', tls } }),
    });
  });
  [project, home] = [folder(), folder()];
  tool = fakeSecretTool(folder(), 'works');
  writeFileSync(join(project, 'application.yaml'), 'temporal:\n  kuflow-queue: Q\n');
  const login = ['login', '--client-id', CLIENT_ID, '--client-secret-stdin', '--endpoint', server.url, '--no-verify'];
  expect(await kuflow(login, { stdin: CANARY })).toMatchObject({ status: 0 });
});
afterEach(() => server.close());

interface Over {
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
  /** Called with the way to interrupt it, once it runs. */
  readonly whileRunning?: (interrupt: () => void) => Promise<void>;
}

async function kuflow(args: readonly string[], over: Over = {}) {
  const env = { XDG_CONFIG_HOME: home, PATH: tool.PATH, CI: '', ...over.env };
  const fake = fakeHost(args, { cwd: project, env });
  const stdin = Object.assign(Readable.from([over.stdin ?? '']), { isTTY: false });
  const root = { name: 'kuflow', description: '', version: '1', invocation: 'npx kuflow', commands: kuflowEntries };
  const [before, asked] = [lookups(), server.requests.length];
  const running = runProgram(root, { ...fake.host, stdin });
  await over.whileRunning?.(() => fake.signal('SIGINT'));
  const status = await running;
  const [out, err] = [fake.stdout(), fake.stderr()];
  expect(out + err).not.toContain('canary');
  return { status, out, err, opened: lookups() - before, asked: server.requests.length - asked };
}

/** How often the keychain was opened to read. */
const lookups = (): number => tool.seen().split('secret-tool lookup').length - 1;

describe.runIf(process.platform === 'linux')('a profile secret in the keychain', () => {
  it('is not read by what asks nobody, and once by what asks', async () => {
    const none = await kuflow(['credentials', 'status', '--json']);
    expect(none).toMatchObject({ status: 0, opened: 0, asked: 0 });
    expect(JSON.parse(none.out)).toMatchObject({ problems: [], store: { kind: 'none' } });
    expect((JSON.parse(none.out) as { settings: object[] }).settings).toContainEqual({
      key: 'kuflow.api.client-secret',
      value: '[in the keychain]',
      source: 'profile default',
      shadows: [],
    });

    const dry = await kuflow(['credentials', 'pull', '--offline', '--dry-run']);
    expect(dry).toMatchObject({ status: 0, opened: 0, asked: 0 });
    const refused = await kuflow(['credentials', 'pull', '--offline', '--format', 'dotenv', '--output', project]);
    expect(refused).toMatchObject({ status: 1, opened: 0, asked: 0 });

    const pulled = await kuflow(['credentials', 'pull', '--offline', '--with-token']);
    expect(pulled, pulled.err).toMatchObject({ status: 0, opened: 1, asked: 2 });
    expect(pulled.err).toContain('which a worker does not read');
    const basic = `Basic ${Buffer.from(`${CLIENT_ID}:${CANARY}`).toString('base64')}`;
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([basic, basic]);

    const again = await kuflow(['credentials', 'pull', '--offline']);
    expect(again).toMatchObject({ status: 0, opened: 0, asked: 0 });
    expect(again.out).toContain('nothing was requested or changed');
    const written = ['--format', 'json', '--output', join(project, 'set.json')];
    expect(await kuflow(['credentials', 'pull', ...written])).toMatchObject({ status: 0, opened: 0, asked: 0 });
    const status = await kuflow(['credentials', 'status']);
    expect(status).toMatchObject({ status: 0, opened: 0, asked: 0 });
    expect(status.out).toMatch(/client-secret +\[in the keychain\] +profile default/);

    const token = await kuflow(['credentials', 'token', '--json']);
    expect(token).toMatchObject({ status: 0, opened: 1, asked: 1 });
    // Nothing is listening at that engine, which does not matter here.
    const online = await kuflow(['credentials', 'status', '--online', '--target', '127.0.0.1:1']);
    expect(online).toMatchObject({ opened: 1 });
    expect(online.out).toMatch(/client-secret +\[redacted\] +profile default/);
  });

  it('that is waited for in vain is given up on with an interrupt, and nothing is left', async () => {
    mkdirSync(join(home, 'other'));
    const stuck = fakeSecretTool(join(home, 'other'), 'hangs');
    const ended = await kuflow(['credentials', 'pull', '--offline'], {
      env: { PATH: stuck.PATH },
      whileRunning: async (interrupt) => {
        await until('it hangs', () => existsSync(stuck.pidFile));
        interrupt();
      },
    });
    expect(ended).toMatchObject({ status: 130, asked: 0 });
    expect(readdirSync(project)).toEqual(['application.yaml']);
  });

  it('that can not be had fails those who want it, and with CI set all of them', async () => {
    mkdirSync(join(home, 'other'));
    const broken = fakeSecretTool(join(home, 'other'), 'forgets').PATH;
    const missing = await kuflow(['credentials', 'pull', '--offline'], { env: { PATH: broken } });
    expect(missing).toMatchObject({ status: 2, asked: 0 });
    expect(missing.err).toContain('it is no longer in the keychain');
    expect(readdirSync(project)).toEqual(['application.yaml']);
    expect(await kuflow(['credentials', 'status'], { env: { PATH: broken } })).toMatchObject({ status: 0 });

    const inCi = await kuflow(['credentials', 'status'], { env: { CI: 'true' } });
    expect(inCi).toMatchObject({ status: 2, opened: 0 });
    expect(inCi.out).toContain('the keychain is not used: CI is set');
  });
});
