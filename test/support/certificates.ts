// Must be the first import: the certificate library needs it while loading.
import 'reflect-metadata';
import { createPrivateKey, sign, X509Certificate } from 'node:crypto';
import type { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;
const DAY = 86_400_000;

/** Certificate and PKCS#8 key as PEM. */
export interface TestPair {
  readonly cert: string;
  readonly key: string;
}

export interface TestLeaf {
  readonly commonName: string;
  /** DNS names and IP addresses. */
  readonly hosts?: readonly string[];
  readonly usage?: 'client' | 'server' | 'none';
  /** Days from now, negative for the past. */
  readonly fromDays?: number;
  readonly toDays?: number;
  readonly isCa?: boolean;
  readonly rsa?: boolean;
  /** P-256 when absent. */
  readonly curve?: 'P-384';
}

export interface TestAuthority extends TestPair {
  issue(leaf: TestLeaf): Promise<TestPair>;
  /** An X.509 version 1 certificate, which old tools still create. */
  issueVersion1(commonName: string): Promise<TestPair>;
}

function serial(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(8)))
    .toString('hex')
    .replace(/^./, '1');
}

async function pemOfKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY') + '\n';
}

/** A certificate authority for one test. */
export async function makeTestAuthority(name = 'Test CA'): Promise<TestAuthority> {
  const keys = await crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const born = Date.now();
  const self = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}`,
    notBefore: new Date(born - 30 * DAY),
    notAfter: new Date(born + 365 * DAY),
    keys,
    signingAlgorithm: EC,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const issueWithKeys = async (leaf: TestLeaf): Promise<{ pair: TestPair; der: Buffer }> => {
    const now = Date.now();
    const curve = { ...EC, namedCurve: leaf.curve ?? EC.namedCurve };
    const leafKeys = await crypto.subtle.generateKey(leaf.rsa === true ? RSA : curve, true, ['sign', 'verify']);
    const usage = leaf.usage ?? 'client';
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: `CN=${leaf.commonName}`,
      issuer: self.subject,
      notBefore: new Date(now + (leaf.fromDays ?? -1) * DAY),
      notAfter: new Date(now + (leaf.toDays ?? 30) * DAY),
      publicKey: leafKeys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: EC,
      extensions: [
        new x509.BasicConstraintsExtension(leaf.isCa === true, undefined, true),
        ...(usage === 'none'
          ? []
          : [
              new x509.ExtendedKeyUsageExtension([
                x509.ExtendedKeyUsage[usage === 'client' ? 'clientAuth' : 'serverAuth'],
              ]),
            ]),
        ...(leaf.hosts === undefined
          ? []
          : [
              new x509.SubjectAlternativeNameExtension(
                leaf.hosts.map((host) => ({
                  type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const),
                  value: host,
                })),
              ),
            ]),
      ],
    });
    return {
      pair: { cert: `${certificate.toString('pem')}\n`, key: await pemOfKey(leafKeys.privateKey) },
      der: Buffer.from(certificate.rawData),
    };
  };
  const caKey = await pemOfKey(keys.privateKey);
  return {
    cert: `${self.toString('pem')}\n`,
    key: caKey,
    issue: async (leaf) => (await issueWithKeys(leaf)).pair,
    issueVersion1: async (commonName) => {
      const { pair, der } = await issueWithKeys({ commonName });
      return { ...pair, cert: pemOf(withoutVersion(der, caKey)) };
    },
  };
}

/** The same certificate with a date in month 13, which its signature does not cover. */
export function withoutDate(pem: string, which: 'begin' | 'end'): string {
  const der = Buffer.from(new X509Certificate(pem).raw);
  // UTCTime: tag, length, then YYMMDDHHMMSSZ. A random serial number can contain the first two bytes.
  const dates = [...der.toString('latin1').matchAll(/\x17\r\d{12}Z/g)];
  const { index = 0 } = dates[which === 'begin' ? 0 : 1] ?? {};
  der.write('13', index + 4, 'latin1');
  return pemOf(der);
}

function pemOf(der: Buffer): string {
  return `${x509.PemConverter.encode(new Uint8Array(der), 'CERTIFICATE')}\n`;
}

interface Element {
  readonly tag: number;
  readonly whole: Buffer;
  readonly content: Buffer;
}

function elements(der: Buffer): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at < der.length;) {
    const first = der[at + 1] ?? 0;
    const size = first & 0x80 ? first & 0x7f : 0;
    const length = size === 0 ? first : der.readUIntBE(at + 2, size);
    const start = at + 2 + size;
    found.push({
      tag: der[at] ?? 0,
      whole: der.subarray(at, start + length),
      content: der.subarray(start, start + length),
    });
    at = start + length;
  }
  return found;
}

function element(tag: number, content: Buffer): Buffer {
  const size = content.length < 0x80 ? [] : content.length < 0x100 ? [0x81] : [0x82, content.length >> 8];
  return Buffer.concat([Buffer.from([tag, ...size, content.length & 0xff]), content]);
}

/** The same certificate as version 1: without version and extensions, signed again. */
function withoutVersion(der: Buffer, caKey: string): Buffer {
  const [tbs, algorithm] = elements(elements(der)[0]?.content ?? Buffer.alloc(0));
  if (tbs === undefined || algorithm === undefined) throw new Error('not a certificate');
  const kept = elements(tbs.content).filter(({ tag }) => tag !== 0xa0 && tag !== 0xa3);
  const body = element(0x30, Buffer.concat(kept.map(({ whole }) => whole)));
  const signature = sign('sha256', body, createPrivateKey(caKey));
  return element(
    0x30,
    Buffer.concat([body, algorithm.whole, element(0x03, Buffer.concat([Buffer.from([0]), signature]))]),
  );
}
