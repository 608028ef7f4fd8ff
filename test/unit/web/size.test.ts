import { expect, it } from 'vitest';
import { bundleWeb } from '../../../scripts/build-web.mjs';

/** Compressed bytes. */
const KIB = 1024;

it('the console loads quickly: its first view, and a form', async () => {
  const { sizes } = await bundleWeb();
  expect(sizes.firstView).toBeLessThanOrEqual(25 * KIB);
  expect(sizes.withForm).toBeLessThanOrEqual(90 * KIB);
  // A form that is part of the first view, or is not found in the build, would pass as well.
  expect(sizes.withForm).toBeGreaterThan(sizes.firstView + 20 * KIB);
});
