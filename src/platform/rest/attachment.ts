/**
 * `Content-Disposition` of a download. KuFlow's Java SDK reads `filename="` up to the next quote, so the plain form holds neither
 * quotes nor backslashes nor anything beyond ASCII; the extended form (RFC 6266) holds the true name.
 */
export function contentDisposition(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const full = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"${plain === name ? '' : `; filename*=UTF-8''${full}`}`;
}
