// Loaded into the workflow sandbox by a replay: reports the items that workflow code creates, and the timers that it starts.
import { proxySinks, type Sinks, type WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** An item of a process, as workflow code creates it. */
export interface CreatedItem {
  readonly id?: string;
  /** TASK, MESSAGE or THREAD. */
  readonly type?: string;
  readonly processItemDefinitionCode?: string;
}

export interface ReplaySinks extends Sinks {
  replay: {
    created(item: CreatedItem): void;
    /** `id`: as in the history. */
    timer(id: string, ms: number): void;
  };
}

export const CREATE_ITEM = 'KuFlow_Engine_createProcessItem';

export const interceptors: WorkflowInterceptorsFactory = () => {
  const { replay } = proxySinks<ReplaySinks>();
  return {
    outbound: [
      {
        scheduleActivity: (input, next) => {
          const [item] = input.args as [CreatedItem?];
          if (input.activityType === CREATE_ITEM && item !== undefined)
            replay.created({ id: item.id, type: item.type, processItemDefinitionCode: item.processItemDefinitionCode });
          return next(input);
        },
        startTimer: (input, next) => {
          replay.timer(String(input.seq), input.durationMs);
          return next(input);
        },
      },
    ],
  };
};
