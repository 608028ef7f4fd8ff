import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CredentialSet } from '../../../../../src/commands/credentials/credential-set.ts';
import type { SetPaths } from '../../../../../src/commands/credentials/store/sets.ts';
import type { Formatted } from '../../../../../src/commands/credentials/formats/format.ts';
import { formatYaml } from '../../../../../src/commands/credentials/formats/yaml.ts';
import { credentialProject, identityInFiles, LOCAL } from '../../../../support/credential-project.ts';
import { canariesOf, credentialSet, withToken } from '../../../../support/credential-set.ts';
import { pythonYaml } from '../../../../support/python-yaml.ts';
import { temporaryFolders } from '../../../../support/temporary-folder.ts';

const folder = temporaryFolders();
let set: CredentialSet;

beforeAll(async () => {
  set = await credentialSet();
});

const format = (existing?: string, over: Partial<CredentialSet> = {}, paths?: SetPaths): Formatted =>
  formatYaml({
    set: { ...set, ...over },
    name: 'application-local.yaml',
    profile: 'default',
    ...(existing !== undefined && { existing }),
    ...(paths && { paths }),
  });
const said = (): object => ({
  temporal: {
    target: set.target,
    namespace: set.namespace,
    'mutual-tls': { 'cert-data': set.certificate, 'key-data': set.privateKey.reveal(), 'ca-data': set.authorities },
  },
});

describe('an application file with credentials', () => {
  it('is read by PyYAML and by a worker, with PEM byte for byte', async () => {
    const { text, changes } = format();
    expect(await pythonYaml(text.reveal())).toEqual([said()]);
    expect(changes.map(({ kind }) => kind)).toEqual(Array.from({ length: 5 }, () => 'added'));
    const project = credentialProject(folder(), null);
    writeFileSync(join(project, 'application-local.yaml'), format(LOCAL).text.reveal());
    expect(identityInFiles(project)).toMatchObject({ namespace: set.namespace, cert: set.certificate });
  });

  it('is edited in place, from inline text to paths and back', async () => {
    const before = `\ufeff# mine\r\nkuflow:\r\n  api: {client-secret:  "x"} # keep\r\ntemporal:\r\n  namespace: 'old' # why\r\n  kuflow-queue: Q\r\n\r\n# end\r\nz: 1`;
    const inline = format(before).text.reveal();
    expect(inline.startsWith(before.slice(0, before.indexOf("'old'")))).toBe(true);
    expect(inline.endsWith('\r\n\r\n# end\r\nz: 1')).toBe(true);
    expect(inline).toContain('namespace: loans.prod # why\r\n  kuflow-queue: Q\r\n');
    expect(inline).not.toMatch(/[^\r]\n/);
    expect((await pythonYaml(inline))[0]).toMatchObject(said());
    expect(format(inline)).toMatchObject({ changes: [] });
    expect(format(inline).text.reveal()).toBe(inline);
    const paths = { cert: '/s/client.pem', key: '/s/client.key', ca: 'C:\\s\\ca.pem' };
    const files = format(inline, {}, paths);
    expect((await pythonYaml(files.text.reveal()))[0]).toMatchObject({ temporal: { 'mutual-tls': paths } });
    expect(files.text.reveal()).not.toContain('BEGIN');
    expect(files.changes).toContainEqual({ kind: 'removed', key: 'temporal.mutual-tls.key-data' });
    expect(files.changes).not.toContainEqual(expect.objectContaining({ key: 'temporal.namespace' }));
    expect((await pythonYaml(format(files.text.reveal()).text.reveal()))[0]).toMatchObject(said());
  });

  it('notes that it cannot contain a token, and shows no secret', () => {
    const whole = withToken(set);
    const { text, changes, notes } = format('temporal:\n  mutual-tls:\n    server-name: x\n', whole);
    expect(text.reveal()).not.toContain(whole.token?.value.reveal());
    expect(notes).toEqual([expect.stringContaining('token')]);
    expect(changes).toContainEqual({ kind: 'removed', key: 'temporal.mutual-tls.server-name' });
    for (const canary of canariesOf(whole)) expect(JSON.stringify([changes, notes])).not.toContain(canary);
  });

  it('is rejected if it is not a map or repeats a key, with the line but without its text', () => {
    expect(() => format('temporal:\n  namespace: canary\n  namespace: b\n')).toThrow(
      /application-local.yaml .*twice, line 3/,
    );
    for (const before of ['- canary\n', 'a: "canary\n', 'temporal: [canary]\n']) {
      expect(() => format(before)).toThrow('application-local.yaml');
      expect(() => format(before)).not.toThrow(/canary/);
    }
  });
});
