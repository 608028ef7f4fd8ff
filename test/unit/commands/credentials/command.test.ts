import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { kuflowEntries } from '../../../../src/bin/commands.ts';
import { runProgram } from '../../../../src/cli/run-program.ts';
import { childEnvironment } from '../../../../src/commands/credentials/exec.ts';
import { verifyMaterial } from '../../../../src/commands/credentials/verify-certificate-and-token.ts';
import { Secret } from '../../../../src/base/secret.ts';
import { pullCredentials } from '../../../../src/commands/credentials/pull.ts';
import { sendJson, startAnsweringServer, type AnsweringServer } from '../../../support/answering-server.ts';
import { makeTestAuthority, type TestAuthority, type TestPair } from '../../../support/certificates.ts';
import { CLIENT_ID, CLIENT_SECRET, credentialProject } from '../../../support/credential-project.ts';
import { fakeHost } from '../../../support/fake-host.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const folder = temporaryFolders();
const IN_AN_HOUR = new Date(Date.now() + 3_600_000).toISOString();
let authority: TestAuthority;
let pair: TestPair;
let server: AnsweringServer | undefined;

beforeAll(async () => {
  authority = await makeTestAuthority();
  pair = await authority.issue({ commonName: 'app' });
});
afterEach(async () => {
  await server?.close();
  server = undefined;
});

interface Answers {
  readonly status?: number;
  readonly body?: unknown;
  readonly silent?: boolean;
}

/** What KuFlow answers to a request for a certificate or a token. */
function authentication(body: Buffer): object {
  const { type } = JSON.parse(body.toString('utf8')) as { type: string };
  if (type === 'ENGINE_TOKEN') return { type, engineToken: { token: 'canary-token', expiredAt: IN_AN_HOUR } };
  const tls = { serverRootCaCertificate: authority.cert, clientCertificate: pair.cert, clientPrivateKey: pair.key };
  return { type, engineCertificate: { namespace: 'loans', tls } };
}

async function kuflow(
  args: readonly string[],
  over: {
    readonly at?: string;
    readonly tty?: boolean;
    readonly answers?: Answers;
    readonly env?: NodeJS.ProcessEnv;
  } = {},
) {
  await server?.close();
  server = await startAnsweringServer(({ method, body }, response) => {
    const { status = 200, silent = false } = over.answers ?? {};
    if (method === 'GET') sendJson(response, 200, { id: CLIENT_ID, type: 'APPLICATION' });
    else if (!silent)
      sendJson(response, status, over.answers?.body ?? (status === 200 ? authentication(body) : errorBody(status)));
  });
  const at = over.at ?? credentialProject(folder());
  const { host, stdout, stderr } = fakeHost(['credentials', ...args], {
    cwd: at,
    tty: over.tty === true,
    env: {
      KUFLOW_API_CLIENTID: CLIENT_ID,
      KUFLOW_API_CLIENTSECRET: CLIENT_SECRET,
      KUFLOW_API_ENDPOINT: server.url,
      TEMPORAL_TARGET: '127.0.0.1:1',
      ...over.env,
    },
  });
  const root = { name: 'kuflow', description: '', version: '1', invocation: 'npx kuflow', commands: kuflowEntries };
  const status = await runProgram(root, host);
  const [out, err] = [stdout(), stderr()];
  if (args[0] !== 'token') expect(out + err).not.toContain('canary');
  return { status, out, err, at, asked: server.requests.length };
}

function errorBody(status: number): object {
  return { timestamp: '2026-01-01T00:00:00Z', status, message: `answer ${status}`, errors: [] };
}

