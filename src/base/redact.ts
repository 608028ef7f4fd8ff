/** What is shorter stands in any text by chance. */
const SHORTEST = 4;

/** The forms in which a text may come back: as it is, in JSON, in an address, and as base64 that lost its padding. */
function encodedForms(text: string): readonly string[] {
  return [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text), text.replace(/=+$/, '')];
}

/**
 * A text of a server without what was sent to it in confidence: some gateways and test servers answer an error with the headers they got, and
 * errors quote what they say.
 */
export function redactSecrets(text: string, secrets: readonly string[]): string {
  return (
    [...new Set(secrets.flatMap(encodedForms))]
      .filter(({ length }) => length >= SHORTEST)
      // The longer first: one may stand in another.
      .sort((one, other) => other.length - one.length)
      .reduce((left, form) => left.replaceAll(form, '[redacted]'), text)
  );
}
