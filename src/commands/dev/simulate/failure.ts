import { KnownError, type KnownErrorParts } from '../../../base/errors.ts';

export interface BlockedItem {
  readonly id: string;
  /** Code of its definition. */
  readonly code: string;
  readonly state?: string;
}

/** A simulation that does not complete; turned into its result. */
export class SimulationFailure extends KnownError {
  readonly item: BlockedItem | undefined;

  constructor({ item, ...parts }: KnownErrorParts & { readonly item?: BlockedItem | undefined }) {
    super(parts);
    this.item = item;
  }
}
