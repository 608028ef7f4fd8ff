import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { Secret } from '../../src/base/secret.ts';
import { planPem, withPemFolderLock, writePem } from '../../src/commands/credentials/formats/pem-folder.ts';
import type { CredentialSet } from '../../src/commands/credentials/credential-set.ts';
import { storeLayout, createSetRecord, writeSet } from '../../src/commands/credentials/store/sets.ts';
import { withStoreLock } from '../../src/commands/credentials/store/lock.ts';
import { readLocalSettings, replaceLocalSettings } from '../../src/commands/credentials/store/settings-file.ts';
import { nodeFileSystem, type FileSystem } from '../../src/files/node-file-system.ts';
import { withStoppedState } from '../../src/platform/state/require-stopped.ts';
import { openStage } from '../../src/files/staged-write.ts';
import { stateStaging, swapState } from '../../src/platform/state/swap.ts';
import { databasePath, takeOwnerLock } from '../../src/platform/store/owner-lock.ts';
import { removeProfile, storeProfile, type ProfileContext } from '../../src/profiles/store.ts';
import { recoverAround } from '../../src/project/edit/journal.ts';
import { writeChanges, writeFiles } from '../../src/project/write-files.ts';

/** A command that changes several files. Secrets contain `canary`. */
export interface StagedWriteUser {
  readonly name: string;
  /** Creates the state before the command. */
  readonly prepare: (folder: string) => Promise<void>;
  readonly run: (folder: string, files: FileSystem) => Promise<void>;
  /** What the next command does first. */
  readonly recover: (folder: string) => Promise<unknown>;
  /** Files that may remain in the old state: nothing refers to them. */
  readonly spare?: RegExp;
}

const put = (folder: string, texts: Readonly<Record<string, string>>, mode = 0o644): void => {
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { mode });
  }
};
const bytes = (text: string): Buffer => Buffer.from(text);
const done = Promise.resolve();
const waiting = { clock: systemClock };

const setOf = (text: string): CredentialSet => {
  const facts = {
    subject: '-',
    issuer: '-',
    serial: '-',
    fingerprint: '-',
    notBefore: '2026-01-01T00:00:00.000Z',
    notAfter: '2026-04-01T00:00:00.000Z',
  };
  return {
    ...{ endpoint: 'https://api.example.com', principal: 'p', target: 'localhost:1', namespace: 'n' },
    certificate: `${text} certificate`,
    privateKey: new Secret(`canary ${text} key`),
    authorities: `${text} authorities`,
    token: { value: new Secret(`canary-${text}-token`), expiresAt: '2026-01-01T00:00:00.000Z' },
    ...{ leaf: facts, roots: [facts] },
  };
};

const profiles = (folder: string, files: FileSystem): ProfileContext => {
  const context = { folder: join(folder, 'kuflow'), env: {}, clock: systemClock, files };
  return { ...context, signal: new AbortController().signal };
};
const login = (folder: string, files: FileSystem, secret: string) =>
  storeProfile(
    {
      profile: { name: 'work', endpoint: 'https://api.example.com', clientId: 'c' },
      ...{ secret: new Secret(secret), makeDefault: false, useKeychain: false },
    },
    profiles(folder, files),
  );

const SET_ID = '20260102-030405-0a1b2c';

