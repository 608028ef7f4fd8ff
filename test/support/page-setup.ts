import { provideChromium } from '../../scripts/chromium.mjs';
import { provideTemporal } from '../../scripts/temporal.mjs';
import { buildIfStale } from './build-if-stale.ts';

/** The platform runs from source, but serves the console that was built. */
export function setup(): void {
  buildIfStale();
  provideTemporal();
  provideChromium();
}
