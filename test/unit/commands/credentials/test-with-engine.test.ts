import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kuflowEntries } from '../../../../src/bin/commands.ts';
import { runProgram } from '../../../../src/cli/run-program.ts';
import { sendJson, startAnsweringServer, type AnsweringServer } from '../../../support/answering-server.ts';
import { makeTestAuthority, type TestAuthority, type TestPair } from '../../../support/certificates.ts';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  credentialProject,
  identityInFiles,
  localText,
} from '../../../support/credential-project.ts';
import { startEngineStub, type EngineStubOptions, type TestServer } from '../../../support/engine-server.ts';
import { fakeHost } from '../../../support/fake-host.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const folder = temporaryFolders();
let authority: TestAuthority;
let other: TestAuthority;
let engineOwn: TestPair;
let rest: AnsweringServer;
let engine: TestServer | undefined;

beforeAll(async () => {
  [authority, other] = [await makeTestAuthority(), await makeTestAuthority('Other CA')];
  engineOwn = await authority.issue({ commonName: 'engine', usage: 'server', hosts: ['127.0.0.1'] });
});
beforeEach(async () => {
  rest = await startAnsweringServer(({ method, body }, response) => {
    if (method === 'GET') {
      sendJson(response, 200, { id: CLIENT_ID, type: 'APPLICATION' });
      return;
    }
    const { type } = JSON.parse(body.toString('utf8')) as { type: string };
    if (type === 'ENGINE_TOKEN') {
      const expiredAt = new Date(Date.now() + 3_600_000).toISOString();
      sendJson(response, 200, { type, engineToken: { token: 'canary-token', expiredAt } });
      return;
    }
    void authority.issue({ commonName: 'app' }).then(({ cert, key }) => {
      const tls = { serverRootCaCertificate: authority.cert, clientCertificate: cert, clientPrivateKey: key };
      sendJson(response, 200, { type, engineCertificate: { namespace: 'tenant-1', tls } });
    });
  });
});
afterEach(async () => {
  await rest.close();
  await engine?.close();
  engine = undefined;
});

async function kuflow(at: string, args: readonly string[], options: Partial<EngineStubOptions> = {}) {
  await engine?.close();
  engine = await startEngineStub({ server: engineOwn, clientCa: authority.cert, ...options });
  const env = { KUFLOW_API_CLIENTID: CLIENT_ID, KUFLOW_API_CLIENTSECRET: CLIENT_SECRET, KUFLOW_API_ENDPOINT: rest.url };
  const fake = fakeHost(['credentials', ...args], { cwd: at, env: { ...env, TEMPORAL_TARGET: engine.address } });
  const root = { name: 'kuflow', description: '', version: '1', invocation: 'npx kuflow', commands: kuflowEntries };
  const status = await runProgram(root, fake.host);
  const [out, err] = [fake.stdout(), fake.stderr()];
  expect(out + err).not.toMatch(/canary|PRIVATE/);
  return { status, out, err };
}

describe('testing a certificate against the engine', () => {
  it('writes an accepted certificate and describes the engine', async () => {
    const at = credentialProject(folder());
    const pulled = await kuflow(at, ['pull', '--json']);
    expect(pulled, pulled.err).toMatchObject({ status: 0 });
    expect(JSON.parse(pulled.out)).toMatchObject({ engine: 'Temporal server 1.32.0', set: { proven: true } });
    // An engine that does not support the call has accepted the certificate.
    const forced = await kuflow(at, ['pull', '--force', '--json'], { status: { GetSystemInfo: { code: 12 } } });
    expect(JSON.parse(forced.out)).toMatchObject({ engine: 'certificate accepted' });
    const rotated = await kuflow(at, ['rotate', '--json']);
    expect(JSON.parse(rotated.out)).toMatchObject({ engine: expect.stringContaining('namespace tenant-1') as string });
    // An engine that does not support DescribeNamespace does not prevent the switch, but it is reported.
    const restricted = await kuflow(at, ['rotate', '--json'], { status: { DescribeNamespace: { code: 12 } } });
    expect(restricted.status).toBe(0);
    expect((JSON.parse(restricted.out) as { engine: string }).engine).toMatch(
      /^Temporal server 1\.32\.0, namespace not verified: the engine restricts this call/,
    );
  });

  const REFUSING: readonly (readonly [
    what: string,
    Partial<EngineStubOptions>,
    lines: readonly string[],
    status: number,
  ])[] = [
    ['accepts certificates of another authority only', { clientCa: 'other' }, ['pull', 'rotate'], 1],
    [
      'has a certificate that the issued CA did not sign',
      { server: { cert: 'other', key: '' } },
      ['pull', 'rotate'],
      1,
    ],
    ['does not know the namespace', { status: { DescribeNamespace: { code: 5, message: 'canary' } } }, ['rotate'], 1],
    ['denies the namespace', { status: { DescribeNamespace: { code: 7 } } }, ['rotate'], 1],
    [
      'rejects the token',
      { status: { GetSystemInfo: { code: 16 }, DescribeNamespace: { code: 16 } } },
      ['pull', 'rotate'],
      1,
    ],
    ['fails internally', { status: { GetSystemInfo: { code: 13, message: 'canary' } } }, ['pull', 'rotate'], 1],
    ['is unavailable', { status: { GetSystemInfo: { code: 14 } } }, ['pull', 'rotate'], 4],
  ];

  it.each(REFUSING)('changes nothing when the engine %s', async (_what, options, lines, status) => {
    const of = async (pair: TestPair | undefined): Promise<TestPair> =>
      pair?.cert === 'other'
        ? await other.issue({ commonName: 'engine', usage: 'server', hosts: ['127.0.0.1'] })
        : engineOwn;
    const given = {
      ...options,
      server: await of(options.server),
      clientCa: options.clientCa === 'other' ? other.cert : authority.cert,
    };
    const [fresh, at] = [credentialProject(folder()), credentialProject(folder())];
    expect((await kuflow(at, ['pull'])).status).toBe(0);
    const before = [localText(at), identityInFiles(at)?.cert, ...readdirSync(join(at, '.kuflow', 'credentials'))];
    for (const line of lines) {
      for (const project of [fresh, at]) {
        const ended = await kuflow(project, [line, ...(line === 'pull' ? ['--force'] : [])], given);
        expect(ended.status, `${line}: ${ended.err}`).toBe(status);
        expect(ended.err, line).toContain('nothing was changed');
      }
    }
    expect(readdirSync(fresh).sort()).toEqual(['application-local.yaml', 'application.yaml']);
    expect([localText(at), identityInFiles(at)?.cert, ...readdirSync(join(at, '.kuflow', 'credentials'))]).toEqual(
      before,
    );
  });
});
