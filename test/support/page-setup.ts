import { provideChromium, provideTemporal } from '../../scripts/test-programs.mjs';
import { buildIfStale } from './build-if-stale.ts';

/** The platform runs from source, but serves the console that was built. */
export function setup(): void {
  buildIfStale();
  provideTemporal();
  provideChromium();
}
