import { findTemporal } from '../../src/platform/temporal/find.ts';

let found: Promise<string> | undefined;

/** The `temporal` program that the test command got, or finds now. */
export function temporalPath(): Promise<string> {
  found ??= findTemporal({ env: process.env }).then((tool) => tool.path);
  return found;
}
