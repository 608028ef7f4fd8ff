import type { WorkerProject } from './open-project.ts';
import { planAction } from './plan-action.ts';
import { planActivity } from './plan-activity.ts';
import { planDefinitions } from './plan-definitions.ts';
import { planProcess, resumeProcess } from './plan-process.ts';
import { planTask } from './plan-task.ts';
import type { Addition, AdditionContext, AdditionRequest } from './addition.ts';

/**
 * Plans an addition to a project. Reads the project and writes nothing. Rejects with a usage error if the name is in use and that addition is
 * already complete.
 */
export async function planAddition(
  project: WorkerProject,
  request: AdditionRequest,
  context: AdditionContext,
): Promise<Addition> {
  switch (request.kind) {
    case 'process':
      return planProcess(project, request, context);
    case 'resumed-process':
      return resumeProcess(project, request.process, context);
    case 'task':
      return planTask(project, request, context);
    case 'action':
      return planAction(project, request, context);
    case 'activity':
      return planActivity(project, request.name);
    case 'code':
      return planDefinitions(
        project,
        project.processes.map((process) => ({ process, definition: process.definition })),
      );
  }
}
