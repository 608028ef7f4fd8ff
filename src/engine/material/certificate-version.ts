/** Where the content of the DER element at `at` starts (X.690 §8.1). */
function contentOffset(der: Uint8Array, at: number): number {
  const length = der[at + 1] ?? 0;
  return at + 2 + (length & 0x80 ? length & 0x7f : 0);
}

/**
 * The X.509 version (1, 2 or 3) of a DER certificate, which node:crypto does not tell.
 * TBSCertificate starts with `[0] { INTEGER version }`, left out for version 1 (RFC 5280 §4.1).
 */
export function certificateVersion(der: Uint8Array): number {
  const tbs = contentOffset(der, 0);
  const first = contentOffset(der, tbs);
  if (der[first] !== 0xa0) return 1;
  return (der[contentOffset(der, contentOffset(der, first))] ?? 0) + 1;
}
