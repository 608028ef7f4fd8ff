import { findProject } from '../scaffold/edit/open-project.ts';

/** The folder of the project that a folder is in, or undefined. */
export function projectFolder(cwd: string): string | undefined {
  return findProject(cwd);
}
