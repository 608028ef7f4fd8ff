import { AsyncLocalStorage } from '@temporalio/workflow';
import type { Uuid } from '../model.ts';

/** The item that a part of the workflow code works on. */
export interface ItemContext {
  readonly processItemId: Uuid;
  /** The code of its process item definition. */
  readonly code: string;
  /** Set for system tasks: whether the result of an activity is the data of the task, and must be valid. */
  readonly validates?: boolean;
}

/** The header in which an activity gets the item it works on. */
export const ITEM_HEADER = 'kuflow-item';

const current = new AsyncLocalStorage<ItemContext>();

/** Runs workflow code for an item: its activities and log lines carry the item's ID. */
export function runForItem<Result>(item: ItemContext, work: () => Result): Result {
  return current.run(item, work);
}

export function currentItem(): ItemContext | undefined {
  return current.getStore();
}
