import { createPrivateKey } from 'node:crypto';
import type { MaterialTrait } from '../../../../src/diagnostics/causes/sdk.ts';
import { makeTestAuthority } from '../../../support/certificates.ts';
import type { Fault, World } from './fault.ts';

/** The same credentials as another program, or another hand, writes them. */
export interface MaterialForm {
  readonly name: string;
  /** What the doctor is to see of it; undefined for the form that KuFlow itself gives. */
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
  (world) => {
    for (const file of files) world.files[file] = change(String(world.files[file]));
  };
const key =
  (
    type: 'pkcs1' | 'sec1' | 'pkcs8',
    cipher?: { readonly cipher: string; readonly passphrase: string },
  ): Fault['make'] =>
  async (world: World) => {
    const pair = await world.authority.issue({ commonName: 'worker', rsa: type !== 'sec1', toDays: 60 });
    world.files[CERT] = pair.cert;
    world.files[KEY] = createPrivateKey(pair.key).export({
      type,
      format: 'pem',
      ...cipher,
    } as never);
  };

export const materialForms: readonly MaterialForm[] = [
  form('as KuFlow gives it', undefined, () => undefined),
  form('an RSA key, PKCS#8', undefined, key('pkcs8')),
  form(
    'line ends of Windows',
    'crlf',
    each((pem) => pem.replaceAll('\n', '\r\n'), CERT, KEY, CA),
  ),
  form(
    '\\n in place of line breaks: certificate',
    'literal-newlines',
    each((pem) => pem.replaceAll('\n', '\\n'), CERT),
  ),
  form(
    '\\n in place of line breaks: key',
    'literal-newlines',
    each((pem) => pem.replaceAll('\n', '\\n'), KEY),
  ),
  form(
    '\\n in place of line breaks: CA',
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
  form('the certificate followed by its CA', 'chain', (world) => {
    world.files[CERT] = world.client.cert + world.authority.cert;
  }),
  form('a CA of two certificates, the first is that of the engine', 'several-authorities', async (world) => {
    world.files[CA] = world.authority.cert + (await makeTestAuthority('Another CA')).cert;
  }),
  form('a CA of two certificates, the second is that of the engine', 'several-authorities', async (world) => {
    world.files[CA] = (await makeTestAuthority('Another CA')).cert + world.authority.cert;
  }),
  form(
    'base64 of PEM',
    'base64-of-pem',
    each((pem) => Buffer.from(pem).toString('base64'), CERT, KEY, CA),
  ),
  form('an X.509 v1 certificate', 'x509-version', async (world) => {
    const pair = await world.authority.issueVersion1('old');
    [world.files[CERT], world.files[KEY]] = [pair.cert, pair.key];
  }),
  form('a certificate that is a CA', 'leaf-is-ca', async (world) => {
    const pair = await world.authority.issue({ commonName: 'ca', isCa: true, toDays: 60 });
    [world.files[CERT], world.files[KEY]] = [pair.cert, pair.key];
  }),
];
