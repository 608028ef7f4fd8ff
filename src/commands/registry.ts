import type { CommandEntry } from './context.ts';

export const createEntry: CommandEntry = {
  name: 'create',
  summary: 'Create a worker project for a KuFlow process',
  load: () => import('./create.ts'),
};

/** The commands of `kuflow`, in the order of its help. */
export const kuflowEntries: readonly CommandEntry[] = [
  createEntry,
  {
    name: 'add',
    summary: 'Add a task, a process or an activity to a worker project',
    load: () => import('./add.ts'),
  },
  {
    name: 'dev',
    summary: 'Run a local KuFlow with a real Temporal server to try a worker out',
    load: () => import('./dev.ts'),
  },
  {
    name: 'processes',
    summary: 'List the processes that the application sees and show what they are made of',
    load: () => import('./processes.ts'),
  },
  {
    name: 'credentials',
    summary: 'Get, check and rotate the engine certificate of a project, and run commands with it',
    load: () => import('./credentials.ts'),
  },
  {
    name: 'doctor',
    summary: 'Check everything that a worker needs to connect, and name the root cause of what is wrong',
    load: () => import('./doctor.ts'),
  },
  {
    name: 'login',
    summary: 'Store the credentials of an application for the commands of this tool',
    load: () => import('./login.ts'),
  },
  {
    name: 'logout',
    summary: 'Remove stored credentials',
    load: () => import('./logout.ts'),
  },
  {
    name: 'profiles',
    summary: 'List the stored credentials and say where their secrets are',
    load: () => import('./profiles.ts'),
  },
  {
    name: 'completion',
    summary: 'Print a script that lets the shell complete commands, options and processes',
    load: () => import('./completion.ts'),
  },
  {
    name: '__complete',
    summary: 'Answer a completion script',
    hidden: true,
    load: () => import('./complete.ts'),
  },
];
