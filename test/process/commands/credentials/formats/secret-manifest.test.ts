import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { loadAll } from 'js-yaml';
import { Secret as SecretSchema } from 'kubernetes-models/v1/Secret';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CredentialSet } from '../../../../../src/commands/credentials/credential-set.ts';
import type { Formatted } from '../../../../../src/commands/credentials/formats/format.ts';
import { formatSecretManifest } from '../../../../../src/commands/credentials/formats/secret-manifest.ts';
import { canariesOf, credentialSet, TOKEN, withToken } from '../../../../support/credential-set.ts';
import { pythonYaml } from '../../../../support/python-yaml.ts';

let set: CredentialSet;

beforeAll(async () => {
  set = await credentialSet();
});

const format = (existing?: string, over: Partial<CredentialSet> = {}, secretName?: string): Formatted =>
  formatSecretManifest({
    set: { ...set, ...over },
    name: 'secret.yaml',
    profile: 'default',
    ...(existing !== undefined && { existing }),
    ...(secretName !== undefined && { secretName }),
  });

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly stringData?: Readonly<Record<string, string>>;
  readonly data?: Readonly<Record<string, string>>;
}

/** The documents as the Kubernetes client reads them; every Secret is valid in the Kubernetes schema. */
function loaded(text: string): readonly Manifest[] {
  const documents = (loadAll(text) as readonly (Manifest | null)[]).filter((document) => document !== null);
  for (const document of documents) if (document.kind === 'Secret') new SecretSchema(document).validate();
  return documents;
}

const said = (): Record<string, string> => ({
  'client.pem': set.certificate,
  'client.key': set.privateKey.reveal(),
  'ca.pem': set.authorities,
  namespace: set.namespace,
  target: set.target,
});

