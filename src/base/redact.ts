/** Shorter texts occur by chance. */
const MIN_LENGTH = 4;

/** The forms in which a server may echo a text: as is, in JSON, in a URL, and as base64 without padding. */
function encodedForms(text: string): readonly string[] {
  return [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text), text.replace(/=+$/, '')];
}

/**
 * Removes secrets from the text of a server. Some gateways and test servers echo the request headers in an error, and error messages
 * quote the server.
 */
export function redactSecrets(text: string, secrets: readonly string[]): string {
  return (
    [...new Set(secrets.flatMap(encodedForms))]
      .filter(({ length }) => length >= MIN_LENGTH)
      // Longest first, because one may contain another.
      .sort((one, other) => other.length - one.length)
      .reduce((left, form) => left.replaceAll(form, '[redacted]'), text)
  );
}
