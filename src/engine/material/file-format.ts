import { createPrivateKey, X509Certificate } from 'node:crypto';

/** A format that certificates and keys are often delivered in, instead of PEM. */
export type FileFormat = 'der' | 'pkcs12' | 'utf16';

/** For use after "is". */
export const FILE_FORMATS: Readonly<Record<FileFormat, string>> = {
  der: 'DER-encoded, not PEM',
  pkcs12: 'a PKCS#12 file, not PEM',
  utf16: 'PEM text in UTF-16, not UTF-8',
};

/** The format of a file that contains no PEM. `text`: its bytes as Latin-1, or as UTF-8 if they are valid UTF-8. */
export function detectFileFormat(text: string): FileFormat | undefined {
  if (utf16Encoding(text) !== undefined) return 'utf16';
  const bytes = Buffer.from(text, 'latin1');
  if (bytes[0] !== 0x30) return undefined;
  if (isCertificate(bytes) || isPrivateKey(bytes)) return 'der';
  return isPkcs12(bytes) ? 'pkcs12' : undefined;
}

/** The name of the encoding for `iconv`; with a byte order mark, `UTF-16` also removes the mark. */
export function utf16Encoding(text: string): 'UTF-16' | 'UTF-16LE' | 'UTF-16BE' | undefined {
  const start = Buffer.from(text.slice(0, 4), 'latin1').toString('hex');
  if (start.startsWith('fffe') || start.startsWith('feff')) return 'UTF-16';
  if (/^(?!00)..00(?!00)..00$/.test(start)) return 'UTF-16LE';
  return /^00(?!00)..00(?!00)..$/.test(start) ? 'UTF-16BE' : undefined;
}

/** The certificates in a PEM text, one PEM each. */
export function certificateBlocks(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
}

/** Whether this is an X.509 certificate, in DER or PEM. */
export function isCertificate(data: Buffer | string): boolean {
  try {
    return new X509Certificate(data).raw.length > 0;
  } catch {
    return false;
  }
}

function isPrivateKey(der: Buffer): boolean {
  return (['pkcs8', 'pkcs1', 'sec1'] as const).some((type) => {
    try {
      return createPrivateKey({ key: der, format: 'der', type }).type === 'private';
    } catch {
      return false;
    }
  });
}

/** Where the content of the DER element at `at` starts (X.690 §8.1). Lengths of indefinite form have one byte. */
export function contentOffset(der: Uint8Array, at: number): number {
  const length = der[at + 1] ?? 0;
  return at + 2 + (length & 0x80 ? length & 0x7f : 0);
}

/** Whether it is `SEQUENCE { INTEGER 3, …` (RFC 7292 §4). */
function isPkcs12(der: Buffer): boolean {
  const content = contentOffset(der, 0);
  return der.subarray(content, content + 3).equals(Buffer.from([0x02, 0x01, 0x03]));
}
