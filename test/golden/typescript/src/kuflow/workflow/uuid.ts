import { uuid4 } from '@temporalio/workflow';

/**
 * A time-ordered id (UUIDv7) from the workflow's own time and randomness: the same in every replay, so that an item
 * that is created twice is created once.
 */
export function uuid7(): string {
  // Both are replaced by deterministic versions in workflow code.
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${uuid4().slice(15)}`;
}
