// The end-to-end tests add this to a generated project: what a project can add to its worker.
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { AppSettings } from 'kuflow-worker';

const print = (message: string): void => console.log(JSON.stringify({ level: 'INFO', message }));

export const settings = (app: AppSettings) => ({
  name: app.text('name', 'a resource'),
  isQuiet: app.boolean('quiet', true),
});

type Settings = ReturnType<typeof settings>;

export async function openResources({ name, isQuiet }: Settings) {
  if (!isQuiet) print(`Opened ${name}`);
  return {
    use: (user: string) => isQuiet || print(`${user} uses ${name}`),
    close: () => isQuiet || print(`Closed ${name}`),
  };
}

export type Resources = Awaited<ReturnType<typeof openResources>>;

export const closeResources = async (resources: Resources): Promise<unknown> => resources.close();

export const activityInterceptors: readonly ActivityInterceptorsFactory[] = [
  ({ log }) => ({
    inbound: {
      execute: (input, next) => {
        log.info('Intercepted the activity');
        return next(input);
      },
    },
  }),
];
