import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { KnownError } from '../../../../src/base/errors.ts';
import type { ExportEvent } from '../../../../src/commands/credentials/formats/export-set.ts';
import { nodeFiles } from '../../../../src/files/node-file-system.ts';
import type { StoreFiles } from '../../../../src/files/file-system.ts';
import { pullAndExport, type ExportFlags } from '../../../../src/commands/credentials/export.ts';
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

/** Makes a new certificate for each request, as KuFlow does. */
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
  readonly files?: StoreFiles;
  readonly onExport?: (event: ExportEvent) => void;
}

function exporting(at: string, exported: ExportFlags, over: Over = {}) {
  return pullAndExport({
    flags: { endpoint: server?.url ?? '' },
    env: { PATH: process.env['PATH'], KUFLOW_API_CLIENTID: CLIENT_ID, KUFLOW_API_CLIENTSECRET: CLIENT_SECRET },
    stdin: new PassThrough(),
    signal: new AbortController().signal,
    ...{ cwd: at, clock: systemClock, force: false, offline: true, withToken: false, dryRun: false },
    report: () => undefined,
    onPulled: () => undefined,
    onExport: () => undefined,
    exported,
    ...over,
  });
}

const failing = async (ended: Promise<unknown>): Promise<KnownError> => {
  const error: unknown = await ended.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(KnownError);
  return error as KnownError;
};

/** What each target is made of; the folder is the project's. */
const BAD: readonly (readonly [
  name: string,
  make: (at: string) => void,
  exported: ExportFlags,
  why: RegExp,
  over?: Over,
])[] = [
  [
    'client.pem that is a link, for pem',
    (at) => symlinkSync('elsewhere', join(at, 'out', 'client.pem')),
    { format: 'pem', output: 'out' },
    /client\.pem: it is a symbolic link/,
  ],
  [
    'ca.pem that is a folder, for pem',
    (at) => mkdirSync(join(at, 'out', 'ca.pem')),
    { format: 'pem', output: 'out' },
    /ca\.pem: it is a folder/,
  ],
  [
    'engine.token that is a folder, for pem with a token',
    (at) => mkdirSync(join(at, 'out', 'engine.token')),
    { format: 'pem', output: 'out' },
    /engine\.token: it is a folder/,
    { withToken: true },
  ],
  [
    'a journal of somebody else, for pem',
    (at) => writeFileSync(join(at, 'out', '.kuflow-credentials-journal.json'), 'x'),
    { format: 'pem', output: 'out' },
    /is no journal of ours/,
  ],
  [
    'a name that is none for a Secret',
    () => undefined,
    { format: 'k8s-secret', output: 'out/secret.yaml', secretName: 'My_Secret' },
    /My_Secret is no name for a Secret/,
  ],
  [
    'the same, for standard output',
    () => undefined,
    { format: 'k8s-secret', output: '-', secretName: 'My_Secret' },
    /My_Secret is no name for a Secret/,
  ],
  [
    'several Secrets',
    (at) =>
      writeFileSync(
        join(at, 'out', 'secret.yaml'),
        ['a', 'b'].map((name) => `apiVersion: v1\nkind: Secret\nmetadata: { name: ${name} }\n`).join('---\n'),
      ),
    { format: 'k8s-secret', output: 'out/secret.yaml' },
    /holds several Secrets: a, b/,
  ],
  [
    'a profile without a name',
    () => undefined,
    { format: 'temporal-toml', output: 'out/temporal.toml', temporalProfile: '' },
    /name of the profile is empty/,
  ],
  [
    'a profile for what has none',
    () => undefined,
    { format: 'dotenv', output: '-', temporalProfile: 'a' },
    /^--temporal-profile belongs to --format temporal-toml, not to dotenv$/,
  ],
  [
    'a name of a Secret for what is none',
    () => undefined,
    { format: 'pem', output: 'out', secretName: 'a' },
    /^--secret-name belongs to --format k8s-secret, not to pem$/,
  ],
  [
    'YAML with a key twice',
    (at) => writeFileSync(join(at, 'out', 'a.yaml'), 'a: canary\na: 2\n'),
    { format: 'yaml', output: 'out/a.yaml' },
    /a key stands in it twice, line 2/,
  ],
  [
    'YAML that holds a list where a value goes',
    (at) => writeFileSync(join(at, 'out', 'a.yaml'), 'temporal: [canary]\n'),
    { format: 'yaml', output: 'out/a.yaml' },
    /no place for a value/,
  ],
  [
    'broken TOML',
    (at) => writeFileSync(join(at, 'out', 'a.toml'), 'canary = \n'),
    { format: 'temporal-toml', output: 'out/a.toml' },
    /no valid TOML/,
  ],
  [
    'an open quote in an environment file',
    (at) => writeFileSync(join(at, 'out', '.env'), 'A="canary\n'),
    { format: 'dotenv', output: 'out/.env' },
    /the quote of the value in line 1 is not closed/,
  ],
  [
    'broken JSON',
    (at) => writeFileSync(join(at, 'out', 'a.json'), '{ canary'),
    { format: 'json', output: 'out/a.json' },
    /no valid JSON/,
  ],
];

