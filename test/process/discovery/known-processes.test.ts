import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kuflowEntries } from '../../../src/bin/commands.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import {
  listDefinedProcesses,
  listRememberedProcesses,
  rememberProcesses,
} from '../../../src/discovery/known-processes.ts';
import { Secret } from '../../../src/base/secret.ts';
import { listFromApi } from '../../../src/discovery/from-api.ts';
import { startAnsweringServer } from '../../support/answering-server.ts';
import { makeTestAuthority } from '../../support/certificates.ts';
import { startConnectProxy } from '../../support/connect-proxy.ts';
import { fakeHost } from '../../support/fake-host.ts';
import { startLargeTenant } from '../../support/large-tenant.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const folder = temporaryFolders();
const owner = { endpoint: 'https://api.example.com/v2024-06-14', clientId: '0c1d5f7e-0000-4000-8000-00000ca0a0a0' };
const file = (cache: string): string => join(cache, 'kuflow', 'processes.json');

async function complete(words: readonly string[], over: { cwd: string; env: NodeJS.ProcessEnv }) {
  const fake = fakeHost(['__complete', 'fish', '--', ...words], over);
  const root = { name: 'kuflow', description: '', version: '0', invocation: 'kuflow', commands: kuflowEntries };
  const status = await runProgram(root, fake.host);
  return { status, out: fake.stdout(), err: fake.stderr() };
}

describe('remembered processes', () => {
  it('are stored by a hash of the connection, readable only by the user', async () => {
    const env = { XDG_CACHE_HOME: folder() };
    await rememberProcesses(env, owner, [{ code: 'LOAN', name: 'Loan' }]);
    await rememberProcesses(env, owner, [{ code: 'LEAVE' }]);
    expect(await listRememberedProcesses(env, owner)).toEqual([{ code: 'LEAVE' }, { code: 'LOAN', name: 'Loan' }]);
    expect(await listRememberedProcesses(env, { ...owner, clientId: 'other' })).toEqual([]);
    expect(await listRememberedProcesses(env, { ...owner, endpoint: 'https://other.example.com' })).toEqual([]);
    expect(readFileSync(file(env.XDG_CACHE_HOME), 'utf8')).not.toMatch(/0c1d5f7e|example\.com/);
    if (process.platform !== 'win32') expect(statSync(file(env.XDG_CACHE_HOME)).mode & 0o777).toBe(0o600);
  });

  it('are limited in number, and not stored for a local KuFlow', async () => {
    const env = { XDG_CACHE_HOME: folder() };
    for (let at = 0; at < 25; at++)
      await rememberProcesses(env, { ...owner, clientId: `client ${at}` }, [{ code: 'A' }]);
    expect(await listRememberedProcesses(env, { ...owner, clientId: 'client 4' })).toEqual([]);
    expect(await listRememberedProcesses(env, { ...owner, clientId: 'client 24' })).toEqual([{ code: 'A' }]);
    const local = { ...owner, endpoint: 'https://127.0.0.1:7443' };
    await rememberProcesses(env, local, [{ code: 'A' }]);
    expect(await listRememberedProcesses(env, local)).toEqual([]);
  });

  it('do not fail a command if they cannot be written or read', async () => {
    const env = { XDG_CACHE_HOME: join(folder(), 'file') };
    writeFileSync(env.XDG_CACHE_HOME, '');
    await rememberProcesses(env, owner, [{ code: 'LOAN' }]);
    expect(await listRememberedProcesses(env, owner)).toEqual([]);
    const broken = { XDG_CACHE_HOME: folder() };
    mkdirSync(join(broken.XDG_CACHE_HOME, 'kuflow'));
    writeFileSync(file(broken.XDG_CACHE_HOME), '{"owners": {"x": [{"code"');
    expect(await listRememberedProcesses(broken, owner)).toEqual([]);
  });

  it('are offered for the connection of the command line, environment or project, without a secret', async () => {
    const env = { XDG_CACHE_HOME: folder() };
    await rememberProcesses(env, owner, [{ code: 'LOAN', name: 'Loan' }]);
    const cwd = folder();
    const words = ['kuflow', 'definitions', 'show'];
    expect((await complete([...words, ''], { cwd, env })).out).toBe('words \n');
    const connection = ['--client-id', '0c1d5f7e-0000-4000-8000-00000ca0a0a0', '--endpoint=https://api.example.com'];
    expect((await complete([...words, ...connection, ''], { cwd, env })).out).toBe('words \nLOAN\tLoan\n');
    const inEnvironment = {
      KUFLOW_API_CLIENTID: '0c1d5f7e-0000-4000-8000-00000ca0a0a0',
      KUFLOW_API_ENDPOINT: 'https://api.example.com',
    };
    expect((await complete([...words, ''], { cwd, env: { ...env, ...inEnvironment } })).out).toContain('LOAN');
    writeFileSync(
      join(cwd, 'application-local.yaml'),
      'kuflow: { api: { endpoint: "https://api.example.com", client-id: 0c1d5f7e-0000-4000-8000-00000ca0a0a0, client-secret: s } }\n',
    );
    expect(await complete([...words, ''], { cwd, env })).toEqual({ status: 0, out: 'words \nLOAN\tLoan\n', err: '' });
  });

  it('are offered for a stored profile without its secret, as are profile names', async () => {
    const env = { XDG_CACHE_HOME: folder(), XDG_CONFIG_HOME: folder() };
    const cwd = folder();
    await rememberProcesses(env, owner, [{ code: 'LOAN' }]);
    mkdirSync(join(env.XDG_CONFIG_HOME, 'kuflow'));
    const profile = {
      endpoint: owner.endpoint,
      clientId: owner.clientId,
      // On no system is there an entry of this name.
      secret: { in: 'secret-service', key: 'never stored' },
    };
    writeFileSync(
      join(env.XDG_CONFIG_HOME, 'kuflow', 'profiles.json'),
      JSON.stringify({ profiles: { work: profile } }),
    );
    const words = ['kuflow', 'definitions', 'show'];
    expect((await complete([...words, ''], { cwd, env })).out).toBe('words \n');
    expect((await complete([...words, '--profile', 'work', ''], { cwd, env })).out).toBe('words \nLOAN\t\n');
    expect((await complete([...words, ''], { cwd, env: { ...env, KUFLOW_PROFILE: 'work' } })).out).toContain('LOAN');
    const names = await complete(['kuflow', 'logout', '--profile', ''], { cwd, env });
    expect(names.out).toBe(`words \nwork\t${owner.endpoint}\n`);
  });
});

