import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { KnownError } from '../../../../src/base/errors.ts';
import type { ExportEvent } from '../../../../src/commands/credentials/formats/export-set.ts';
import { nodeFileSystem, type FileSystem } from '../../../../src/files/node-file-system.ts';
import { pullAndExport, type ExportFlags } from '../../../../src/commands/credentials/pull.ts';
import { sendJson, startAnsweringServer, type AnsweringServer } from '../../../support/answering-server.ts';
import { makeTestAuthority, type TestAuthority } from '../../../support/certificates.ts';
import { CLIENT_ID, CLIENT_SECRET, credentialProject, LOCAL, localText } from '../../../support/credential-project.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const folder = temporaryFolders();
const POSIX = process.platform !== 'win32';
let authority: TestAuthority;
let server: AnsweringServer | undefined;

beforeAll(async () => {
  authority = await makeTestAuthority();
});
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Issues a new certificate for each request, as KuFlow does. */
async function startKuFlow(): Promise<AnsweringServer> {
  server = await startAnsweringServer(({ body }, response) => {
    const { type } = JSON.parse(body.toString('utf8')) as { type: string };
    if (type === 'ENGINE_TOKEN') {
      const expiredAt = new Date(Date.now() + 3_600_000).toISOString();
      sendJson(response, 200, { type, engineToken: { token: 'canary-token', expiredAt } });
      return;
    }
    void authority.issue({ commonName: 'app' }).then(({ cert, key }) => {
      const tls = { serverRootCaCertificate: authority.cert, clientCertificate: cert, clientPrivateKey: key };
      sendJson(response, 200, { type, engineCertificate: { namespace: 'loans', tls } });
    });
  });
  return server;
}

interface Over {
  readonly force?: boolean;
  readonly withToken?: boolean;
  readonly dryRun?: boolean;
  readonly files?: FileSystem;
  readonly onExport?: (event: ExportEvent) => void;
}

function exporting(at: string, exported: ExportFlags, { files, onExport = () => undefined, ...flags }: Over = {}) {
  return pullAndExport({
    flags: { endpoint: server?.url ?? '', offline: true, ...flags, ...exported },
    env: { PATH: process.env['PATH'], KUFLOW_API_CLIENTID: CLIENT_ID, KUFLOW_API_CLIENTSECRET: CLIENT_SECRET },
    stdin: new PassThrough(),
    signal: new AbortController().signal,
    ...{ cwd: at, clock: systemClock, onExport },
    report: () => undefined,
    onPulled: () => undefined,
    ...(files && { files }),
  });
}

const failing = async (ended: Promise<unknown>): Promise<KnownError> => {
  const error: unknown = await ended.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(KnownError);
  return error as KnownError;
};

