import { Secret } from '../../src/base/secret.ts';
import type { CertificateFacts, CredentialSet } from '../../src/commands/credentials/credential-set.ts';
import { makeTestAuthority } from './certificates.ts';

export const TOKEN = 'canary.engine-token.0123456789';

const facts = (subject: string): CertificateFacts => ({
  subject,
  issuer: 'CN=Test CA',
  serial: '01',
  fingerprint: 'AA:BB',
  notBefore: '2026-01-01T00:00:00.000Z',
  notAfter: '2026-04-01T00:00:00.000Z',
});

/** A set with a real certificate from its own authority. */
export async function credentialSet(over: Partial<CredentialSet> = {}): Promise<CredentialSet> {
  const authority = await makeTestAuthority();
  const { cert, key } = await authority.issue({ commonName: 'worker' });
  return {
    endpoint: 'https://api.kuflow.com/v2024-06-14',
    principal: '018f3a1c-0000-7000-8000-000000000001',
    target: 'engine.kuflow.com:443',
    namespace: 'loans.prod',
    certificate: cert,
    privateKey: new Secret(key),
    authorities: authority.cert,
    leaf: facts('CN=worker'),
    roots: [facts('CN=Test CA')],
    ...over,
  };
}

export const withToken = (set: CredentialSet): CredentialSet => ({
  ...set,
  token: { value: new Secret(TOKEN), expiresAt: '2026-01-01T01:00:00.000Z' },
});

/** Every secret of a set in every form that could leak: as a whole, and each line of the key. */
export function canariesOf(set: CredentialSet): readonly string[] {
  const key = set.privateKey.reveal();
  const lines = key.split('\n').filter((line) => line.length > 20 && !line.includes('-----'));
  return [...lines, key.replaceAll('\n', '\\n'), ...(set.token === undefined ? [] : [set.token.value.reveal()])];
}