describe('pull', () => {
  it('with --offline requests a certificate once, then reuses it', async () => {
    const first = await kuflow(['pull', '--offline', '--json']);
    expect(first).toMatchObject({ status: 0, asked: 1 });
    const { out, at } = first;
    expect(JSON.parse(out)).toMatchObject({
      result: 'pulled',
      engine: null,
      set: { namespace: 'loans', proven: false },
    });
    // The server of the second run has another port, which is another endpoint, so the flag has to override it.
    const endpoint = (JSON.parse(out) as { set: { endpoint: string } }).set.endpoint;
    const again = await kuflow(['pull', '--endpoint', endpoint], { at });
    expect(again).toMatchObject({ status: 0, asked: 0 });
    expect(again.out).toContain('nothing was requested or changed');
    const asData = await kuflow(['pull', '--json', '--endpoint', endpoint], { at });
    expect(JSON.parse(asData.out)).toMatchObject({
      result: 'unchanged',
      settings: { file: join(at, 'application-local.yaml'), keys: [] },
    });
    const dry = await kuflow(['pull', '--dry-run'], { at });
    expect(dry).toMatchObject({ status: 0, asked: 0 });
    expect(dry.out).toMatch(/reason: the set is for http.*, but the settings have http/);
  });

  it.each([
    [401, 'did not accept the credentials', 1],
    [403, 'does not allow', 1],
  ])('reports status %i and leaves no files', async (code, message, status) => {
    const ended = await kuflow(['pull', '--offline', '--debug', '--json'], { answers: { status: code } });
    expect(ended).toMatchObject({ status });
    expect(ended.err).toContain(message);
    expect(ended.err).toContain(String(code));
    expect(JSON.parse(ended.out)).toMatchObject({ error: { status } });
    expect(existsSync(join(ended.at, '.kuflow'))).toBe(false);
  });

  it('exits with 4 after a timeout, and retries rate-limited requests before it reports them', async () => {
    const at = credentialProject(folder());
    const pulling = async (restMs: number, answer: Parameters<typeof startAnsweringServer>[0]) => {
      await server?.close();
      server = await startAnsweringServer(answer);
      const request = {
        flags: { endpoint: server.url, offline: true },
        env: { KUFLOW_API_CLIENTID: CLIENT_ID, KUFLOW_API_CLIENTSECRET: CLIENT_SECRET },
        stdin: new PassThrough(),
        signal: new AbortController().signal,
        report: () => undefined,
        ...{ cwd: at, clock: systemClock, restMs },
      };
      return await pullCredentials(request).catch((error: unknown) => error);
    };
    expect(await pulling(500, () => undefined)).toMatchObject({
      status: 4,
      kind: 'timeout',
    });
    const busy = await pulling(15_000, (_request, response) =>
      sendJson(response, 429, errorBody(429), { 'retry-after': '0' }),
    );
    expect(busy).toMatchObject({ kind: 'rate-limited', httpStatus: 429 });
    expect(server?.requests.length).toBeGreaterThan(1);
    expect(existsSync(join(at, '.kuflow'))).toBe(false);
  });

  it('rejects invalid answers', async () => {
    const other = await authority.issue({ commonName: 'other' });
    const tls = { serverRootCaCertificate: authority.cert, clientCertificate: pair.cert, clientPrivateKey: other.key };
    const body = { type: 'ENGINE_CERTIFICATE', engineCertificate: { namespace: 'loans', tls } };
    const mismatch = await kuflow(['pull', '--offline'], { answers: { body } });
    expect(mismatch).toMatchObject({ status: 1 });
    expect(mismatch.err).toContain('does not match the client certificate');
    const without = await kuflow(['pull', '--offline'], { answers: { body: { type: 'ENGINE_CERTIFICATE' } } });
    expect(without.err).toContain('does not contain an engine certificate');
    expect(existsSync(join(without.at, '.kuflow'))).toBe(false);
    const noEnd = { type: 'ENGINE_TOKEN', engineToken: { token: 'canary-token' } };
    const token = await kuflow(['token'], { answers: { body: noEnd } });
    expect(token.status).toBe(1);
    expect(token.out).toBe('');
    expect(token.err).toContain('expiredAt');
    expect(token.err).not.toContain('canary');
  });

  it('reports an engine that does not answer, and changes nothing', async () => {
    const ended = await kuflow(['pull']);
    expect(ended.status).toBe(1);
    expect(ended.err).toContain('Nothing is listening at 127.0.0.1:1; nothing was changed');
    expect(ended.err).toContain('add --offline');
    // A certificate, and a token for the test.
    expect(ended.asked).toBe(2);
    expect(existsSync(join(ended.at, '.kuflow'))).toBe(false);
    // A rotation always needs the engine.
    const rotated = await kuflow(['rotate']);
    expect(rotated.err).toContain('Nothing is listening at 127.0.0.1:1; nothing was changed');
    expect(rotated.err).not.toContain('--offline');
  });

  it('lists missing settings and exits with 2', async () => {
    const ended = await kuflow(['pull'], {
      env: { KUFLOW_API_CLIENTID: '', KUFLOW_API_CLIENTSECRET: '' },
      at: credentialProject(folder(), null),
    });
    expect(ended).toMatchObject({ status: 2, asked: 0 });
    expect(ended.err).toContain('kuflow.api.client-secret');
    expect(ended.err).toContain('→ Pass --client-id');
    // The client ID in the project's file would still be used.
    expect(ended.err).not.toContain('Store the credentials once');
  });
});

