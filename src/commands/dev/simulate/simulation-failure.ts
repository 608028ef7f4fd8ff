import { KnownError, type KnownErrorParts } from '../../../base/errors.ts';
import { withoutUndefined } from '../../../base/json.ts';
import type { ProcessItem } from '../../../kuflow/contract/process-items.ts';

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

export type ListedItem = Pick<ProcessItem, 'id' | 'ownerId' | 'processItemDefinitionRef'> & {
  readonly task?: { readonly state?: string } | undefined;
};

export function toBlockedItem(item: ListedItem): BlockedItem {
  const code = item.processItemDefinitionRef?.code ?? 'a task without a definition';
  return withoutUndefined({ id: item.id, code, state: item.task?.state });
}
