import type { ComponentChildren, ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { AppDataContext, useApp, useAppData } from './app-data.ts';
import { connectLiveEvents, readAgain, useConnection, type ConnectionState } from './live/events.ts';
import { Link, ViewHeading, useRoute } from './navigation.tsx';
import { CommandLine } from './parts/copy.tsx';
import { EmptyState, Notice } from './parts/notices.tsx';
import type { Route, ViewProps } from './route.ts';
import { currentToken, signInWith } from './sign-in.ts';
import { ClockBanner } from './views/clock.tsx';
import { HomeView } from './views/home.tsx';
import { KUFLOW } from './project-commands.ts';
import { lazyComponent, type LazyComponent } from './parts/lazy.tsx';

const lazyView = <Props extends object>(load: () => Promise<ComponentType<Props>>) => lazyComponent('the view', load);

type Views = { readonly [View in Exclude<Route['view'], 'home' | 'unknown'>]: LazyComponent<ViewProps<View>> };

/** The views that are not the first one. Several come from one file. */
const VIEWS: Views = {
  processes: lazyView(async () => (await import('./views/processes.tsx')).ProcessListView),
  process: lazyView(async () => (await import('./views/processes.tsx')).ProcessDetailView),
  start: lazyView(async () => (await import('./views/start.tsx')).StartProcessView),
  tasks: lazyView(async () => (await import('./views/tasks.tsx')).TaskListView),
  task: lazyView(async () => (await import('./views/tasks.tsx')).TaskDetailView),
  'latest-task': lazyView(async () => (await import('./views/tasks.tsx')).LatestTaskRedirect),
  requests: lazyView(async () => (await import('./views/requests.tsx')).RequestListView),
  request: lazyView(async () => (await import('./views/requests.tsx')).RequestDetailView),
  faults: lazyView(async () => (await import('./views/faults.tsx')).FaultListView),
  webhooks: lazyView(async () => (await import('./views/webhooks.tsx')).WebhookListView),
  webhook: lazyView(async () => (await import('./views/webhooks.tsx')).WebhookDetailView),
};

const AFTER_MS = 1_000;

/** Loads the other views once the first one is shown, so that links work without waiting, and while the platform is restarted. */
function preloadViews(): void {
  setTimeout(() => {
    for (const view of Object.values(VIEWS)) void view.preload().catch(() => undefined);
  }, AFTER_MS);
}

const SECTIONS: readonly { readonly label: string; readonly to: Route; readonly views: readonly Route['view'][] }[] = [
  { label: 'Home', to: { view: 'home' }, views: ['home'] },
  { label: 'Processes', to: { view: 'processes' }, views: ['processes', 'process', 'start'] },
  { label: 'Tasks', to: { view: 'tasks' }, views: ['tasks', 'task', 'latest-task'] },
  { label: 'Requests', to: { view: 'requests' }, views: ['requests', 'request'] },
  { label: 'Faults', to: { view: 'faults' }, views: ['faults'] },
  { label: 'Webhooks', to: { view: 'webhooks' }, views: ['webhooks', 'webhook'] },
];

/** `hasBadCode`: the address had a code that was used or has expired. */
export function App({ hasBadCode }: { readonly hasBadCode: boolean }) {
  const [token, setToken] = useState(currentToken);
  if (token === undefined)
    return <SignedOut title={hasBadCode ? 'This address has been used' : 'Open the console with its token'} />;
  return (
    <SignedIn
      token={token}
      switchTo={(other) => {
        signInWith(other);
        setToken(other);
        readAgain();
      }}
    />
  );
}

function SignedOut({ title }: { readonly title: string }) {
  return (
    <main id="content" class="page">
      <ViewHeading title={title} />
      <p>This tab does not have a valid token of the local KuFlow. Run this in the folder of your project:</p>
      <CommandLine command={`${KUFLOW} dev open`} />
      <p class="muted">It opens the console in a new tab, signed in.</p>
    </main>
  );
}

function SignedIn({ token, switchTo }: { readonly token: string; readonly switchTo: (token: string) => void }) {
  const app = useAppData(token);
  const connection = useConnection();
  const route = useRoute();
  const hasWebhooks = app.definitions.data?.definitions.some(({ webhookUrl }) => webhookUrl !== undefined) === true;
  useEffect(() => {
    connectLiveEvents();
    preloadViews();
  }, []);
  if (app.status.failure?.status === 401) return <SignedOut title="The token of this tab is not valid" />;
  return (
    <AppDataContext.Provider value={app}>
      <a class="skip" href="#content">
        Skip to content
      </a>
      <header class="bar">
        <div class="bar-inner">
          <nav aria-label="Main">
            <ul>
              {SECTIONS.filter(({ to }) => to.view !== 'webhooks' || hasWebhooks).map(({ label, to, views }) => (
                <li key={label}>
                  <Link to={to} current={views.includes(route.view)}>
                    {label}
                  </Link>
                </li>
              ))}
            </ul>
          </nav>
          <div class="session">
            <ConnectionWord state={connection} />
            <UserSwitcher switchTo={switchTo} />
          </div>
        </div>
      </header>
      <main id="content" class="page">
        {connection === 'stopped' ? (
          <Notice tone="error" title="The local KuFlow has stopped" isAlert>
            <p>What you typed stays in this tab. Start it again in the folder of your project:</p>
            <CommandLine command={`${KUFLOW} dev`} />
          </Notice>
        ) : null}
        <ClockBanner />
        <View route={route} />
      </main>
    </AppDataContext.Provider>
  );
}

function View({ route }: { readonly route: Route }): ComponentChildren {
  if (route.view === 'home') return <HomeView />;
  if (route.view === 'unknown')
    return (
      <>
        <ViewHeading title="Page not found" />
        <EmptyState>
          The console does not have a view at <code>{route.path}</code>. <Link to={{ view: 'home' }}>Go to Home</Link>
        </EmptyState>
      </>
    );
  const Shown = VIEWS[route.view] as ComponentType<{ readonly route: Route }>;
  // Another record or start form is a new view; another filter is not.
  const key = 'id' in route ? route.id : route.view === 'start' ? `${route.code ?? ''} ${route.like ?? ''}` : '';
  return <Shown key={key} route={route} />;
}

const CONNECTION_WORDS: Readonly<Record<ConnectionState, readonly [string, string]>> = {
  connecting: ['Connecting…', 'muted'],
  live: ['Live', 'good'],
  reconnecting: ['Reconnecting…', 'waiting'],
  stopped: ['Stopped', 'bad'],
  refused: ['Not signed in', 'bad'],
};

function ConnectionWord({ state }: { readonly state: ConnectionState }) {
  const [word, tone] = CONNECTION_WORDS[state];
  return (
    <span class={`connection state ${tone}`} role="status" aria-label="Connection">
      {word}
    </span>
  );
}

function UserSwitcher({ switchTo }: { readonly switchTo: (token: string) => void }) {
  const { people, me } = useApp();
  if (people.users.length < 2) return me === undefined ? null : <span class="user">{me.name}</span>;
  return (
    <label class="user">
      <span class="visually-hidden">Act as</span>
      <select
        value={me?.principalId ?? ''}
        title={me?.email}
        onChange={(event) => {
          const chosen = people.users.find(({ principalId }) => principalId === event.currentTarget.value);
          if (chosen !== undefined) switchTo(chosen.token);
        }}
      >
        {me === undefined ? <option value="">…</option> : null}
        {people.users.map(({ principalId, name }) => (
          <option key={principalId} value={principalId}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
