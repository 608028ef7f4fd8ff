// Must come first, because the certificate library needs it while loading.
import 'reflect-metadata';
import { createPrivateKey, createPublicKey, X509Certificate as NodeCertificate, type webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { createPrivateFolder } from '../../files/node-file-system.ts';
import { replaceFile } from '../../files/write.ts';
import { systemClock, type Clock } from '../../base/clock.ts';
import { codeOf } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY = 86_400;
const AUTHORITY_LIFE = 3650 * DAY;
// A server certificate is issued at each start and must outlive any run; macOS rejects more than 825 days.
const SERVER_LIFE = 800 * DAY;
export const DEFAULT_CERTIFICATE_LIFE = 400 * DAY;
const RENEW_AUTHORITY_BEFORE = SERVER_LIFE;
/** Seconds. Certificates are valid from a little before now, for clients whose clock is behind. */
const BACKDATE = 300;

/** A certificate (PEM, X.509 v3), its private key (PEM, PKCS#8) and its end (milliseconds since the epoch). */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly privateKey: Secret;
  readonly notAfter: number;
}

/**
 * Opens this platform's CA, stored in `folder` (0700) as `ca.pem` and `ca.key` (0600). Creates a new one if it does not
 * exist, if key and certificate do not match, or if it would expire before a server certificate.
 */
export async function openAuthority({
  folder,
  clock = systemClock,
}: {
  readonly folder: string;
  readonly clock?: Clock | undefined;
}) {
  await createPrivateFolder(folder);
  const certificateFile = join(folder, 'ca.pem');
  const keyFile = join(folder, 'ca.key');
  const existing = await readPair(certificateFile, keyFile, clock);
  const pair = existing ?? (await createAuthority(clock));
  if (existing === undefined) {
    await replaceFile(keyFile, pair.privateKey.reveal());
    await replaceFile(certificateFile, pair.certificate, { mode: 0o644 });
  }
  const signer = await importKey(pair.privateKey);
  const issuer = new x509.X509Certificate(pair.certificate);
  const issuerId = await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey);

  async function issue(subject: x509.JsonName, lifeSeconds: number, extensions: readonly x509.Extension[]) {
    const keys = await generateKeys();
    const { notBefore, notAfter } = validity(clock, lifeSeconds);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject,
      issuer: issuer.subject,
      notBefore,
      notAfter,
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: signer,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        issuerId,
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ...extensions,
      ],
    });
    return {
      certificate: toPem(certificate),
      privateKey: await exportKey(keys.privateKey),
      notAfter: notAfter.getTime(),
    };
  }

  return {
    /** The CA certificate in PEM, exactly one. */
    certificate: pair.certificate,
    certificateFile,
    /** A serverAuth certificate for localhost, 127.0.0.1, ::1 and `hostNames` (DNS names or addresses). */
    issueServerCertificate: (hostNames: readonly string[] = []): Promise<IssuedCertificate> => {
      const names = [...new Set(['localhost', '127.0.0.1', '::1', ...hostNames])];
      return issue([{ CN: [names[3] ?? 'localhost'] }], SERVER_LIFE, [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          names.map((name) => ({ type: isIP(name) === 0 ? ('dns' as const) : ('ip' as const), value: name })),
        ),
      ]);
    },
    /** A clientAuth certificate with the subject `CN=<principalId>, O=<namespace>`, valid for `lifeSeconds` from now. */
    issueClientCertificate: ({ principalId, namespace, lifeSeconds }: CertificateRequest): Promise<IssuedCertificate> =>
      issue([{ O: [namespace] }, { CN: [principalId] }], lifeSeconds, [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      ]),
  };
}

interface CertificateRequest {
  readonly principalId: string;
  readonly namespace: string;
  readonly lifeSeconds: number;
}

export type Authority = Awaited<ReturnType<typeof openAuthority>>;

async function createAuthority(clock: Clock): Promise<{ certificate: string; privateKey: Secret }> {
  const keys = await generateKeys();
  // The serial in the name distinguishes an old and a new authority in a trust store that has both.
  const serial = serialNumber();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial,
    name: [{ O: ['KuFlow local platform'] }, { CN: [`KuFlow local CA ${serial.slice(-8)}`] }],
    ...validity(clock, AUTHORITY_LIFE),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: toPem(certificate), privateKey: await exportKey(keys.privateKey) };
}

async function readPair(certificateFile: string, keyFile: string, clock: Clock) {
  try {
    const [certificate, key] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(keyFile, 'utf8')]);
    const parsed = new NodeCertificate(certificate);
    const ends = Date.parse(parsed.validTo) - RENEW_AUTHORITY_BEFORE * 1000;
    const usable = ends > clock.now() && parsed.publicKey.equals(createPublicKey(createPrivateKey(key)));
    return usable ? { certificate, privateKey: new Secret(key) } : undefined;
  } catch (error) {
    const code = codeOf(error);
    // The user has to fix a file without read permission; a missing or broken one is created again.
    if (code === 'EACCES' || code === 'EPERM') throw error;
    return undefined;
  }
}

/** Certificates have whole seconds. The end is rounded up, so that it is never earlier than requested. */
function validity(clock: Clock, seconds: number): { notBefore: Date; notAfter: Date } {
  const now = clock.now();
  return { notBefore: new Date(now - BACKDATE * 1000), notAfter: new Date(Math.ceil(now / 1000 + seconds) * 1000) };
}

function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  // A DER integer must be positive here and must not have a leading zero octet.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function importKey(key: Secret): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(key.reveal()).export({ format: 'der', type: 'pkcs8' });
  return await crypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<Secret> {
  const der = await crypto.subtle.exportKey('pkcs8', key);
  return new Secret(`${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`);
}

function toPem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}