/** Invalid targets, and how to create them in the project. */
const INVALID_TARGETS: readonly (readonly [
  name: string,
  make: (at: string) => void,
  exported: ExportFlags,
  why: RegExp,
  over?: Over,
])[] = [
  [
    'client.pem is a link, for pem',
    (at) => symlinkSync('elsewhere', join(at, 'out', 'client.pem')),
    { format: 'pem', output: 'out' },
    /client\.pem: it is a symbolic link/,
  ],
  [
    'ca.pem is a folder, for pem',
    (at) => mkdirSync(join(at, 'out', 'ca.pem')),
    { format: 'pem', output: 'out' },
    /ca\.pem: it is a folder/,
  ],
  [
    'engine.token is a folder, for pem with a token',
    (at) => mkdirSync(join(at, 'out', 'engine.token')),
    { format: 'pem', output: 'out' },
    /engine\.token: it is a folder/,
    { withToken: true },
  ],
  [
    'a journal that this tool did not write, for pem',
    (at) => {
      mkdirSync(join(at, 'out', '.kuflow-credentials-journal'));
      writeFileSync(join(at, 'out', '.kuflow-credentials-journal', 'manifest.json'), 'x');
    },
    { format: 'pem', output: 'out' },
    /is damaged/,
  ],
  [
    'an invalid name for a Secret',
    () => undefined,
    { format: 'k8s-secret', output: 'out/secret.yaml', secretName: 'My_Secret' },
    /My_Secret is not a valid name for a Secret/,
  ],
  [
    'an invalid name for a Secret, for standard output',
    () => undefined,
    { format: 'k8s-secret', output: '-', secretName: 'My_Secret' },
    /My_Secret is not a valid name for a Secret/,
  ],
  [
    'several Secrets',
    (at) =>
      writeFileSync(
        join(at, 'out', 'secret.yaml'),
        ['a', 'b'].map((name) => `apiVersion: v1\nkind: Secret\nmetadata: { name: ${name} }\n`).join('---\n'),
      ),
    { format: 'k8s-secret', output: 'out/secret.yaml' },
    /contains several Secrets: a, b/,
  ],
  [
    'an empty profile name',
    () => undefined,
    { format: 'temporal-toml', output: 'out/temporal.toml', temporalProfile: '' },
    /profile name is empty/,
  ],
  [
    'a profile for a format without profiles',
    () => undefined,
    { format: 'dotenv', output: '-', temporalProfile: 'a' },
    /^--temporal-profile requires --format temporal-toml$/,
  ],
  [
    'a Secret name for a format that is not a Secret',
    () => undefined,
    { format: 'pem', output: 'out', secretName: 'a' },
    /^--secret-name requires --format k8s-secret$/,
  ],
  [
    'YAML that repeats a key',
    (at) => writeFileSync(join(at, 'out', 'a.yaml'), 'a: canary\na: 2\n'),
    { format: 'yaml', output: 'out/a.yaml' },
    /it contains a key twice, line 2/,
  ],
  [
    'YAML with a list instead of a map',
    (at) => writeFileSync(join(at, 'out', 'a.yaml'), 'temporal: [canary]\n'),
    { format: 'yaml', output: 'out/a.yaml' },
    /uses YAML syntax that can't be edited/,
  ],
  [
    'broken TOML',
    (at) => writeFileSync(join(at, 'out', 'a.toml'), 'canary = \n'),
    { format: 'temporal-toml', output: 'out/a.toml' },
    /not valid TOML/,
  ],
  [
    'an open quote in an environment file',
    (at) => writeFileSync(join(at, 'out', '.env'), 'A="canary\n'),
    { format: 'dotenv', output: 'out/.env' },
    /the value in line 1 has no closing quote/,
  ],
  [
    'broken JSON',
    (at) => writeFileSync(join(at, 'out', 'a.json'), '{ canary'),
    { format: 'json', output: 'out/a.json' },
    /not valid JSON/,
  ],
];

describe('an invalid target', () => {
  it.each(INVALID_TARGETS.map((one) => [one[0], one] as const))(
    '(%s) is rejected before anything is requested or changed',
    async (_name, [, make, exported, why, over]) => {
      const kuflow = await startKuFlow();
      const at = credentialProject(folder());
      mkdirSync(join(at, 'out'));
      make(at);
      const before = readdirSync(join(at, 'out'));
      for (const dryRun of [true, false]) {
        const error = await failing(exporting(at, exported, { ...over, dryRun }));
        expect(error.message).toMatch(why);
        expect(error.message).not.toMatch(/canary|is in use/);
      }
      expect(kuflow.requests).toEqual([]);
      expect(existsSync(join(at, '.kuflow'))).toBe(false);
      expect(localText(at)).toBe(LOCAL);
      expect(readdirSync(join(at, 'out'))).toEqual(before);
    },
  );

  it.runIf(POSIX)('(in a read-only folder) is rejected before anything is requested', async (context) => {
    const kuflow = await startKuFlow();
    const at = credentialProject(folder());
    const closed = join(at, 'closed');
    mkdirSync(closed);
    const root = process.getuid?.() === 0;
    // Root can write everywhere except to a read-only mount.
    if (root) {
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', closed], { stdio: 'ignore' });
      } catch {
        context.skip('nothing can be mounted here');
      }
    } else chmodSync(closed, 0o555);
    try {
      for (const exported of [
        { format: 'pem', output: 'closed' },
        { format: 'dotenv', output: 'closed/.env' },
      ] as const)
        expect((await failing(exporting(at, exported))).seen).toMatch(/^E(ROFS|ACCES)$/);
    } finally {
      if (root) execFileSync('umount', [closed]);
    }
    expect(kuflow.requests).toEqual([]);
    expect(existsSync(join(at, '.kuflow'))).toBe(false);
  });

  it('does not affect a set that is already in use', async () => {
    const kuflow = await startKuFlow();
    const at = credentialProject(folder());
    await exporting(at, { format: 'dotenv', output: '.env' });
    const set = localText(at);
    writeFileSync(join(at, 'a.json'), '[]');
    await failing(exporting(at, { format: 'json', output: 'a.json' }, { force: true }));
    expect(localText(at)).toBe(set);
    expect(kuflow.requests).toHaveLength(1);
  });
});