describe('a Kubernetes Secret', () => {
  it('is read by the Kubernetes client and PyYAML, with PEM byte for byte, and matches the schema', async () => {
    const text = format(undefined, withToken(set)).text.reveal();
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'kuflow-worker' },
      type: 'Opaque',
      stringData: { ...said(), 'engine.token': TOKEN },
    };
    expect(loaded(text)).toEqual([secret]);
    expect(await pythonYaml(text)).toEqual([secret]);
    expect(() => {
      new SecretSchema({ ...secret, stringData: { a: 1 } } as never).validate();
    }).toThrow();
  });

  it('is edited in place in a file with several documents', () => {
    const [head, tail] = [
      '# mine\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  note: |\n    ---x\n    client.pem: no\n--- # two\n',
      '\n--- # three\nkind: Other # o\n...\n',
    ];
    const secret =
      '# of the worker\napiVersion: v1\nkind: Secret\nmetadata:\n    name: loan-worker # n\n    labels: {a:  "b"}\ntype: Opaque\nstringData:\n    client-id: "1" # mine\n    client.pem: |\n        old\n        lines\n\n    # keep\n    namespace: old # ns\n';
    const { text, changes } = format(head + secret + tail);
    const after = text.reveal();
    expect(after.startsWith(head)).toBe(true);
    expect(after.endsWith(tail)).toBe(true);
    expect(after).toContain('    client-id: "1" # mine\n    client.pem: |\n        -----BEGIN CERTIFICATE-----\n');
    expect(after).toContain(
      '-----END CERTIFICATE-----\n\n    # keep\n    namespace: loans.prod # ns\n    client.key: |\n',
    );
    expect(changes.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
      'changed client.pem',
      'added client.key',
      'added ca.pem',
      'changed namespace',
      'added target',
    ]);
    const [config, edited, other] = loaded(after);
    expect(config).toEqual(loaded(head)[0]);
    expect(other).toEqual({ kind: 'Other' });
    expect(edited).toMatchObject({ metadata: { labels: { a: 'b' } }, stringData: { 'client-id': '1', ...said() } });
    expect(format(after).text.reveal()).toBe(after);
    expect(format(after).changes).toEqual([]);
    const crlf = format((head + secret + tail).replaceAll('\n', '\r\n')).text.reveal();
    expect(crlf).toBe(after.replaceAll('\n', '\r\n'));
  });

  it('uses data in base64 if the Secret does, and updates both sections if a key is in both', () => {
    const before = 'apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata:\n  client-id: MQ==\n  namespace: b2xk\n';
    const after = format(before).text.reveal();
    const [secret] = loaded(after);
    const decoded = Object.entries(secret?.data ?? {}).map(([key, text]) => [
      key,
      Buffer.from(text, 'base64').toString(),
    ]);
    expect(Object.fromEntries(decoded)).toEqual({ 'client-id': '1', ...said() });
    expect(secret).not.toHaveProperty('stringData');
    const both = format(`${before}stringData:\n  namespace: older\n`).text.reveal();
    const target = Buffer.from(set.namespace).toString('base64');
    expect(loaded(both)[0]).toMatchObject({
      data: { namespace: target },
      stringData: { namespace: set.namespace, target: set.target },
    });
  });

  it('is added to a file without one, and found by name among several', () => {
    const others = '# a\nkind: ConfigMap\napiVersion: v1\nmetadata:\n  name: c';
    const added = format(others, {}, 'mine').text.reveal();
    expect(added.startsWith(`${others}\n---\napiVersion: v1\nkind: Secret\n`)).toBe(true);
    const two = `${added}---\n${format(undefined, {}, 'yours').text.reveal()}`;
    expect(() => format(two)).toThrow('several Secrets: mine, yours');
    const renewed = format(two, { namespace: 'new' }, 'yours').text.reveal();
    expect(loaded(renewed).map(({ stringData }) => stringData?.['namespace'])).toEqual([
      undefined,
      'loans.prod',
      'new',
    ]);
    expect(loaded(format('# only this\n', {}, '12').text.reveal())).toMatchObject([{ metadata: { name: '12' } }]);
    expect(() => format(undefined, {}, 'No_Name')).toThrow('is not a valid name for a Secret');
    expect(() =>
      format(`${added}---\n${added.slice(added.indexOf('apiVersion: v1\nkind: Secret'))}`, {}, 'mine'),
    ).toThrow('several Secrets with the name mine');
  });

  it('keeps every byte outside its own keys, in all documents', () => {
    const foreign = fc.constantFrom(
      '# far\n',
      '\n',
      'kind: ConfigMap # c\napiVersion: v1\ndata:\n  client.pem: "no"  # theirs\n  note: |\n    ---\n    namespace: no\n',
      '{ kind:  Other, items: [ 1,  2 ] }\n',
    );
    const line = fc.constantFrom(
      '  client-id: "1" # mine\n',
      '\n',
      '  # near\n',
      "  url: 'a: b'\n",
      '  many: >-\n    of\n\n    lines\n',
    );
    const our = fc.constantFrom('', '  namespace: old # ns\n', '  client.pem: |\n    old\n    lines\n');
    const parts = fc.tuple(
      fc.array(foreign, { maxLength: 2 }),
      fc.uniqueArray(line, { maxLength: 4 }),
      our,
      fc.array(foreign, { maxLength: 2 }),
      fc.constantFrom('\n', '\r\n'),
      fc.constantFrom('', '\ufeff'),
    );
    fc.assert(
      fc.property(parts, ([before, lines, own, after, lineEnd, mark]) => {
        const head = 'apiVersion: v1\nkind: Secret # s\nmetadata:\n    name: x\n';
        const secret = `${head}stringData:\n${lines.join('')}${own}  last: x # end\n`;
        const file = mark + [...before, secret, ...after].join('---\n').replaceAll('\n', lineEnd);
        const text = format(file).text.reveal();
        expect(format(text).text.reveal()).toBe(text);
        const at = (whole: string): string => whole.slice(mark.length).replaceAll('\r\n', '\n');
        if (lineEnd === '\r\n') expect(text).not.toMatch(/[^\r]\n/);
        // Without these keys, both texts are the same.
        const rest = (whole: string): string => {
          const start = at(whole).indexOf(head);
          const end = at(whole).indexOf('\n---\n', start) + 1;
          const inner = end === 0 ? at(whole).slice(start) : at(whole).slice(start, end);
          const kept = inner.replace(
            /^ {2}(?:client\.pem|client\.key|ca\.pem|namespace|target):[^\n]*\n(?: {3,}[^\n]*\n)*/gm,
            '',
          );
          return `${at(whole).slice(0, start)}${kept}${end === 0 ? '' : at(whole).slice(end)}`;
        };
        expect(text.startsWith(mark)).toBe(true);
        expect(rest(text)).toBe(rest(file));
        expect(loaded(at(text)).find(({ kind }) => kind === 'Secret')?.stringData).toMatchObject(said());
      }),
      { numRuns: 60 },
    );
  });

  it('is rejected if it cannot be edited, without quoting its text; an immutable one is reported', () => {
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n';
    expect(() => format(`${secret}type: kubernetes.io/tls\n`)).toThrow('not of type Opaque');
    expect(format(`${secret}immutable: true\n`).notes).toEqual([expect.stringContaining('immutable')]);
    for (const broken of [
      '{{- if .Values.canary }}\na: 1\n',
      `${secret}stringData: canary\n`,
      `x: 1\n---\n${secret}a: canary\na: b\n`,
    ]) {
      expect(() => format(broken), broken).toThrow('secret.yaml');
      expect(() => format(broken), broken).not.toThrow(/canary/);
    }
  });

  it('contains secrets only in its text', () => {
    const whole = withToken(set);
    const formatted = format(undefined, whole);
    for (const canary of canariesOf(whole)) expect(JSON.stringify(formatted)).not.toContain(canary);
  });

  it('is read by kubectl', (context) => {
    const [program, input] = ['kubectl', format(undefined, withToken(set)).text.reveal()];
    if (spawnSync(program, ['version', '--client']).error !== undefined) context.skip('kubectl is not installed here');
    const patch = ['patch', '--local', '-f', '-', '-p', '{}', '-o', 'json'];
    const read = JSON.parse(execFileSync(program, patch, { input }).toString()) as Manifest;
    expect(read.stringData).toEqual({ ...said(), 'engine.token': TOKEN });
  });
});