describe('a command that reads the API', () => {
  it('remembers processes for completion', async () => {
    const env = { XDG_CACHE_HOME: folder() };
    const tenant = await startLargeTenant();
    const { port: tenantPort } = new URL(tenant.endpoint);
    const authority = await makeTestAuthority();
    // Processes of loopback endpoints are not stored, so the server is reached by another name over TLS.
    const front = await startAnsweringServer(
      ({ method, url, headers }, response) => {
        request({ port: tenantPort, method, path: url, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        }).end();
      },
      await authority.issue({ commonName: 'kuflow.test', hosts: ['kuflow.test'], usage: 'server' }),
    );
    const proxy = await startConnectProxy({ hosts: { 'kuflow.test': '127.0.0.1' } });
    try {
      const rest = {
        endpoint: `https://kuflow.test:${front.port}/v2024-06-14`,
        ca: authority.cert,
        credentials: { clientId: owner.clientId, clientSecret: new Secret('canary-secret') },
        proxy: { kind: 'proxy', url: proxy.url, displayUrl: proxy.url, source: 'HTTPS_PROXY' } as const,
        env,
      };
      const listing = await listFromApi(rest);
      const known = await listRememberedProcesses(env, { endpoint: rest.endpoint, clientId: owner.clientId });
      expect(known.map(({ code }) => code)).toEqual(listing.definitions.map(({ code }) => code));
      expect(known.length).toBeGreaterThan(1);
      expect(readFileSync(file(env.XDG_CACHE_HOME), 'utf8')).not.toMatch(/canary/);
    } finally {
      await proxy.close();
      await front.close();
      await tenant.close();
    }
  });
});