describe('a target that can not be written', () => {
  it.each(BAD.map((one) => [one[0], one] as const))(
    '(%s) is said before KuFlow is asked, and nothing is switched',
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

  it.runIf(POSIX)('(in a folder where nobody may write) is said before KuFlow is asked', async (context) => {
    const kuflow = await startKuFlow();
    const at = credentialProject(folder());
    const closed = join(at, 'closed');
    mkdirSync(closed);
    const root = process.getuid?.() === 0;
    // Root may write anywhere but into what is mounted read-only.
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

  it('for a set that is in use already does no harm', async () => {
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

describe('a disk that is full', () => {
  const full = (name: RegExp): StoreFiles => ({
    ...nodeFiles,
    create: (path) =>
      name.test(path) ? Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })) : nodeFiles.create(path),
  });

  it('only at the target says that the new set is in use, and the same line writes it when there is room', async () => {
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
          ? `Writing the credentials failed: the disk is full; the new set ${id} is in use all the same`
          : `Writing .env failed: the disk is full; the new set ${id} is in use all the same`,
      );
      expect(error.next.join(' ')).toContain('Make room');
      expect(error.next.join(' ')).not.toContain('Nothing was switched');
      const asked = kuflow.requests.length;
      expect(await exporting(at, exported)).toMatchObject({ exported: { kind: 'written' } });
      expect(kuflow.requests).toHaveLength(asked);
      // Nothing was switched this time, so that nothing is said of it.
      writeFileSync(join(at, 'out', exported.format === 'pem' ? 'client.pem' : '.env'), '');
      expect((await failing(exporting(at, exported, { files }))).message).not.toContain('is in use');
    }
  });

  it('in the store says that nothing was switched', async () => {
    await startKuFlow();
    const at = credentialProject(folder());
    const error = await failing(exporting(at, { format: 'dotenv', output: '.env' }, { files: full(/client\.key$/) }));
    expect(error.next.join(' ')).toContain('Nothing was switched');
    expect(localText(at)).toBe(LOCAL);
    expect(existsSync(join(at, '.env'))).toBe(false);
  });
});

describe('two at once', () => {
  const FORMS = [
    { format: 'pem', output: 'out' },
    { format: 'dotenv', output: 'out/.env' },
    { format: 'yaml', output: 'out/application-prod.yaml' },
    { format: 'json', output: 'out/set.json' },
  ] as const;

  it.each(FORMS)('of $format end well, and the target has what the last one wrote', async (exported) => {
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
      // A forced one may have been overtaken: then another whole set of these runs stands there.
      const sets = readdirSync(join(at, dirname(keys[0] ?? ''), '..')).filter((name) => !name.startsWith('.'));
      const text = readFileSync(join(at, target), 'utf8').replaceAll('\\n', '\n').replaceAll(/^ +/gm, '');
      const holders = sets.filter((id) =>
        text.includes(readFileSync(join(at, '.kuflow', 'credentials', id, 'client.key'), 'utf8').trim()),
      );
      expect(holders).toHaveLength(1);
    }
    expect(readdirSync(join(at, 'out')).filter((name) => /kuflow/.test(name))).toEqual([]);
  });

  it('that wait for a third say for whom, and go on when it is done', async () => {
    await startKuFlow();
    const at = credentialProject(folder());
    mkdirSync(join(at, 'out'));
    const held = await nodeFiles.lock(join(at, 'out', '.kuflow-credentials-lock'));
    const events: ExportEvent[] = [];
    const onExport = (event: ExportEvent): void => {
      events.push(event);
      if (event.kind === 'waiting' && held.kind === 'taken') void held.release();
    };
    for (const exported of FORMS.slice(0, 2)) {
      expect(await exporting(at, exported, { onExport })).toMatchObject({ exported: { kind: 'written' } });
    }
    expect(events.map(({ kind }) => kind)).toEqual(['waiting', 'changes', 'changes']);
    expect(events[0]).toMatchObject({ path: join(at, 'out'), pid: process.pid });
  });
});
