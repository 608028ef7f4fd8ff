import { expect, it } from 'vitest';
import { isOlder } from '../../../src/files/package-version.ts';

it('compares versions by their three numbers', () => {
  expect(isOlder('1.9.3', '1.22.0')).toBe(true);
  expect(isOlder('1.22.0', '1.22.0')).toBe(false);
  expect(isOlder('2.0.0', '1.22.0')).toBe(false);
  expect(isOlder('1.22.0-rc.1', '1.22.0'), 'a pre-release counts as its release').toBe(false);
});
