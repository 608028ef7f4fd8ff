import { createPrivateKey } from 'node:crypto';
import type { MaterialTrait } from '../../../../src/diagnostics/causes/certificate-acceptance.ts';
import { makeTestAuthority } from '../../../support/certificates.ts';
import type { Fault, TestSetup } from './fault.ts';

/** The same credentials in another file format. */
export interface MaterialForm {
  readonly name: string;
  /** The trait that doctor must detect; undefined for the format that KuFlow issues. */
  readonly trait: MaterialTrait | undefined;
  readonly make: Fault['make'];
}

const [CERT, KEY, CA] = ['tls/client.pem', 'tls/client.key', 'tls/ca.pem'] as const;
const form = (name: string, trait: MaterialTrait | undefined, make: Fault['make']): MaterialForm => ({
  name,
  trait,
  make,
});
const each =
  (change: (pem: string) => string, ...files: readonly string[]): Fault['make'] =>
  (setup) => {
    for (const file of files) setup.files[file] = change(String(setup.files[file]));
  };
const key =
  (
    type: 'pkcs1' | 'sec1' | 'pkcs8',
    cipher?: { readonly cipher: string; readonly passphrase: string },
  ): Fault['make'] =>
  async (setup: TestSetup) => {
    const pair = await setup.authority.issue({ commonName: 'worker', rsa: type !== 'sec1', toDays: 60 });
    setup.files[CERT] = pair.cert;
    setup.files[KEY] = createPrivateKey(pair.key).export({
      type,
      format: 'pem',
      ...cipher,
    } as never);
  };

export const materialForms: readonly MaterialForm[] = [
  form('as issued by KuFlow', undefined, () => undefined),
  form('an RSA key, PKCS#8', undefined, key('pkcs8')),
  form(
    'Windows line endings',
    'crlf',
    each((pem) => pem.replaceAll('\n', '\r\n'), CERT, KEY, CA),
  ),
  form(
    'literal \\n instead of line breaks: certificate',
    'literal-newlines',
    each((pem) => pem.replaceAll('\n', '\\n'), CERT),
  ),
  form(
    'literal \\n instead of line breaks: key',
    'literal-newlines',
    each((pem) => pem.replaceAll('\n', '\\n'), KEY),
  ),
  form(
    'literal \\n instead of line breaks: CA',
    'literal-newlines',
    each((pem) => pem.replaceAll('\n', '\\n'), CA),
  ),
  form(
    'a byte order mark',
    'byte-order-mark',
    each((pem) => `\ufeff${pem}`, CERT, KEY, CA),
  ),
  form(
    'text around the PEM',
    'text-around',
    each((pem) => `subject=CN = worker\n${pem}\nthat is all\n`, CERT, KEY, CA),
  ),
  form('a PKCS#1 key', 'pkcs1-key', key('pkcs1')),
  form('a SEC1 key', 'sec1-key', key('sec1')),
  form('an encrypted key', 'encrypted-key', key('pkcs8', { cipher: 'aes-256-cbc', passphrase: 'secret' })),
  form(
    'two keys in one file',
    'several-keys',
    each((pem) => pem + pem, KEY),
  ),
  form('the certificate followed by its CA', 'chain', (setup) => {
    setup.files[CERT] = setup.client.cert + setup.authority.cert;
  }),
  form('a CA with two certificates, the first is for the engine', 'several-authorities', async (setup) => {
    setup.files[CA] = setup.authority.cert + (await makeTestAuthority('Another CA')).cert;
  }),
  form('a CA with two certificates, the second is for the engine', 'several-authorities', async (setup) => {
    setup.files[CA] = (await makeTestAuthority('Another CA')).cert + setup.authority.cert;
  }),
  form(
    'base64-encoded PEM',
    'base64-of-pem',
    each((pem) => Buffer.from(pem).toString('base64'), CERT, KEY, CA),
  ),
  form('an X.509 v1 certificate', 'x509-version', async (setup) => {
    const pair = await setup.authority.issueVersion1('old');
    [setup.files[CERT], setup.files[KEY]] = [pair.cert, pair.key];
  }),
  form('a certificate that is a CA', 'leaf-is-ca', async (setup) => {
    const pair = await setup.authority.issue({ commonName: 'ca', isCa: true, toDays: 60 });
    [setup.files[CERT], setup.files[KEY]] = [pair.cert, pair.key];
  }),
];