describe('token', () => {
  it('is printed to a pipe, and to a terminal only with --show', async () => {
    expect((await kuflow(['token'])).out).toBe('canary-token\n');
    expect(JSON.parse((await kuflow(['token', '--json'])).out)).toEqual({
      token: 'canary-token',
      expiresAt: IN_AN_HOUR,
    });
    const refused = await kuflow(['token'], { tty: true });
    expect(refused).toMatchObject({ status: 2, asked: 0, out: '' });
    expect((await kuflow(['token', '--json'], { tty: true })).status).toBe(2);
    expect((await kuflow(['token', '--show'], { tty: true })).out).toBe('canary-token\n');
  });
});

describe('status', () => {
  it('shows the source of each value and every problem', async () => {
    const { at, out } = await kuflow(['pull', '--offline', '--json']);
    const { set } = JSON.parse(out) as { set: { endpoint: string; folder: string } };
    const status = (...more: string[]) => kuflow(['status', '--endpoint', set.endpoint, ...more], { at });
    const fine = await status('--json');
    expect(fine).toMatchObject({ status: 0, asked: 0 });
    expect(JSON.parse(fine.out)).toMatchObject({ store: { kind: 'set', set: { stale: [], provenByEngine: false } } });
    expect(JSON.parse(fine.out)).toHaveProperty(
      'settings',
      expect.arrayContaining([
        {
          key: 'kuflow.api.client-secret',
          value: '[redacted]',
          source: 'KUFLOW_API_CLIENTSECRET',
          shadows: ['application-local.yaml:4'],
        },
      ]),
    );
    const elsewhere = await kuflow(['status'], { at });
    expect(elsewhere.status).toBe(1);
    expect(elsewhere.out).toMatch(/✖ the set is for http/);
    const withoutUnicode = await kuflow(['status'], { at, env: { TERM: 'linux' } });
    expect(withoutUnicode.out).toMatch(/^x the set is for http/m);
    writeFileSync(join(set.folder, 'client.key'), 'canary');
    const broken = await status();
    expect(broken.status).toBe(1);
    expect(broken.out).toContain('The private key does not contain a complete PEM block');
    const lock = join(set.folder, 'lock.json');
    writeFileSync(join(set.folder, 'client.key'), pair.key);
    // As if it had been pulled when it was issued, and had nearly expired.
    writeFileSync(
      lock,
      readFileSync(lock, 'utf8').replace(/"pulledAt": ".*?"/, '"pulledAt": "2020-01-01T00:00:00.000Z"'),
    );
    expect((await status()).status).toBe(0);
    const short = await authority.issue({ commonName: 'short', fromDays: -20, toDays: 1 });
    writeFileSync(join(set.folder, 'client.key'), short.key);
    writeFileSync(join(set.folder, 'client.pem'), short.cert);
    const due = await status('--json', '--fail-on', 'warn');
    expect(due.status).toBe(1);
    expect(JSON.parse(due.out)).toMatchObject({
      store: { set: { stale: [{ reason: 'changed' }, { reason: 'renewal-due' }] } },
    });
  });

  it('succeeds for a project without a set', async () => {
    const ended = await kuflow(['status']);
    expect(ended).toMatchObject({ status: 0, asked: 0 });
    expect(ended.out).toContain('a worker requests one from KuFlow each time it starts');
    expect(ended.out).toContain('npx kuflow credentials pull');
  });

  describe('checks the certificate that a worker would use:', () => {
    interface StatusCall {
      readonly at?: string;
      readonly env?: NodeJS.ProcessEnv;
    }
    const checkStatus = async ({ at = credentialProject(folder()), env = {} }: StatusCall) => {
      const printed = await kuflow(['status', '--fail-on', 'warn'], { at, env });
      const { out } = await kuflow(['status', '--json'], { at, env });
      return { status: printed.status, text: printed.out, store: (JSON.parse(out) as { store: object }).store };
    };
    /** Certificate, key and CA in a new folder, valid from `fromDays` to `toDays`. */
    const ownFiles = async (fromDays: number, toDays: number, key?: string) => {
      const issued = await authority.issue({ commonName: 'own', fromDays, toDays });
      const text = { cert: issued.cert, key: key ?? issued.key, ca: authority.cert };
      const at = folder();
      const paths = { cert: join(at, 'c.pem'), key: join(at, 'k.pem'), ca: join(at, 'ca.pem') };
      for (const part of ['cert', 'key', 'ca'] as const) writeFileSync(paths[part], text[part], { mode: 0o600 });
      return { text, paths };
    };
    const inSettings = ({ cert, key, ca }: { cert: string; key: string; ca: string }): string =>
      credentialProject(
        folder(),
        `temporal:\n  namespace: loans\n  mutual-tls:\n    cert: ${cert}\n    key: ${key}\n    ca: ${ca}\n`,
      );
    const EXPIRED = /✖ The client certificate expired on \d{4}-/;

    it('files named by variables, which override a pulled set', async () => {
      const { at, out } = await kuflow(['pull', '--offline', '--json']);
      const { set } = JSON.parse(out) as { set: { id: string; folder: string } };
      const { paths } = await ownFiles(-20, -1);
      const env = {
        TEMPORAL_MUTUALTLS_CERT: paths.cert,
        TEMPORAL_MUTUALTLS_KEY: paths.key,
        TEMPORAL_MUTUALTLS_CA: paths.ca,
      };
      const { status, text, store } = await checkStatus({ at, env });
      expect(status).toBe(1);
      expect(text).toMatch(EXPIRED);
      expect(text).not.toContain('are valid');
      expect(text).toContain('TEMPORAL_MUTUALTLS_CERT');
      expect(text).toMatch(new RegExp(`It overrides the set .*${set.id}`));
      expect(store).toMatchObject({
        kind: 'other',
        source: 'TEMPORAL_MUTUALTLS_CERT',
        certificate: { subject: 'CN=own' },
        stale: [{ reason: 'unusable' }],
        shadows: { id: set.id, folder: set.folder },
        others: [set.id],
      });
      // A missing file is not replaced by the file of the set.
      const absent = await checkStatus({ at, env: { ...env, TEMPORAL_MUTUALTLS_KEY: join(at, 'none.key') } });
      expect(absent.status).toBe(2);
      expect(absent.text).toMatch(
        /A worker cannot use the certificate in the settings:\n {2}temporal\.mutual-tls\.key \(TEMPORAL_MUTUALTLS_KEY\): expected .*\nIt overrides/,
      );
      expect(absent.text.split('temporal.mutual-tls.key (')).toHaveLength(2);
      expect(absent.text).not.toContain('are valid');
      expect(absent.store).toMatchObject({ kind: 'unusable', shadows: { id: set.id } });
    });

    it('files of a set that are named by variables, compared with its lock file', async () => {
      const { at, out } = await kuflow(['pull', '--offline', '--json']);
      const { set } = JSON.parse(out) as { set: { id: string; endpoint: string; files: Record<string, string> } };
      const env = {
        TEMPORAL_MUTUALTLS_CERT: set.files['cert'],
        TEMPORAL_MUTUALTLS_KEY: set.files['key'],
        TEMPORAL_MUTUALTLS_CA: set.files['ca'],
      };
      const same = await kuflow(['status', '--endpoint', set.endpoint], { at, env });
      expect(same.out).toContain('The files are unchanged since they were pulled, and are valid');
      expect(same.out).not.toContain('It overrides');
      // The namespace in the variable counts.
      const elsewhere = await kuflow(['status', '--endpoint', set.endpoint], {
        at,
        env: { ...env, TEMPORAL_NAMESPACE: 'other' },
      });
      expect(elsewhere.status).toBe(1);
      expect(elsewhere.out).toContain('the set is for namespace loans, but the settings have other');
    });

    it('an inline certificate', async () => {
      const { text: pem } = await ownFiles(-20, -1);
      const env = {
        TEMPORAL_NAMESPACE: 'loans',
        TEMPORAL_MUTUALTLS_CERTDATA: pem.cert,
        TEMPORAL_MUTUALTLS_KEYDATA: pem.key,
        TEMPORAL_MUTUALTLS_CADATA: pem.ca,
      };
      const { status, text, store } = await checkStatus({ env });
      expect(status).toBe(1);
      expect(text).toMatch(EXPIRED);
      expect(text).not.toContain('No certificate is configured');
      expect(text).not.toContain('PRIVATE KEY');
      expect(store).toMatchObject({ kind: 'inline', source: 'TEMPORAL_MUTUALTLS_CERTDATA', others: [] });
    });

    it('files named in application files that were not pulled', async () => {
      const expired = await checkStatus({ at: inSettings((await ownFiles(-20, -1)).paths) });
      expect(expired.status).toBe(1);
      expect(expired.text).toMatch(EXPIRED);
      expect(expired.text).toMatch(/valid until +\d{4}-.*\(expired\)/);

      const fine = await checkStatus({ at: inSettings((await ownFiles(-1, 30)).paths) });
      expect(fine.status).toBe(0);
      expect(fine.text).toMatch(/valid until +\d{4}-/);
      expect(fine.text).toMatch(/renew before +\d{4}-/);
      expect(fine.text).toContain('✔ The certificate was not pulled here, and is valid');
      expect(fine.store).toMatchObject({ kind: 'other', source: 'application-local.yaml:4', stale: [] });

      const due = await checkStatus({ at: inSettings((await ownFiles(-20, 1)).paths) });
      expect(due.status).toBe(3);
      expect(due.text).toContain("! two thirds of the certificate's lifetime have passed");

      const mixed = await checkStatus({ at: inSettings((await ownFiles(-1, 30, pair.key)).paths) });
      expect(mixed.status).toBe(1);
      expect(mixed.text).toContain('✖ The private key does not match the client certificate');
    });
  });
});

