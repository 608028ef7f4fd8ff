import type { CommandEntry } from '../cli/context.ts';

export const createEntry: CommandEntry = {
  name: 'create',
  summary: 'Create a worker project for a KuFlow process',
  group: 'Project:',
  load: () => import('../commands/create/command.ts'),
};

/** `entries`: the summary of each command, and what loads it, by its name. */
function inGroup(
  group: string,
  entries: Readonly<Record<string, readonly [summary: string, load: CommandEntry['load']]>>,
): readonly CommandEntry[] {
  return Object.entries(entries).map(([name, [summary, load]]) => ({ name, summary, group, load }));
}

/** The commands of `kuflow`, in the order of `kuflow --help`. */
export const kuflowEntries: readonly CommandEntry[] = [
  createEntry,
  ...inGroup('Project:', {
    add: [
      'Add a task, user action, process or activity to a worker project',
      () => import('../commands/add/command.ts'),
    ],
    generate: [
      'Update the code after you edit a definition file',
      async () => ({ configure: (await import('../commands/add/command.ts')).configureGenerate }),
    ],
    sync: [
      'Compare your definition with the process in KuFlow, and update the definition',
      () => import('../commands/sync/command.ts'),
    ],
    update: [
      'Update a worker project to match the templates in this version of kuflow',
      () => import('../commands/update/command.ts'),
    ],
    replay: [
      'Check that changes to workflow code do not break running processes',
      () => import('../commands/replay/command.ts'),
    ],
  }),
  ...inGroup('Local KuFlow:', {
    dev: [
      'Run a local KuFlow with a real Temporal server, alone or with a worker',
      () => import('../commands/dev/command.ts'),
    ],
  }),
  ...inGroup('Processes:', {
    process: ['Start, show, signal and cancel processes', () => import('../commands/process/command.ts')],
    task: ['List, claim, assign and complete tasks', () => import('../commands/task/command.ts')],
    definitions: [
      'List the process definitions visible to the application, and show their tasks',
      () => import('../commands/definitions/command.ts'),
    ],
  }),
  ...inGroup('Connection:', {
    doctor: ['Find out why a worker cannot connect', () => import('../commands/doctor/command.ts')],
    credentials: [
      'Get, check and renew the engine certificate (the TLS client certificate for Temporal)',
      () => import('../commands/credentials/command.ts'),
    ],
    login: ['Store the credentials of a KuFlow application', () => import('../commands/login/command.ts')],
    logout: [
      'Remove stored credentials',
      async () => ({ configure: (await import('../commands/login/command.ts')).configureLogout }),
    ],
    profiles: [
      'List stored credentials and the locations of their secrets',
      async () => ({ configure: (await import('../commands/login/command.ts')).configureProfiles }),
    ],
  }),
  { name: 'docs', summary: 'Print or search the documentation', load: () => import('../commands/docs/command.ts') },
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
