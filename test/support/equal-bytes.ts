import { expect } from 'vitest';

/*
 * A setup file of all projects: `toEqual` compares equal bytes at once. By default it compares them one by one, as objects, which takes seconds for a
 * megabyte.
 */

const ADDED = Symbol.for('kuflow: bytes are compared at once');

/** Undefined leaves the comparison to the default. */
function areEqualBytes(one: unknown, other: unknown): true | undefined {
  return one instanceof Uint8Array &&
    other instanceof Uint8Array &&
    Object.getPrototypeOf(one) === Object.getPrototypeOf(other) &&
    Buffer.compare(one, other) === 0
    ? true
    : undefined;
}

// A setup file runs for each test file, but test files share the testers.
if (!(ADDED in globalThis)) {
  Object.assign(globalThis, { [ADDED]: true });
  expect.addEqualityTesters([areEqualBytes]);
}
