import { expect, it } from 'vitest';
import { parseDelayWindow } from '../../../templates/typescript/src/kuflow/registration.ts';

it.each([
  ['60', 60],
  [undefined, 300],
  ['', 300],
  ['soon', 300],
  ['12abc', 300],
  ['0', 300],
  ['-5', 300],
  [['60', '90'], 300],
  ['99999999', 86_400],
])('registers again after the delay of %j: %d seconds', (header, seconds) => {
  expect(parseDelayWindow(header)).toBe(seconds);
});
