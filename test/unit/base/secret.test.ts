import { expect, it } from 'vitest';
import { redactSecrets } from '../../../src/base/secret.ts';

it('removes a secret in every form a server may echo, and no short texts', () => {
  const secret = 'pa"ss wörd==';
  const text = `${secret} ${JSON.stringify({ secret })} ?s=${encodeURIComponent(secret)} pa"ss wörd, a`;
  expect(redactSecrets(text, [secret, 'a', ''])).toBe('[redacted] {"secret":"[redacted]"} ?s=[redacted] [redacted], a');
  expect(redactSecrets('one and one-two', ['one-', 'one-two'])).toBe('one and [redacted]');
});
