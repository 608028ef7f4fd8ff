import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { KuFlowClient } from './client.ts';
import type { ProcessItem, Uuid } from './model.ts';
import { INVALID_TASK_DATA } from './redaction.ts';

/** Checks the data of a system task. Sets `errors` if it returns false. */
export interface Validator {
  (data: unknown): boolean;
  errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null;
}

/** The checks of the data of system tasks, by workflow type and task code. A project compiles them from its process definition. */
export type Validators = Readonly<Record<string, Readonly<Record<string, Validator>>>>;

const MAX_ERRORS = 10;

/**
 * Throws a failure if the data of a task does not match its schema in the process definition. The failure names the places, not
 * the values. Temporal repeats the activity, so the process continues when its code has been fixed, unless `isFinal`.
 */
export function validateTaskData(
  validators: Validators,
  { code, data }: { readonly code: string; readonly data: unknown },
  isFinal = false,
): void {
  const { workflowType = '' } = activityInfo();
  // A child workflow has another type than the workflow of the process.
  const ofProcess = validators[workflowType] ?? Object.values(validators).find((others) => code in others);
  const validate = ofProcess?.[code];
  if (validate === undefined || validate(data)) return;
  const errors = (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
  throw invalidTaskData(code, 'does not match its schema', errors, isFinal);
}

/**
 * Saves the data of a task and completes the task. Data that does not match the schema of this project is not saved. If only KuFlow
 * finds the data invalid, its definition of the task is different: the task stays open, and Temporal repeats the activity.
 */
export async function completeTask(
  { kuflow, validators }: { readonly kuflow: KuFlowClient; readonly validators: Validators },
  { processItemId, code, data }: { readonly processItemId: Uuid; readonly code: string; readonly data: object },
): Promise<{ readonly processItem: ProcessItem }> {
  validateTaskData(validators, { code, data }, true);
  if (activityInfo().attempt > 1) {
    // The response to the last attempt may have been lost.
    const { processItem } = await kuflow.retrieveProcessItem({ processItemId });
    if (processItem.task?.state === 'COMPLETED' && processItem.ownerId === kuflow.applicationId) return { processItem };
  }
  const { processItem } = await kuflow.updateProcessItemTaskData({ processItemId, data: { value: data } });
  const saved = processItem.task?.data;
  if (saved?.valid === false) {
    const errors = (saved.errors ?? []).map(({ propertyPath, type }) => `${propertyPath || '/'} ${type ?? 'is invalid'}`);
    throw invalidTaskData(code, "does not match the task's structure in KuFlow", errors, false);
  }
  return kuflow.completeProcessItemTask({ processItemId });
}

function invalidTaskData(code: string, problem: string, errors: readonly string[], isFinal: boolean): ApplicationFailure {
  const listed = errors.slice(0, MAX_ERRORS).join('; ');
  return ApplicationFailure.create({
    message: `The data of ${code} ${problem}: ${listed}${errors.length > MAX_ERRORS ? '; …' : ''}`,
    type: INVALID_TASK_DATA,
    nonRetryable: isFinal,
  });
}
