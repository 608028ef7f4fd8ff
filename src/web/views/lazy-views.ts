import { lazyComponent } from '../parts/lazy.tsx';

// The views that are not the first one. Several come from one file.

export const ProcessesView = lazyComponent('the view', async () => (await import('./processes.tsx')).ProcessListView);
export const ProcessView = lazyComponent('the view', async () => (await import('./process.tsx')).ProcessDetailView);
export const StartView = lazyComponent('the view', async () => (await import('./start.tsx')).StartProcessView);
export const TasksView = lazyComponent('the view', async () => (await import('./tasks.tsx')).TaskListView);
export const TaskView = lazyComponent('the view', async () => (await import('./task.tsx')).TaskDetailView);
export const LatestTaskView = lazyComponent('the view', async () => (await import('./task.tsx')).LatestTaskRedirect);
export const RequestsView = lazyComponent('the view', async () => (await import('./requests.tsx')).RequestListView);
export const RequestView = lazyComponent('the view', async () => (await import('./requests.tsx')).RequestDetailView);
export const FaultsView = lazyComponent('the view', async () => (await import('./faults.tsx')).FaultListView);
export const WebhooksView = lazyComponent('the view', async () => (await import('./webhooks.tsx')).WebhookListView);
export const WebhookView = lazyComponent('the view', async () => (await import('./webhooks.tsx')).WebhookDetailView);

const AFTER_MS = 1_000;

/** Loads the other views once the first one is shown, so that links work without waiting, and while the platform is restarted. */
export function preloadViews(): void {
  setTimeout(() => {
    for (const view of [
      ProcessesView,
      ProcessView,
      StartView,
      TasksView,
      TaskView,
      RequestsView,
      FaultsView,
      WebhooksView,
    ])
      void view.preload().catch(() => undefined);
  }, AFTER_MS);
}
