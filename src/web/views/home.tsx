import { useState } from 'preact/hooks';
import { countOf } from '../../base/count-of.ts';
import type {
  EnvironmentVariables,
  QueueStatus,
  WorkersStatus,
  WorkerStatus,
} from '../../platform/shared/dev-contract.ts';
import { OPEN_STATES, useApp } from '../app-data.ts';
import { concernsProcess, useApi } from '../live/use-data.ts';
import { Link, ViewHeading } from '../navigation.tsx';
import { Ago } from '../parts/ago.tsx';
import { CommandLine, CopyButton } from '../parts/copy.tsx';
import { ConfidentialBadge, EmptyState, ReadFailure, Notice, StateWord } from '../parts/notices.tsx';
import { quoteWord } from '../text/commands.ts';
import { KUFLOW, WORKER_COMMAND } from '../project-commands.ts';
import { ClockSection } from './clock.tsx';

const PART_NAMES = {
  store: 'State',
  temporal: 'Temporal server',
  gateway: 'Engine gateway',
  rest: 'REST API',
} as const;

export function HomeView() {
  const app = useApp();
  const workers = useApi<WorkersStatus>('/_dev/workers', {
    affectedBy: ({ kind }) => kind === 'workers-changed' || kind === 'definitions-changed',
  });
  const status = app.status.data;
  return (
    <>
      <ViewHeading title="Local KuFlow" />
      <WorkerNotices queues={workers.data?.queues ?? []} />
      <DefinitionProblems />
      <OpenTasks />
      <ReadFailure failure={app.status.failure} title="The status could not be read" />
      <Definitions />
      <Workers
        workers={workers.data?.workers}
        isNoticed={workers.data?.queues.some(({ pollers }) => pollers.length === 0) === true}
      />
      <ClockSection />
      {status === undefined ? null : (
        <section aria-labelledby="parts">
          <h2 id="parts">Parts</h2>
          <ul class="rows parts">
            {status.parts.map(({ part, state, address, detail }) => (
              <li key={part}>
                <span>{PART_NAMES[part]}</span>
                <StateWord state={state} />
                <span class="muted mono">{[address, detail].filter((text) => text !== undefined).join(' · ')}</span>
              </li>
            ))}
          </ul>
          <dl class="facts">
            <dt>REST API</dt>
            <dd class="mono">
              {status.endpoints.https}
              <br />
              {status.endpoints.http}
            </dd>
            <dt>Engine</dt>
            <dd class="mono">{status.endpoints.engine}</dd>
            <dt>Namespace</dt>
            <dd class="mono">{status.namespace}</dd>
            <dt>Temporal’s UI</dt>
            <dd>
              {status.temporalUi === undefined ? (
                <span class="muted">
                  Not running. Start it with <code>{KUFLOW} dev --temporal-ui</code>
                </span>
              ) : (
                <a href={status.temporalUi}>{status.temporalUi}</a>
              )}
            </dd>
            <dt>Folder</dt>
            <dd class="mono">{status.folder}</dd>
            <dt>State folder</dt>
            <dd class="mono">{status.stateDir}</dd>
            <dt>Version</dt>
            <dd>
              {status.version}, started <Ago time={status.startedAt} />
            </dd>
          </dl>
        </section>
      )}
      <Environment />
    </>
  );
}

/** The most common reason why nothing happens. */
function WorkerNotices({ queues }: { readonly queues: readonly QueueStatus[] }) {
  const unserved = queues.filter(({ pollers }) => pollers.length === 0);
  if (unserved.length === 0) return null;
  return (
    <Notice tone="warning" title="No worker is running">
      {unserved.map(({ taskQueue, processes }) => (
        <p key={taskQueue}>
          Nothing polls the task queue <code>{taskQueue}</code>, so{' '}
          {processes.length === 1 ? 'the process' : 'the processes'} {processes.join(', ')}{' '}
          {processes.length === 1 ? 'waits' : 'wait'}. Start your worker in its project:
        </p>
      ))}
      <CommandLine command={WORKER_COMMAND} what="command that starts the worker" />
    </Notice>
  );
}

function DefinitionProblems() {
  const problems = useApp().definitions.data?.problems ?? [];
  return (
    <>
      {problems.map(({ file, message }) => (
        <Notice key={`${file} ${message}`} tone="error" title={`${file} cannot be loaded`} isAlert>
          <p>{message}</p>
          <p class="muted">The last valid content is still served. Correct the file and save it.</p>
        </Notice>
      ))}
    </>
  );
}

