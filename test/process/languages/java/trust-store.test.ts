import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { javaEnvironment } from '../../../../src/languages/java/trust-store.ts';
import { parseDefinition } from '../../../../src/process/definition/file.ts';
import { runningStateOf } from '../../../support/running-state-of.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { findJavaHome } from '../../../../src/languages/java/jdk.ts';

// The tools of these JDKs are shell scripts. A real JVM uses the printed environment in test/e2e/dev.test.ts.
const withoutShell = process.platform === 'win32' ? 'The tools of the test are shell scripts' : undefined;

const newFolder = temporaryFolders();
let folder: string;
let caFile: string;

/** A JDK whose keytool appends the certificate to the store. */
function createJdk(name: string, keytool = 'cat "$6" >> "$8"; echo x >> "$0.runs"'): string {
  const home = join(folder, name);
  mkdirSync(join(home, 'bin'), { recursive: true });
  mkdirSync(join(home, 'lib', 'security'), { recursive: true });
  writeFileSync(join(home, 'lib', 'security', 'cacerts'), 'PUBLIC ROOTS\n', { mode: 0o444 });
  writeTool(join(home, 'bin', 'keytool'), keytool);
  return home;
}

const writeTool = (path: string, text: string): void => writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });

const SERVED = `
process: { code: LOAN }
workflow: { type: LoanWorkflow, task-queue: LOAN_QUEUE }
tasks: [{ code: APPLY, kind: human }]
`;

async function environment(
  env: NodeJS.ProcessEnv,
  target = join(folder, 'state'),
  more: object = {},
): Promise<Readonly<Record<string, string>>> {
  const state = runningStateOf(await parseDefinition(SERVED, 'served.yaml'));
  return javaEnvironment({ ...state, caFile, ...more }, target, { PATH: process.env['PATH'], ...env });
}

const storeOf = (variables: Readonly<Record<string, string>>): string =>
  /trustStore=(\S+)/.exec(variables['JAVA_TOOL_OPTIONS'] ?? '')?.[1] ?? '';

beforeEach(() => {
  folder = realpathSync(newFolder());
  caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, 'LOCAL CA\n');
});

describe.skipIf(withoutShell !== undefined)(`the environment of a Java worker ${withoutShell ?? ''}`, () => {
  it('has a private trust store with the roots of the JVM and the local CA, and the names of the Spring samples', async () => {
    const variables = await environment({ JAVA_HOME: createJdk('jdk') });
    expect(Object.keys(variables)).toEqual([
      'JAVA_TOOL_OPTIONS',
      'APPLICATION_TEMPORAL_TARGET',
      'APPLICATION_TEMPORAL_KUFLOWQUEUE',
    ]);
    expect(variables).toMatchObject({
      JAVA_TOOL_OPTIONS: `-Djavax.net.ssl.trustStore=${storeOf(variables)} -Djavax.net.ssl.trustStorePassword=changeit`,
      APPLICATION_TEMPORAL_TARGET: '127.0.0.1:7483',
      APPLICATION_TEMPORAL_KUFLOWQUEUE: 'LOAN_QUEUE',
    });
    expect(readFileSync(storeOf(variables), 'utf8')).toBe('PUBLIC ROOTS\nLOCAL CA\n');
    expect(statSync(storeOf(variables)).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'state'))).toHaveLength(1);
  });

  it('has no queue if the platform serves several processes, or is of an older version', async () => {
    const env = { JAVA_HOME: createJdk('jdk') };
    for (const taskQueues of [{ A: 'Q', B: 'Q' }, undefined])
      expect(await environment(env, undefined, { taskQueues })).not.toHaveProperty('APPLICATION_TEMPORAL_KUFLOWQUEUE');
  });

  it('keeps a trust store until the JVM, its roots or the CA change', async () => {
    const [jdk, other] = [createJdk('jdk'), createJdk('other')];
    const roots = join(jdk, 'lib', 'security', 'cacerts');
    const create = async (JAVA_HOME: string): Promise<string> => storeOf(await environment({ JAVA_HOME }));
    const first = await create(jdk);
    expect(await create(jdk)).toBe(first);
    expect(readFileSync(join(jdk, 'bin', 'keytool.runs'), 'utf8')).toBe('x\n');
    const stores = [first, await create(other)];
    chmodSync(roots, 0o644);
    writeFileSync(roots, 'OTHER ROOTS\n');
    stores.push(await create(jdk));
    writeFileSync(caFile, 'OTHER CA\n');
    stores.push(await create(jdk));
    expect(new Set(stores).size).toBe(4);
    expect(readFileSync(stores[3] ?? '', 'utf8')).toBe('OTHER ROOTS\nOTHER CA\n');
    writeFileSync(join(jdk, 'lib', 'security', 'jssecacerts'), 'FIRST CHOICE\n');
    expect(readFileSync(await create(jdk), 'utf8')).toBe('FIRST CHOICE\nOTHER CA\n');
  });

  it('appends to JAVA_TOOL_OPTIONS once, and quotes a path as the JVM reads it', async () => {
    const JAVA_HOME = createJdk('jdk');
    const once = await environment({ JAVA_HOME, JAVA_TOOL_OPTIONS: '-Dx=1' }, join(folder, `it's "here"`));
    expect(once['JAVA_TOOL_OPTIONS']).toMatch(
      /^-Dx=1 "-Djavax\.net\.ssl\.trustStore=.*\/it's "'"'"here"'"'"\/java-truststore-\w+" -Djavax\.net\.ssl\.trustStorePassword=changeit$/,
    );
    const again = { JAVA_HOME, JAVA_TOOL_OPTIONS: once['JAVA_TOOL_OPTIONS'] };
    expect(await environment(again, join(folder, `it's "here"`))).toEqual(once);
  });

  it('needs a JDK: the error says where it was looked for and what to do', async () => {
    const next = [expect.stringContaining('JAVA_HOME')];
    await expect(environment({ JAVA_HOME: join(folder, 'gone') })).rejects.toMatchObject({
      seen: expect.stringContaining(join(folder, 'gone')) as string,
      next,
    });
    await expect(environment({ PATH: folder })).rejects.toMatchObject({
      seen: 'JAVA_HOME is not set, and java is not on the PATH',
      next,
    });
    const failing = createJdk('failing', 'echo "keytool error: wrong password"; exit 1');
    await expect(environment({ JAVA_HOME: failing })).rejects.toMatchObject({
      message: expect.stringContaining('keytool could not add') as string,
      seen: 'keytool error: wrong password',
    });
    expect(readdirSync(join(folder, 'state'))).toEqual([]);
  });

  it('uses the JDK that java on the PATH belongs to, even behind the launcher of a version manager', async () => {
    const jdk = createJdk('jdk');
    writeTool(join(jdk, 'bin', 'java'), '');
    const [links, shims] = [join(folder, 'links'), join(folder, 'shims', 'bin')];
    mkdirSync(links);
    mkdirSync(shims, { recursive: true });
    symlinkSync(join(jdk, 'bin', 'java'), join(links, 'java'));
    writeTool(join(shims, 'java'), `echo "    java.home = ${jdk}" >&2`);
    for (const PATH of [links, shims])
      expect(await findJavaHome({ PATH })).toMatchObject({ folder: jdk, keytool: join(jdk, 'bin', 'keytool') });
  });
});
