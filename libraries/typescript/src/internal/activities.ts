import { OPERATIONS, type KuFlowClient } from './client.ts';
import type { KuFlowActivities, WorkerActivities } from './model.ts';
import { completeTask, type Validators } from './task-data.ts';

/**
 * All activities of KuFlow's own libraries, with the same names, fields and failures, so that workflows written for those
 * libraries run unchanged.
 */
export function createKuFlowActivities(
  kuflow: KuFlowClient,
  validators: Validators = {},
): KuFlowActivities & WorkerActivities {
  const { applicationId } = kuflow;
  const activities = OPERATIONS.map((operation) => [`KuFlow_Engine_${operation}`, kuflow[operation]] as const);
  return {
    ...(Object.fromEntries(activities) as unknown as KuFlowActivities),
    KuFlow_Worker_retrieveApplication: async () => ({ applicationId }),
    KuFlow_Worker_completeTask: (request) => completeTask({ kuflow, validators }, request),
  };
}