function OpenTasks() {
  const open = useApi<{ metadata: { totalElements: number } }>('/process-items', {
    query: { type: 'TASK', taskState: OPEN_STATES, size: 1 },
    affectedBy: concernsProcess(),
  });
  const count = open.data?.metadata.totalElements ?? 0;
  if (count === 0) return null;
  return (
    <p>
      <Link to={{ view: 'tasks' }}>{countOf(count, 'open task')}</Link>
    </p>
  );
}

function Definitions() {
  const { definitions } = useApp();
  const served = definitions.data?.definitions;
  return (
    <section aria-labelledby="definitions">
      <h2 id="definitions">Process definitions</h2>
      <ReadFailure failure={definitions.failure} title="The definitions could not be read" />
      {served?.length === 0 ? (
        <EmptyState command="npx create-kuflow-worker">
          No process definitions are served. Start the local KuFlow in a folder with a <code>kuflow.process.yaml</code>,
          such as a new worker project:
        </EmptyState>
      ) : (
        <ul class="rows definitions">
          {served?.map((definition) => {
            const { code, name, workflowType, taskQueue, webhookUrl, tasks } = definition;
            return (
              <li key={code}>
                <span class="main">
                  <strong>{name ?? code}</strong> <span class="muted mono">{code}</span>
                  <ConfidentialBadge of={definition} />
                  <span class="second">
                    {workflowType === undefined ? '' : `${workflowType} on ${taskQueue}, `}
                    {webhookUrl === undefined ? '' : `Webhook ${webhookUrl}, `}
                    {countOf(tasks.length, 'task')}
                  </span>
                </span>
                <Link class="button" to={{ view: 'start', code }}>
                  Start <span class="visually-hidden">{name ?? code}</span>
                </Link>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}

interface WorkersProps {
  readonly workers: readonly WorkerStatus[] | undefined;
  /** Whether a notice has the command that starts a worker. */
  readonly isNoticed: boolean;
}

function Workers({ workers, isNoticed }: WorkersProps) {
  return (
    <section aria-labelledby="workers">
      <h2 id="workers">Workers</h2>
      {workers?.length === 0 ? (
        <EmptyState command={isNoticed ? undefined : WORKER_COMMAND}>
          Workers appear here when they register with the local KuFlow.
        </EmptyState>
      ) : (
        <ul class="rows">
          {workers?.map((worker) => (
            <li key={`${worker.identity} ${worker.taskQueue}`}>
              <div class="main">
                <span class="mono">{worker.identity}</span>
                <span class="second">
                  {worker.taskQueue}: {(worker.workflowTypes ?? []).join(', ')}
                </span>
                <ActivityTypes types={worker.activityTypes ?? []} />
              </div>
              <StateWord state={worker.online ? 'online' : 'offline'} />
              {worker.lastModifiedAt === undefined ? null : <Ago time={worker.lastModifiedAt} ofMachine />}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** A worker has those of KuFlow's API too, which are many. */
function ActivityTypes({ types }: { readonly types: readonly string[] }) {
  if (types.length === 0) return null;
  return (
    <details class="second">
      <summary>{countOf(types.length, 'activity type')}</summary>
      {types.join(', ')}
    </details>
  );
}

const SECRET_NAME = /SECRET|TOKEN|PASSWORD|PRIVATE/;

function Environment() {
  const [isShown, setShown] = useState(false);
  const environment = useApi<EnvironmentVariables>('/_dev/environment');
  const variables = Object.entries(environment.data?.variables ?? {});
  if (variables.length === 0)
    return <ReadFailure failure={environment.failure} title="The environment could not be read" />;
  const lines = variables.map(([name, value]) => `${name}=${quoteWord(value)}`);
  return (
    <section aria-labelledby="environment">
      <h2 id="environment">Environment</h2>
      <p class="muted">
        What a worker needs to connect. <code>{KUFLOW} dev exec</code> sets it for a command, and{' '}
        <code>{KUFLOW} dev env</code> prints it.
      </p>
      <dl class="facts">
        {variables.flatMap(([name, value]) => [
          <dt key={name} class="mono">
            {name}
          </dt>,
          <dd key={`${name} value`} class="mono">
            {SECRET_NAME.test(name) && !isShown ? <span aria-label="hidden">••••••••</span> : value}
          </dd>,
        ])}
      </dl>
      <p class="actions">
        <CopyButton text={lines.join('\n')} what="environment" label="Copy all" />
        <button type="button" class="quiet" aria-pressed={isShown} onClick={() => setShown(!isShown)}>
          {isShown ? 'Hide secrets' : 'Show secrets'}
        </button>
      </p>
    </section>
  );
}
