import { useState } from 'preact/hooks';
import type { Process } from '../../kuflow/contract/processes.ts';
import type { ProcessItemPageItem } from '../../kuflow/contract/process-items.ts';
import { nameOfPrincipal, OPEN_STATES, servedProcess, taskOf, useApp } from '../app-data.ts';
import { callApi } from '../api.ts';
import { concernsProcess, useData } from '../live/use-data.ts';
import { Link, navigateTo, ViewHeading } from '../navigation.tsx';
import { Ago } from '../parts/ago.tsx';
import { CommandList, EmptyState, ReadFailure, ShowMore, StateWord } from '../parts/notices.tsx';
import { readProcessesById } from '../process-cache.ts';
import type { Route } from '../route.ts';
import { kuflowCommand, shortId } from '../text/commands.ts';
import { describeProcess } from '../text/summary.ts';

const PAGE_SIZE = 25;
const STATES: Readonly<Record<string, readonly string[]>> = {
  '': OPEN_STATES,
  READY: ['READY'],
  CLAIMED: ['CLAIMED'],
  COMPLETED: ['COMPLETED'],
  CANCELLED: ['CANCELLED'],
  all: [],
};

export function TaskListView({ route }: { readonly route: Extract<Route, { readonly view: 'tasks' }> }) {
  const app = useApp();
  const { state = '', code } = route;
  const [size, setSize] = useState(PAGE_SIZE);
  const list = useData(
    `tasks ${state} ${code ?? ''} ${size}`,
    async (signal) => {
      const page = await callApi<{ content: ProcessItemPageItem[]; metadata: { totalElements: number } }>(
        'GET',
        '/process-items',
        {
          query: {
            type: 'TASK',
            taskState: STATES[state] ?? OPEN_STATES,
            processItemDefinitionCode: code,
            size,
            sort: 'createdAt,desc',
          },
          signal,
        },
      );
      const processes = await readProcessesById(
        page.content.map(({ processId }) => processId),
        signal,
      );
      return { tasks: page.content, processes, total: page.metadata.totalElements };
    },
    { affectedBy: concernsProcess() },
  );
  const codes = [
    ...new Set(
      (app.definitions.data?.definitions ?? []).flatMap(({ tasks }) =>
        tasks.filter(({ kind }) => kind === 'human' || kind === 'system').map((task) => task.code),
      ),
    ),
  ];
  return (
    <>
      <ViewHeading title="Tasks" />
      <div class="filters">
        <label>
          State
          <select
            value={state}
            onChange={(event) => navigateTo({ ...route, state: event.currentTarget.value }, { replace: true })}
          >
            <option value="">Open</option>
            <option value="READY">Ready</option>
            <option value="CLAIMED">Claimed</option>
            <option value="COMPLETED">Completed</option>
            <option value="CANCELLED">Canceled</option>
            <option value="all">All</option>
          </select>
        </label>
        <label>
          Task
          <select
            value={code ?? ''}
            onChange={(event) => navigateTo({ ...route, code: event.currentTarget.value }, { replace: true })}
          >
            <option value="">All</option>
            {codes.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
      </div>
      <ReadFailure failure={list.failure} title="The tasks could not be read" />
      {list.data?.tasks.length === 0 ? (
        <EmptyState command={kuflowCommand(['process', 'start'], app.commandOptions)}>
          {state === '' && code === undefined
            ? 'Tasks appear here when a worker creates them in a process. Start a process:'
            : 'No task matches.'}
        </EmptyState>
      ) : (
        <ul class="rows">
          {list.data?.tasks.map((item) => (
            <TaskRow key={item.id} item={item} process={list.data?.processes.get(item.processId)} />
          ))}
        </ul>
      )}
      <ShowMore
        count={list.data === undefined ? 0 : list.data.total - list.data.tasks.length}
        onClick={() => setSize(size + PAGE_SIZE)}
      />
      <CommandList commands={[['List tasks', kuflowCommand(['task', 'list'], app.commandOptions)]]} />
    </>
  );
}

function TaskRow({ item, process }: { readonly item: ProcessItemPageItem; readonly process: Process | undefined }) {
  const app = useApp();
  const code = item.processItemDefinitionRef?.code;
  const processCode = process?.processDefinitionRef?.code;
  const owner = nameOfPrincipal(app, item.ownerId);
  return (
    <li>
      <Link class="main" to={{ view: 'task', id: item.id }}>
        {taskOf(servedProcess(app, processCode), item)?.name ?? code ?? 'Task'}
        <span class="second">
          {describeProcess(process, servedProcess(app, processCode)?.name)} ·{' '}
          <span class="mono">…{shortId(item.id)}</span>
        </span>
      </Link>
      <span>
        <StateWord state={item.task?.state ?? 'READY'} />
        {owner === undefined ? null : (
          <span class="muted"> {item.ownerId === app.me?.principalId ? 'by you' : `by ${owner}`}</span>
        )}
      </span>
      {item.createdAt === undefined ? null : <Ago time={item.createdAt} />}
    </li>
  );
}