describe('a full disk', () => {
  const full = (name: RegExp): FileSystem => ({
    ...nodeFileSystem,
    create: (path) =>
      name.test(path)
        ? Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }))
        : nodeFileSystem.create(path),
  });

  it('at the target only: reports that the new set is in use, and a rerun without --force writes it', async () => {
    const kuflow = await startKuFlow();
    const at = credentialProject(folder());
    mkdirSync(join(at, 'out'));
    for (const exported of [
      { format: 'dotenv', output: 'out/.env' },
      { format: 'pem', output: 'out' },
    ] as const) {
      const files = full(new RegExp(`^${join(at, 'out')}`));
      const error = await failing(exporting(at, exported, { files, force: true }));
      expect(error).toMatchObject({ seen: 'ENOSPC', tried: expect.stringContaining('out') as string });
      const id = /credentials\/([^/]+)\/client\.pem/.exec(localText(at) ?? '')?.[1];
      expect(error.message).toBe(
        exported.format === 'pem'
          ? `Writing the credentials failed: the disk is full; the new set ${id} is in use anyway`
          : `Writing .env failed: the disk is full; the new set ${id} is in use anyway`,
      );
      expect(error.next.join(' ')).toContain('Free some disk space');
      expect(error.next.join(' ')).not.toContain('Settings and credentials are unchanged');
      const asked = kuflow.requests.length;
      expect(await exporting(at, exported)).toMatchObject({ exported: { kind: 'written' } });
      expect(kuflow.requests).toHaveLength(asked);
      // There was no switch this time, so the error does not mention one.
      writeFileSync(join(at, 'out', exported.format === 'pem' ? 'client.pem' : '.env'), '');
      expect((await failing(exporting(at, exported, { files }))).message).not.toContain('is in use');
    }
  });

  it('in the store: reports that nothing has changed', async () => {
    await startKuFlow();
    const at = credentialProject(folder());
    const error = await failing(exporting(at, { format: 'dotenv', output: '.env' }, { files: full(/client\.key$/) }));
    expect(error.next.join(' ')).toContain('Settings and credentials are unchanged');
    expect(localText(at)).toBe(LOCAL);
    expect(existsSync(join(at, '.env'))).toBe(false);
  });
});

describe('parallel runs', () => {
  const FORMS = [
    { format: 'pem', output: 'out' },
    { format: 'dotenv', output: 'out/.env' },
    { format: 'yaml', output: 'out/application-prod.yaml' },
    { format: 'json', output: 'out/set.json' },
  ] as const;

  it.each(FORMS)('with $format all succeed, and the target has one complete set', async (exported) => {
    const kuflow = await startKuFlow();
    const at = credentialProject(folder());
    mkdirSync(join(at, 'out'));
    for (const force of [false, true]) {
      const before = kuflow.requests.length;
      const ended = await Promise.all([1, 2, 3].map(() => exporting(at, exported, { force })));
      expect(kuflow.requests.length - before).toBe(force ? 3 : 1);
      for (const { exported: result } of ended) expect(['written', 'unchanged']).toContain(result?.kind);
      const target = exported.format === 'pem' ? 'out/client.key' : exported.output;
      const keys = [...(localText(at) ?? '').matchAll(/: (\.kuflow\S+client\.key)/g)].map(([, path = '']) => path);
      // Another forced run may have written its set later.
      const sets = readdirSync(join(at, dirname(keys[0] ?? ''), '..')).filter((name) => !name.startsWith('.'));
      const text = readFileSync(join(at, target), 'utf8').replaceAll('\\n', '\n').replaceAll(/^ +/gm, '');
      const holders = sets.filter((id) =>
        text.includes(readFileSync(join(at, '.kuflow', 'credentials', id, 'client.key'), 'utf8').trim()),
      );
      expect(holders).toHaveLength(1);
    }
    expect(readdirSync(join(at, 'out')).filter((name) => /kuflow/.test(name))).toEqual([]);
  });

  it('wait for another run, report its process, and continue when it is done', async () => {
    await startKuFlow();
    const at = credentialProject(folder());
    mkdirSync(join(at, 'out'));
    const held = await nodeFileSystem.lock(join(at, 'out', '.kuflow-credentials-lock'));
    const events: ExportEvent[] = [];
    const onExport = (event: ExportEvent): void => {
      events.push(event);
      if (event.kind === 'waiting' && held.kind === 'taken') held.release();
    };
    for (const exported of FORMS.slice(0, 2)) {
      expect(await exporting(at, exported, { onExport })).toMatchObject({ exported: { kind: 'written' } });
    }
    expect(events.map(({ kind }) => kind)).toEqual(['waiting', 'changes', 'changes']);
    expect(events[0]).toMatchObject({ path: join(at, 'out'), pid: process.pid });
  });
});
