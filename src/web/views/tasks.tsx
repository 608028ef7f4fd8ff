import type { Process } from '../../kuflow/contract/processes.ts';
import type { ProcessItemPageItem } from '../../kuflow/contract/process-items.ts';
import { nameOfPrincipal, OPEN_STATES, servedProcess, taskOf, useApp } from '../app-data.ts';
import { usePagedList } from '../live/use-data.ts';
import { Link, navigateTo, ViewHeading } from '../navigation.tsx';
import { Ago } from '../parts/ago.tsx';
import { SelectList } from '../parts/select-list.tsx';
import { CommandList, EmptyState, ReadFailure, ShowMore, StateWord } from '../parts/notices.tsx';
import { readProcessesById } from '../process-cache.ts';
import type { Route } from '../route.ts';
import { kuflowCommand, shortId } from '../text/commands.ts';
import { describeProcess } from '../text/summary.ts';

const STATES: Readonly<Record<string, readonly string[]>> = {
  '': OPEN_STATES,
  READY: ['READY'],
  CLAIMED: ['CLAIMED'],
  COMPLETED: ['COMPLETED'],
  CANCELLED: ['CANCELLED'],
  all: [],
};
const STATE_NAMES = [
  ['', 'Open'],
  ['READY', 'Ready'],
  ['CLAIMED', 'Claimed'],
  ['COMPLETED', 'Completed'],
  ['CANCELLED', 'Canceled'],
  ['all', 'All'],
] as const;

export function TaskListView({ route }: { readonly route: Extract<Route, { readonly view: 'tasks' }> }) {
  const app = useApp();
  const { state = '', code } = route;
  const query = { type: 'TASK', taskState: STATES[state] ?? OPEN_STATES, processItemDefinitionCode: code };
  const {
    items: tasks,
    details: processes,
    left = 0,
    failure,
    showMore,
  } = usePagedList('/process-items', query, processesOf);
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
        <SelectList
          label="State"
          value={state}
          options={STATE_NAMES}
          onChange={(value) => navigateTo({ ...route, state: value }, { replace: true })}
        />
        <SelectList
          label="Task"
          value={code ?? ''}
          options={[['', 'All'], ...codes.map((each) => [each, each] as const)]}
          onChange={(value) => navigateTo({ ...route, code: value }, { replace: true })}
        />
      </div>
      <ReadFailure failure={failure} title="The tasks could not be read" />
      {tasks?.length === 0 ? (
        <EmptyState command={kuflowCommand(['process', 'start'], app.commandOptions)}>
          {state === '' && code === undefined
            ? 'Tasks appear here when a worker creates them in a process. Start a process:'
            : 'No task matches.'}
        </EmptyState>
      ) : (
        <ul class="rows">
          {tasks?.map((item) => (
            <TaskRow key={item.id} item={item} process={processes?.get(item.processId)} />
          ))}
        </ul>
      )}
      <ShowMore count={left} onClick={showMore} />
      <CommandList commands={[['List tasks', kuflowCommand(['task', 'list'], app.commandOptions)]]} />
    </>
  );
}

const processesOf = (
  tasks: readonly ProcessItemPageItem[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Process>> =>
  readProcessesById(
    tasks.map(({ processId }) => processId),
    signal,
  );

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
