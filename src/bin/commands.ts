import type { CommandEntry } from '../cli/context.ts';

export const createEntry: CommandEntry = {
  name: 'create',
  summary: 'Create a worker project for a KuFlow process',
  group: 'Project:',
  load: () => import('../commands/create/command.ts'),
};

/** The commands of `kuflow`, in the order of `kuflow --help`. */
export const kuflowEntries: readonly CommandEntry[] = [
  createEntry,
  {
    name: 'add',
    summary: 'Add a task, user action, process or activity to a worker project',
    group: 'Project:',
    load: () => import('../commands/add/command.ts'),
  },
  {
    name: 'generate',
    summary: 'Update the code after you have edited a definition file',
    group: 'Project:',
    load: async () => ({ configure: (await import('../commands/add/command.ts')).configureGenerate }),
  },
  {
    name: 'sync',
    summary: 'Compare your definition with the process in KuFlow, and update the definition',
    group: 'Project:',
    load: () => import('../commands/sync/command.ts'),
  },
  {
    name: 'update',
    summary: 'Update a worker project to the templates of this kuflow version',
    group: 'Project:',
    load: () => import('../commands/update/command.ts'),
  },
  {
    name: 'replay',
    summary: 'Check that running processes can continue with your workflow code',
    group: 'Project:',
    load: () => import('../commands/replay/command.ts'),
  },
  {
    name: 'dev',
    summary: 'Run a local KuFlow with a real Temporal server, alone or with a worker',
    group: 'Local KuFlow:',
    load: () => import('../commands/dev/command.ts'),
  },
  {
    name: 'process',
    summary: 'Start, show, signal and cancel processes',
    group: 'Processes:',
    load: () => import('../commands/process/command.ts'),
  },
  {
    name: 'task',
    summary: 'List, claim, assign and complete tasks',
    group: 'Processes:',
    load: () => import('../commands/task/command.ts'),
  },
  {
    name: 'definitions',
    summary: 'List the process definitions visible to the application, and show their tasks',
    group: 'Processes:',
    load: () => import('../commands/definitions/command.ts'),
  },
  {
    name: 'doctor',
    summary: 'Find out why a worker cannot connect',
    group: 'Connection:',
    load: () => import('../commands/doctor/command.ts'),
  },
  {
    name: 'credentials',
    summary: 'Get, check and renew the engine certificate (the TLS client certificate for Temporal)',
    group: 'Connection:',
    load: () => import('../commands/credentials/command.ts'),
  },
  {
    name: 'login',
    summary: 'Store the credentials of a KuFlow application',
    group: 'Connection:',
    load: () => import('../commands/login/command.ts'),
  },
  {
    name: 'logout',
    summary: 'Remove stored credentials',
    group: 'Connection:',
    load: async () => ({ configure: (await import('../commands/login/command.ts')).configureLogout }),
  },
  {
    name: 'profiles',
    summary: 'List stored credentials and the locations of their secrets',
    group: 'Connection:',
    load: async () => ({ configure: (await import('../commands/login/command.ts')).configureProfiles }),
  },
  {
    name: 'docs',
    summary: 'Print or search the documentation',
    load: () => import('../commands/docs/command.ts'),
  },
  {
    name: 'completion',
    summary: 'Print a shell completion script',
    load: () => import('../commands/completion/command.ts'),
  },
  {
    name: '__complete',
    summary: 'Answer a completion script',
    hidden: true,
    load: () => import('../commands/completion/complete-command.ts'),
  },
];
