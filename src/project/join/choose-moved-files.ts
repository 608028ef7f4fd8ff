import type { PlanComparison } from '../conflicts.ts';
import { README } from '../../languages/project-spec.ts';
import { freeWorkflowPath, WORKFLOW, type MovedFiles } from './moved-files.ts';

/** New paths for the files of the template that conflict with files of the folder and may have another path. */
export function chooseMovedFiles({ folder, conflicts }: PlanComparison, name: string): MovedFiles {
  const differs = (path: string): boolean =>
    conflicts.some((conflict) => conflict.path === path && conflict.reason === 'differs');
  return {
    ...(differs(README) ? { [README]: 'WORKER.md' } : {}),
    ...(differs(WORKFLOW) ? { [WORKFLOW]: freeWorkflowPath(folder, name) } : {}),
  };
}