export const STAGED_WRITE_USERS: readonly StagedWriteUser[] = [
  {
    name: 'create, in a workspace',
    prepare: (folder) => {
      put(folder, { 'package.json': 'members: []', 'worker/.gitignore': 'mine', 'worker/mine.txt': 'mine' });
      mkdirSync(join(folder, '.git'));
      mkdirSync(join(folder, '.kuflow'));
      return done;
    },
    run: (folder, files) => {
      const file = (path: string, text: string, mode: 0o644 | 0o755 | 0o600) => {
        return { path, contents: bytes(text), mode, action: 'create' } as const;
      };
      const worker = [
        file('src/a.ts', 'a', 0o644),
        file('src/deep/b.ts', 'b', 0o644),
        file('run.sh', 'run', 0o755),
        file('application-local.yaml', 'canary', 0o600),
        { ...file('.gitignore', 'mine and ours', 0o644), action: 'merge', original: bytes('mine') } as const,
      ];
      const list = file('package.json', 'members: [worker]', 0o644);
      const outside = [{ ...list, action: 'overwrite', original: bytes('members: []') } as const];
      return writeFiles(
        { folder: join(folder, 'worker'), files: worker, conflicts: [], outside: [{ folder, files: outside }] },
        { files },
      );
    },
    recover: (folder) => recoverAround(join(folder, 'worker'), { all: true }),
  },
  {
    name: 'add, sync and update',
    prepare: (folder) => {
      put(folder, { 'a.ts': 'old', 'gone/b.ts': 'old', 'c.sh': 'same', '.kuflow/project.json': 'old' });
      return done;
    },
    run: (folder, files) => {
      const changes = [
        { path: 'a.ts', before: bytes('old'), after: bytes('new') },
        { path: 'gone/b.ts', before: bytes('old'), after: undefined },
        { path: 'c.sh', before: bytes('same'), after: bytes('same'), mode: 0o755 },
        { path: 'new/deep/d.ts', before: undefined, after: bytes('new') },
        { path: 'application-local.yaml', before: undefined, after: bytes('canary'), mode: 0o600 },
      ] as const;
      const record = { path: '.kuflow/project.json', before: bytes('old'), after: bytes('new') };
      return writeChanges(folder, changes, [record], { files });
    },
    recover: recoverAround,
  },
  {
    name: 'credentials pull --output, into a folder',
    prepare: (folder) => {
      put(folder, { 'ca.pem': 'old', 'client.pem': 'old', 'client.key': 'canary old' }, 0o600);
      return done;
    },
    run: (folder, files) =>
      withPemFolderLock(files, folder, waiting, async () =>
        writePem(files, folder, await planPem(files, folder, setOf('new'))),
      ),
    recover: (folder) => withPemFolderLock(nodeFileSystem, folder, waiting, () => done),
  },
  {
    name: 'credentials pull',
    prepare: async (folder) => {
      put(folder, { 'application-local.yaml': 'old: canary\n' }, 0o600);
      await withStoreLock(nodeFileSystem, storeLayout(folder), waiting, () => done);
    },
    run: (folder, files) => {
      const layout = storeLayout(folder);
      return withStoreLock(files, layout, waiting, async () => {
        const set = setOf('new');
        const record = createSetRecord(set, {
          id: SET_ID,
          pulledAt: '2026-01-01T00:00:00.000Z',
          proven: true,
          previous: undefined,
        });
        await writeSet(files, layout, set, record);
        await replaceLocalSettings(files, layout, await readLocalSettings(files, layout), 'new: canary\n');
      });
    },
    recover: (folder) => withStoreLock(nodeFileSystem, storeLayout(folder), waiting, () => done),
    spare: /^\.kuflow\/credentials\/(20|\.gitignore)/,
  },
  {
    name: 'login, with the secret in a file',
    prepare: async (folder) => {
      await login(folder, nodeFileSystem, 'canary old');
    },
    run: async (folder, files) => {
      await login(folder, files, 'canary new');
    },
    recover: (folder) => removeProfile('nobody', profiles(folder, nodeFileSystem)),
  },
  {
    name: 'dev import',
    prepare: (folder) => {
      put(folder, { 'state.db': 'old', 'state.db-wal': 'old', 'pki/ca.key': 'canary old', 'other.txt': 'mine' }, 0o600);
      return done;
    },
    run: async (folder, files) => {
      const lock = takeOwnerLock(databasePath(folder));
      put(
        await openStage(stateStaging(folder, files)),
        { 'state.db': 'new', 'documents/1': 'new', 'pki/ca.key': 'canary new' },
        0o600,
      );
      await swapState(folder, files);
      lock.release();
    },
    recover: (folder) => withStoppedState(folder, () => done),
  },
];
