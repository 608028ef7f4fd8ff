import { expect, it } from 'vitest';
import { formatSpan } from '../../../src/base/format-span.ts';

const DAY = 86_400_000;

it.each([
  [0, '0 s'],
  [400, '0 s'],
  [999, '1 s'],
  [61_000, '1 min 1 s'],
  [3_600_000, '1 h'],
  [DAY - 1, '1 d'],
  [3 * DAY - 12, '3 d'],
  [3 * DAY + 4.4 * 3_600_000, '3 d 4 h'],
  [400 * DAY, '400 d'],
])('formats %d ms as %s', (ms, text) => {
  expect(formatSpan(ms)).toBe(text);
});
