import { uuid4 } from '@temporalio/workflow';

/**
 * A time-ordered id (UUIDv7) from the workflow's time and randomness. It is the same in every replay, so that creating an
 * item is idempotent.
 */
export function uuid7(): string {
  // Temporal makes Date.now and uuid4 deterministic in workflow code.
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${uuid4().slice(15)}`;
}
