// Loaded into the workflow sandbox by `replay`: reports the items that workflow code creates.
import { proxySinks, type Sinks, type WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** An item of a process, as workflow code creates it. */
export interface CreatedItem {
  readonly id?: string;
  /** TASK, MESSAGE or THREAD. */
  readonly type?: string;
  readonly processItemDefinitionCode?: string;
}

export interface ItemSinks extends Sinks {
  items: { created(item: CreatedItem): void };
}

export const CREATE_ITEM = 'KuFlow_Engine_createProcessItem';

export const interceptors: WorkflowInterceptorsFactory = () => {
  const { items } = proxySinks<ItemSinks>();
  return {
    outbound: [
      {
        scheduleActivity: (input, next) => {
          const [item] = input.args as [CreatedItem?];
          if (input.activityType === CREATE_ITEM && item !== undefined)
            items.created({ id: item.id, type: item.type, processItemDefinitionCode: item.processItemDefinitionCode });
          return next(input);
        },
      },
    ],
  };
};
