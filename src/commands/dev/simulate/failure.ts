import type { ExitStatus } from '../../../base/errors.ts';

export interface BlockedItem {
  readonly id: string;
  /** Code of its definition. */
  readonly code: string;
  readonly state?: string;
}

/** A simulation that does not complete; turned into its result. */
export class SimulationFailure extends Error {
  readonly status: ExitStatus;
  readonly item: BlockedItem | undefined;
  readonly next: readonly string[];

  constructor(
    status: ExitStatus,
    message: string,
    more: {
      readonly item?: BlockedItem | undefined;
      readonly next?: readonly string[];
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.status = status;
    this.item = more.item;
    this.next = more.next ?? [];
  }
}
