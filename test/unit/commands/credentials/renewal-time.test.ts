import { expect, it } from 'vitest';
import { renewalTime } from '../../../../src/commands/credentials/renewal-time.ts';

it('a certificate should be renewed after two thirds of its lifetime, which starts when it is issued', () => {
  const at = (ms: number): string => new Date(ms).toISOString();
  const leaf = { subject: '', issuer: '', serial: '', fingerprint: '', notBefore: at(0), notAfter: at(900) };
  expect(renewalTime(leaf)).toBe(at(600));
  expect(renewalTime(leaf, at(600))).toBe(at(800));
  expect(renewalTime(leaf, at(-50))).toBe(at(600));
  expect(renewalTime(leaf, at(9000))).toBe(at(900));
});