describe('the token of a set', () => {
  it('is requested again if its file is missing or changed', async () => {
    const first = await kuflow(['pull', '--offline', '--with-token', '--json']);
    const { at } = first;
    const { set } = JSON.parse(first.out) as { set: { endpoint: string; folder: string } };
    const token = join(set.folder, 'engine.token');
    const again = (...more: string[]) =>
      kuflow(['pull', '--offline', '--with-token', '--endpoint', set.endpoint, ...more], { at });
    const status = () => kuflow(['status', '--endpoint', set.endpoint], { at });
    expect((await again()).out).toContain('nothing was requested or changed');
    expect((await status()).status).toBe(0);
    if (process.platform !== 'win32') {
      chmodSync(token, 0o644);
      expect((await status()).out).toContain('✖ engine.token is accessible to other users: chmod 600');
      chmodSync(token, 0o600);
    }
    writeFileSync(token, '');
    expect((await status()).out).toContain('✖ engine.token does not contain a token');
    rmSync(token);
    const gone = await status();
    expect(gone.status).toBe(1);
    expect(gone.out).toContain('✖ engine.token is missing');
    // The server of this run is another endpoint, which would be a reason by itself.
    const pulling = await kuflow(['pull', '--dry-run', '--with-token', '--json', '--endpoint', set.endpoint], { at });
    expect(JSON.parse(pulling.out)).toMatchObject({
      result: 'would-pull',
      because: [{ reason: 'files', text: 'engine.token is missing' }],
    });
  });
});

