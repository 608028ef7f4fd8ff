import type { CommandEntry } from '../cli/context.ts';

export const createEntry: CommandEntry = {
  name: 'create',
  summary: 'Create a worker project for a KuFlow process',
  load: () => import('../commands/create/command.ts'),
};

/** The commands of `kuflow`, in the order of its help. */
export const kuflowEntries: readonly CommandEntry[] = [
  createEntry,
  {
    name: 'add',
    summary: 'Add a task, a process or an activity to a worker project',
    load: () => import('../commands/add/command.ts'),
  },
  {
    name: 'dev',
    summary: 'Run a local KuFlow with a real Temporal server to try a worker out',
    load: () => import('../commands/dev/command.ts'),
  },
  {
    name: 'processes',
    summary: 'List the processes that the application sees and show what they are made of',
    load: () => import('../commands/processes/command.ts'),
  },
  {
    name: 'credentials',
    summary: 'Get, check and rotate the engine certificate of a project, and run commands with it',
    load: () => import('../commands/credentials/command.ts'),
  },
  {
    name: 'doctor',
    summary: 'Check everything that a worker needs to connect, and name the root cause of what is wrong',
    load: () => import('../commands/doctor/command.ts'),
  },
  {
    name: 'login',
    summary: 'Store the credentials of an application for the commands of this tool',
    load: () => import('../commands/login/command.ts'),
  },
  {
    name: 'logout',
    summary: 'Remove stored credentials',
    load: () => import('../commands/login/logout-command.ts'),
  },
  {
    name: 'profiles',
    summary: 'List the stored credentials and say where their secrets are',
    load: () => import('../commands/login/profiles-command.ts'),
  },
  {
    name: 'completion',
    summary: 'Print a script that lets the shell complete commands, options and processes',
    load: () => import('../commands/completion/command.ts'),
  },
  {
    name: '__complete',
    summary: 'Answer a completion script',
    hidden: true,
    load: () => import('../commands/completion/complete-command.ts'),
  },
];
