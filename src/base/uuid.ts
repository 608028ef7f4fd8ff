import { createHash, randomBytes } from 'node:crypto';

function format(bytes: Buffer, version: number): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** A time-ordered id (UUIDv7, RFC 9562), as KuFlow's SDKs use for idempotent creation. */
export function uuid7(now: number = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  return format(bytes, 7);
}

/** A name-based id (UUIDv5, RFC 9562). The same namespace and name always give the same id. */
export function uuid5(namespaceId: string, name: string): string {
  const namespaceBytes = Buffer.from(namespaceId.replaceAll('-', ''), 'hex');
  return format(createHash('sha1').update(namespaceBytes).update(name, 'utf8').digest().subarray(0, 16), 5);
}