describe('processes defined in a project', () => {
  it('are read from all definition files, ignoring invalid ones', async () => {
    const cwd = folder();
    mkdirSync(join(cwd, 'processes'));
    writeFileSync(join(cwd, 'kuflow.process.yaml'), 'process: { code: LOAN, name: "L\\u001b[2Joan" }\n');
    writeFileSync(join(cwd, 'processes', 'leave.process.yaml'), 'process: { code: LEAVE }\ntasks: no list\n');
    writeFileSync(join(cwd, 'processes', 'broken.process.yaml'), 'process: { code: [');
    writeFileSync(join(cwd, 'processes', 'hidden.process.yaml'), 'process: { code: "A\\nB" }\n');
    writeFileSync(join(cwd, 'other.yaml'), 'process: { code: OTHER }\n');
    expect(await listDefinedProcesses(cwd)).toEqual([
      { code: 'LOAN', name: 'L\\u{1b}[2Joan', tasks: [] },
      { code: 'LEAVE', tasks: [] },
    ]);
    expect(await listDefinedProcesses(join(cwd, 'missing'))).toEqual([]);
  });
});

describe('completion in a project', () => {
  it.skipIf(process.platform === 'win32')('does not block on a pipe', async () => {
    const cwd = folder();
    for (const name of ['kuflow.process.yaml', 'application.yaml']) execFileSync('mkfifo', [join(cwd, name)]);
    const env = { XDG_CACHE_HOME: folder() };
    await rememberProcesses(env, owner, [{ code: 'REMOTE' }]);
    const { out } = await complete(['kuflow', 'definitions', 'show', ''], { cwd, env });
    expect(out).toBe('words \n');
  });

  it('works in subfolders, offers tasks by process, and only own processes for --process', async () => {
    const env = { XDG_CACHE_HOME: folder(), KUFLOW_API_CLIENTID: owner.clientId, KUFLOW_API_ENDPOINT: owner.endpoint };
    await rememberProcesses(env, owner, [{ code: 'REMOTE' }]);
    const project = folder();
    for (const name of ['.kuflow', 'processes', 'src']) mkdirSync(join(project, name));
    writeFileSync(join(project, '.kuflow', 'project.json'), '{}');
    writeFileSync(
      join(project, 'kuflow.process.yaml'),
      'process: { code: LOAN, name: Loan }\ntasks: [{ code: APPLY, name: Apply }, { code: SCORE }, { code: 3 }, 4]\n',
    );
    writeFileSync(
      join(project, 'processes', 'leave.process.yaml'),
      'process: { code: LEAVE }\ntasks: [{ code: ASK }]\n',
    );
    const inside = (...words: readonly string[]): Promise<{ readonly out: string }> =>
      complete(['kuflow', ...words], { cwd: join(project, 'src'), env });
    expect((await inside('add', 'task', 'X', '--process', '')).out).toBe('words \nLOAN\tLoan\nLEAVE\t\n');
    expect((await inside('add', 'task', 'X', '--after', '')).out).toBe('words \nAPPLY\tApply\nSCORE\t\nASK\t\n');
    expect((await inside('add', 'task', 'X', '--process', 'LEAVE', '--after', '')).out).toBe('words \nASK\t\n');
    expect((await inside('add', 'process', '')).out).toContain('REMOTE');
    expect((await inside('doctor', 'explain', '')).out).toMatch(/^words \n(?:KF-[A-Z]+-\d{3}\t.+\n){10,}$/);
  });
});

describe('the answer to a shell', () => {
  it.each([
    [['kuflow', 'create', '--definition', ''], 'files \n'],
    [['kuflow', 'dev', 'exec', '--', 'np'], 'command 4\n'],
    [['kuflow', 'nonsense', ''], 'words \n'],
    [['create-kuflow-worker', '--language', ''], 'words \ntypescript\t\n'],
    [['/somewhere/create-kuflow-worker.js', '--definition='], 'files --definition=\n'],
    [[], 'words '],
  ])('starts with the kind of completion for %j', async (words, start) => {
    const { status, out, err } = await complete(words, { cwd: folder(), env: { XDG_CACHE_HOME: folder() } });
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out.startsWith(start), out).toBe(true);
  });
});
