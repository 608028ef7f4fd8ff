import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CredentialSet } from '../../../../../src/commands/credentials/credential-set.ts';
import type { Formatted } from '../../../../../src/commands/credentials/formats/format.ts';
import { formatJson } from '../../../../../src/commands/credentials/formats/json.ts';
import { credentialSet, TOKEN, withToken } from '../../../../support/credential-set.ts';

let set: CredentialSet;

beforeAll(async () => {
  set = await credentialSet();
});

const format = (existing?: string, over: Partial<CredentialSet> = {}): Formatted =>
  formatJson({
    set: { ...set, ...over },
    name: 'c.json',
    profile: 'default',
    ...(existing !== undefined && { existing }),
  });

describe('credentials as JSON', () => {
  it('are one object with string values', () => {
    expect(JSON.parse(format(undefined, { ...withToken(set), tenantId: 't' }).text.reveal())).toEqual({
      format: 'kuflow-credentials/1',
      endpoint: set.endpoint,
      principal: set.principal,
      tenantId: 't',
      target: set.target,
      namespace: set.namespace,
      certificate: set.certificate,
      privateKey: set.privateKey.reveal(),
      authorities: set.authorities,
      expiresAt: '2026-04-01T00:00:00.000Z',
      renewBefore: '2026-03-02T00:00:00.000Z',
      token: TOKEN,
      tokenExpiresAt: '2026-01-01T01:00:00.000Z',
    });
    expect(Object.keys(JSON.parse(format().text.reveal()) as object)).not.toContain('token');
  });

  it('are edited into an existing file, however it is formatted', () => {
    const before =
      '{\r\n\t"mine":   [1,  2],\r\n\t"namespace": "old",\r\n\t"token": "stale", "z": {"namespace": "x"}\r\n}';
    const { text, changes } = format(before);
    const after = text.reveal();
    expect(
      after.startsWith('{\r\n\t"mine":   [1,  2],\r\n\t"namespace": "loans.prod", "z": {"namespace": "x"}, "format": '),
    ).toBe(true);
    expect(JSON.parse(after)).toMatchObject({ privateKey: set.privateKey.reveal(), z: { namespace: 'x' } });
    expect(changes).toContainEqual({ kind: 'removed', key: 'token' });
    expect(format(after)).toMatchObject({ changes: [] });
    expect(format(after).text.reveal()).toBe(after);
  });

  it('are rejected for a file that is not an object or repeats a key, without quoting its text', () => {
    for (const before of [
      '["canary"]',
      '{"a": "canary",}',
      '// canary\n{}',
      '"canary"',
      '{"token": "canary", "token": "b"}',
      '{"target": {"x": "canary"}}',
    ]) {
      expect(() => format(before), before).toThrow('c.json');
      expect(() => format(before), before).not.toThrow(/canary/);
    }
  });

  it('leave all other bytes of a file unchanged', () => {
    const indent = fc.constantFrom(undefined, 1, 2, '\t');
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ stringUnit: 'binary' })),
        indent,
        (value, space) => {
          const before = JSON.stringify({ first: 1, ...value }, undefined, space);
          const after = format(before).text.reveal();
          // New keys are last, so everything before the closing brace stays the same.
          expect(after.startsWith(before.replace(/\s*\}$/, ''))).toBe(true);
          const read = JSON.parse(after) as Record<string, unknown>;
          expect(read).toMatchObject({ certificate: set.certificate, namespace: set.namespace });
          expect({ ...(JSON.parse(before) as object), ...read }).toEqual(read);
        },
      ),
      { numRuns: 60 },
    );
  });
});
