import { resolveSettings } from '../settings/precedence.ts';
import type { WorkerProject } from './edit/open-project.ts';

/** The only queue that the worker of a project polls: from its application files, or else from the first definition. */
export async function projectTaskQueue({
  folder,
  processes,
}: Pick<WorkerProject, 'folder' | 'processes'>): Promise<string> {
  const { settings } = await resolveSettings({ env: {}, files: { dir: folder }, required: [], cwd: folder });
  return settings['temporal.kuflow-queue']?.value ?? processes[0].definition.workflow.taskQueue;
}
