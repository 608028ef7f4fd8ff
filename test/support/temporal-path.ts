import { findTemporal } from '../../src/platform/temporal/find.ts';

let found: Promise<string> | undefined;

/** The `temporal` program that the test command found, or that is found now. */
export function temporalPath(): Promise<string> {
  found ??= findTemporal({ env: process.env }).then((tool) => tool.path);
  return found;
}