describe('pull --format', () => {
  it('exports the renewal time that the lock file and status have', async () => {
    const { out, err, at } = await kuflow(['pull', '--offline', '--format', 'json', '--output', '-']);
    const exported = JSON.parse(out) as { renewBefore: string; endpoint: string };
    const [id = ''] = readdirSync(join(at, '.kuflow', 'credentials')).filter((name) => !name.startsWith('.'));
    const lock = readFileSync(join(at, '.kuflow', 'credentials', id, 'lock.json'), 'utf8');
    expect(err).toContain('A new engine certificate is in use');
    expect(exported.renewBefore).toBe((JSON.parse(lock) as { renewBefore: string }).renewBefore);
    const status = await kuflow(['status', '--json', '--endpoint', exported.endpoint], { at });
    expect(JSON.parse(status.out)).toMatchObject({ store: { set: { renewBefore: exported.renewBefore } } });
  });
});

describe('the environment of a command', () => {
  it('has the credentials, and nothing that would override them', () => {
    const verdict = verifyMaterial(
      { namespace: 'loans', text: { cert: pair.cert, key: pair.key, ca: authority.cert } },
      systemClock.now(),
    );
    if (!verdict.ok) throw new Error('not verified');
    const place = { endpoint: 'https://api.kuflow.com/v2024-06-14', principal: CLIENT_ID, target: 'engine:443' };
    const token = { value: new Secret('t'), expiresAt: '2026-01-01T00:00:00.000Z' };
    const set = { ...place, ...verdict.verified, token };
    const rest = {
      KUFLOW_API_ENDPOINT: place.endpoint,
      KUFLOW_API_CLIENTID: CLIENT_ID,
      KUFLOW_API_CLIENTSECRET: 's',
      KUFLOW_API_CLIENTSECRET_FILE: undefined,
    };
    const base = {
      PATH: '/bin',
      TEMPORAL_TLS: 'true',
      TEMPORAL_TLS_CERT: 'legacy',
      TEMPORAL_TLS_CLIENT_CERT_DATA: 'x',
      TEMPORAL_PROFILE: 'other',
      TEMPORAL_ENV: 'other',
      TEMPORAL_ENV_FILE: '/x',
      temporal_config_file: '/x',
      TEMPORAL_MUTUALTLS_CERTDATA: 'x',
      TEMPORAL_GRPC_META_AUTHORIZATION: 'x',
      TEMPORAL_KUFLOWQUEUE: 'Q',
      KUFLOW_API_CLIENTSECRET_FILE: '/x',
      KUFLOW_API_TENANTID: 'x',
    };
    const paths = { cert: '/a/client.pem', key: '/a/client.key', ca: '/a/ca.pem' };
    const {
      TEMPORAL_CONFIG_FILE: profiles = '',
      TEMPORAL_ENV_FILE: environments = '',
      ...given
    } = childEnvironment(base, rest, set, paths);
    for (const file of [profiles, environments]) {
      expect(isAbsolute(file)).toBe(true);
      expect(existsSync(dirname(file))).toBe(false);
    }
    expect(given).toEqual({
      PATH: '/bin',
      TEMPORAL_KUFLOWQUEUE: 'Q',
      KUFLOW_API_ENDPOINT: place.endpoint,
      KUFLOW_API_CLIENTID: CLIENT_ID,
      KUFLOW_API_CLIENTSECRET: 's',
      TEMPORAL_TARGET: 'engine:443',
      TEMPORAL_ADDRESS: 'engine:443',
      TEMPORAL_NAMESPACE: 'loans',
      TEMPORAL_API_KEY: 't',
      TEMPORAL_MUTUALTLS_CERT: paths.cert,
      TEMPORAL_MUTUALTLS_KEY: paths.key,
      TEMPORAL_MUTUALTLS_CA: paths.ca,
      TEMPORAL_TLS_CLIENT_CERT_PATH: paths.cert,
      TEMPORAL_TLS_CLIENT_KEY_PATH: paths.key,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: paths.ca,
    });
    const inline = childEnvironment({}, rest, set);
    expect(inline['TEMPORAL_TLS_CLIENT_KEY_DATA']).toBe(pair.key);
    expect(Object.keys(inline).filter((name) => name.endsWith('_PATH'))).toEqual([]);
    // As the Temporal SDKs read it, with a profile of the user where they would look.
    const home = folder();
    mkdirSync(join(home, 'temporalio'));
    writeFileSync(
      join(home, 'temporalio', 'temporal.toml'),
      '[profile.default.tls]\ndisabled = true\nclient_cert_path = "/a/theirs.pem"\n',
    );
    const seen = loadClientConnectConfig({ overrideEnvVars: { XDG_CONFIG_HOME: home, ...inline } });
    const { tls, ...options } = seen.connectionOptions as { readonly tls?: { clientCertPair?: { crt: Uint8Array } } };
    expect(options).toMatchObject({ address: 'engine:443', apiKey: 't' });
    expect(Buffer.from(tls?.clientCertPair?.crt ?? []).toString()).toBe(pair.cert);
  });
});
