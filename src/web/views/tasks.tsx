import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { JsonObject } from '../../base/json.ts';
import type { ProcessItem, ProcessItemPageItem } from '../../kuflow/contract/process-items.ts';
import type { Process } from '../../kuflow/contract/processes.ts';
import type { LocalUser, ServedProcess } from '../../platform/shared/dev-contract.ts';
import type { DataShape, TaskDefinition } from '../../process/definition.ts';
import { callApi } from '../api.ts';
import { type AppData, nameOfPrincipal, OPEN_STATES, servedProcess, taskOf, useApp } from '../app-data.ts';
import type { FormProblem } from '../form/state.ts';
import { concernsProcess, useApi, useData, usePagedList } from '../live/use-data.ts';
import { Link, navigateTo, ViewHeading } from '../navigation.tsx';
import { onSubmit, useAction } from '../parts/action.ts';
import { Ago } from '../parts/ago.tsx';
import { useEditedData } from '../parts/edited-data.ts';
import {
  DataView,
  EditedForm,
  EXAMPLE_DATA_FAILED,
  MissingNotice,
  RestoredNotice,
  useExampleData,
  useFormServices,
  useShapeChanged,
} from '../parts/form-parts.tsx';
import {
  CommandList,
  EmptyState,
  FailureNotice,
  Notice,
  notLoaded,
  ReadFailure,
  ShowMore,
  StateWord,
} from '../parts/notices.tsx';
import { ProblemList } from '../parts/problem-list.tsx';
import { SelectList } from '../parts/select-list.tsx';
import { readProcess, readProcessDefinition, readProcessesOf } from '../process-cache.ts';
import type { ViewProps } from '../route.ts';
import { commandWithData, kuflowCommand, shortId } from '../text/commands.ts';
import { describeProcess } from '../text/summary.ts';
import { sentenceCase, stateWord } from '../text/words.ts';
import { Conversation } from './conversation.tsx';

const STATE_NAMES = [
  ['', 'Open'],
  ['READY', 'Ready'],
  ['CLAIMED', 'Claimed'],
  ['COMPLETED', 'Completed'],
  ['CANCELLED', 'Canceled'],
  ['all', 'All'],
] as const;

export function TaskListView({ route }: ViewProps<'tasks'>) {
  const app = useApp();
  const { state = '', code } = route;
  // An address can have any state.
  const shown = STATE_NAMES.find(([name]) => name === state)?.[0] ?? '';
  const taskState = shown === '' ? OPEN_STATES : shown === 'all' ? [] : [shown];
  const query = { type: 'TASK', taskState, processItemDefinitionCode: code };
  const {
    items: tasks,
    details: processes,
    left = 0,
    failure,
    showMore,
  } = usePagedList('/process-items', query, readProcessesOf);
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

const FAILURE_TITLES: Readonly<Record<string, string>> = {
  assign: 'The task was not assigned',
  claim: 'The task was not claimed',
  complete: 'The task was not completed',
  fill: EXAMPLE_DATA_FAILED,
  release: 'The task was not released',
  save: 'The draft was not saved',
};
const ANY_OBJECT: DataShape = { schema: { type: 'object' } };

/** The newest open task, at a fixed address. */
export function LatestTaskRedirect() {
  const app = useApp();
  const latest = useApi<{ content: ProcessItemPageItem[] }>('/process-items', {
    query: { type: 'TASK', taskState: OPEN_STATES, size: 1, sort: 'createdAt,desc' },
    affectedBy: concernsProcess(),
    onlyFresh: true,
  });
  const id = latest.data?.content[0]?.id;
  useEffect(() => {
    if (id !== undefined) navigateTo({ view: 'task', id }, { replace: true });
  }, [id]);
  return (
    <>
      <ViewHeading title="Latest task" />
      <ReadFailure failure={latest.failure} title="The tasks could not be read" />
      {latest.data !== undefined && id === undefined ? (
        <EmptyState command={kuflowCommand(['process', 'start'], app.commandOptions)}>
          No task is open. The next one opens here when a worker creates it.
        </EmptyState>
      ) : null}
    </>
  );
}

interface LoadedItem {
  readonly item: ProcessItem;
  readonly process: Process;
  readonly definition: ServedProcess | undefined;
}

export function TaskDetailView({ route: { id } }: ViewProps<'task'>) {
  const processId = useRef<string | undefined>(undefined);
  const loaded = useData<LoadedItem>(
    `item ${id}`,
    async (signal) => {
      const item = await callApi<ProcessItem>('GET', `/process-items/${encodeURIComponent(id)}`, { signal });
      processId.current = item.processId;
      const [process, definition] = await Promise.all([
        readProcess(item.processId, undefined, signal),
        readProcessDefinition(item.processId, signal),
      ]);
      return { item, process, definition };
    },
    {
      affectedBy: (event) =>
        event.kind === 'definitions-changed' || (event.kind === 'process' && event.processId === processId.current),
    },
  );
  if (loaded.data === undefined) return notLoaded('tasks', loaded.failure);
  const { item, process, definition } = loaded.data;
  return item.type === 'TASK' ? (
    <Task key={item.id} item={item} process={process} definition={definition} reload={loaded.reload} />
  ) : (
    <Message item={item} process={process} definition={definition} reload={loaded.reload} />
  );
}

function ItemHeading({
  item,
  process,
  definition,
  title,
  children,
}: LoadedItem & { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <>
      <ViewHeading title={title} />
      <p class="subtitle">
        {children}
        <Link to={{ view: 'process', id: process.id }}>{describeProcess(process, definition?.name)}</Link> ·{' '}
        {item.createdAt === undefined ? null : (
          <>
            created <Ago time={item.createdAt} /> ·{' '}
          </>
        )}
        <span class="mono" title={item.id}>
          …{shortId(item.id)}
        </span>
      </p>
    </>
  );
}

function Message({ item, process, definition, reload }: LoadedItem & { readonly reload: () => void }) {
  const code = item.processItemDefinitionRef?.code;
  const served = taskOf(definition, item);
  const title = served?.name ?? code ?? sentenceCase(item.type);
  const data = item.message?.data?.value as JsonObject | undefined;
  return (
    <>
      <ItemHeading item={item} process={process} definition={definition} title={title}>
        <span class="state muted">{item.type.toLowerCase()}</span>{' '}
      </ItemHeading>
      {item.message?.text === undefined ? null : <p class="text">{item.message.text}</p>}
      {data === undefined ? null : <DataView value={data} shape={served?.data} label="Data of the message" />}
      {item.type === 'THREAD' ? <Thread item={item} process={process} name={title} reload={reload} /> : null}
    </>
  );
}

interface ThreadProps extends Omit<LoadedItem, 'definition'> {
  readonly name: string;
  readonly reload: () => void;
}

function Thread({ item, process, name, reload }: ThreadProps) {
  const messages = useApi<{ content: ProcessItemPageItem[] }>('/process-items', {
    query: { processId: item.processId, type: 'MESSAGE', size: 1000, sort: 'createdAt,asc' },
    affectedBy: concernsProcess(item.processId),
  });
  return (
    <>
      <ReadFailure failure={messages.failure} title="The messages could not be read" />
      <Conversation
        thread={item}
        messages={(messages.data?.content ?? []).filter(({ processItemThreadId }) => processItemThreadId === item.id)}
        name={name}
        isOpen={process.state === 'RUNNING'}
        isPart={false}
        reload={() => {
          reload();
          messages.reload();
        }}
      />
    </>
  );
}

function Task({ item, process, definition, reload }: LoadedItem & { readonly reload: () => void }) {
  const app = useApp();
  const code = item.processItemDefinitionRef?.code ?? '';
  const served = taskOf(definition, item);
  const state = item.task?.state ?? 'READY';
  const stored = (item.task?.data?.value ?? {}) as JsonObject;
  const contextData = item.task?.contextData?.value as JsonObject | undefined;
  const isMine = item.ownerId !== undefined && item.ownerId === app.me?.principalId;
  const owner = nameOfPrincipal(app, item.ownerId);
  const isOpen = OPEN_STATES.includes(state);
  const canEdit = state === 'READY' || (state === 'CLAIMED' && isMine);
  return (
    <>
      <ItemHeading item={item} process={process} definition={definition} title={served?.name ?? (code || 'Task')}>
        <StateWord state={state} />
        {owner === undefined ? ' ' : <span> by {isMine ? 'you' : owner} · </span>}
      </ItemHeading>
      {served?.description === undefined ? null : <p>{served.description}</p>}
      {isOpen && served?.kind === 'system' ? (
        <Notice tone="info">
          <p>The worker completes this system task. You can complete it yourself instead.</p>
        </Notice>
      ) : null}
      {state === 'CLAIMED' && !isMine ? (
        <Notice tone="info">
          <p>
            {owner ?? 'Somebody else'} has claimed this task. Act as that user, or assign the task to yourself, to work
            on it.
          </p>
        </Notice>
      ) : null}
      {contextData === undefined || Object.keys(contextData).length === 0 ? null : (
        <section aria-labelledby="context">
          <h2 id="context">Context</h2>
          <DataView value={contextData} shape={served?.contextData} label="Context data" />
          <h2>Data</h2>
        </section>
      )}
      <TaskForm
        item={item}
        process={process}
        served={served}
        stored={stored}
        canEdit={canEdit}
        isMine={isMine}
        reload={reload}
      />
      <TaskLogs item={item} />
    </>
  );
}

interface TaskFormProps extends Omit<LoadedItem, 'definition'> {
  readonly served: TaskDefinition | undefined;
  readonly stored: JsonObject;
  readonly canEdit: boolean;
  readonly isMine: boolean;
  readonly reload: () => void;
}

function TaskForm({ item, process, served, stored, canEdit, isMine, reload }: TaskFormProps) {
  const app = useApp();
  const state = item.task?.state ?? 'READY';
  const isOpen = OPEN_STATES.includes(state);
  const path = `/process-items/${encodeURIComponent(item.id)}`;
  const edited = useEditedData(`task ${item.id}`, stored);
  const action = useAction();
  const [refused, setRefused] = useState<readonly Pick<FormProblem, 'label' | 'message'>[]>();
  const { missing, fill } = useExampleData(edited, action);
  const [isStoredNewer, setStoredNewer] = useState(false);
  const shape = served?.data ?? ANY_OBJECT;
  const hasNewShape = useShapeChanged(shape, edited.hasChanges);
  const status = useRef<HTMLParagraphElement>(null);
  const isActing = action.busy !== undefined;

  const storedJson = JSON.stringify(stored);
  useEffect(() => {
    // While an action runs, the platform has what was just sent, or soon will.
    if (!isActing) setStoredNewer(!edited.follow(stored));
  }, [storedJson, isActing]);
  useEffect(() => {
    // The button that was clicked may be gone.
    if (action.done !== undefined && document.activeElement === document.body) status.current?.focus();
  }, [action.done, state]);

  const services = useFormServices(canEdit && process.state === 'RUNNING' ? process.id : undefined);

  /** The steps return what was done. The task is read again, even if one of them fails. */
  const run = (name: string, steps: () => Promise<string>): void => {
    setRefused(undefined);
    action.run(name, async () => {
      try {
        return await steps();
      } finally {
        reload();
      }
    });
  };
  const act = (name: string, done: string, step: () => Promise<unknown>): void =>
    run(name, async () => {
      await step();
      return done;
    });
  const save = async (): Promise<ProcessItem> => {
    const value = edited.current();
    const saved = await callApi<ProcessItem>('PUT', `${path}/task/data`, { body: { data: { value } } });
    edited.markSaved(value);
    return saved;
  };
  const complete = (allowInvalid: boolean): void => {
    const problems = edited.problems();
    if (!allowInvalid && problems.length > 0) {
      action.clear();
      setRefused(problems);
      return;
    }
    run('complete', async () => {
      if (state === 'READY') await callApi('POST', `${path}/task/~actions/claim`);
      const saved = await save();
      if (!allowInvalid && saved.task?.data?.valid === false) {
        const errors = saved.task.data.errors ?? [];
        setRefused(
          errors.map(({ propertyPath = '', type = 'is not valid' }) => ({ label: propertyPath, message: type })),
        );
        return 'Saved, but not completed';
      }
      await callApi('POST', `${path}/task/~actions/complete`);
      return 'Completed';
    });
  };
  const isLost = !isOpen && edited.hasChanges;
  const command = (...words: readonly string[]): string => kuflowCommand(['task', ...words], app.commandOptions);
  const withData = (name: string): string =>
    commandWithData(['task', name, shortId(item.id)], '--data', edited.current(), app.commandOptions);
  return (
    <form
      noValidate
      onSubmit={onSubmit(() => {
        if (canEdit) complete(false);
      })}
    >
      {isLost || (isOpen && isStoredNewer) ? (
        <Notice
          tone="warning"
          title={
            isLost
              ? `The task was ${stateWord(state)} while you were typing`
              : 'The data of the task was changed elsewhere'
          }
          isAlert
        >
          <p>
            {isLost
              ? 'What you typed is below. It was not sent. '
              : 'What you typed is kept. Saving it overwrites that change. '}
            <button
              type="button"
              onClick={() => {
                edited.discard(stored);
                setStoredNewer(false);
              }}
            >
              Show the saved data
            </button>
          </p>
        </Notice>
      ) : null}
      {hasNewShape ? (
        <Notice tone="info" title="The definition of this task has changed">
          <p>The form shows the new one. What you typed is kept.</p>
        </Notice>
      ) : null}
      {isOpen ? (
        <RestoredNotice edited={edited} stored={stored} text="What you typed before is back. It is not saved yet." />
      ) : null}
      {served === undefined ? (
        <Notice tone="info">
          <p>The served definitions do not contain this task, so its data is shown as JSON.</p>
        </Notice>
      ) : null}
      {served !== undefined && served.data === undefined ? (
        <p class="muted">This task has no data to fill in.</p>
      ) : (
        <EditedForm
          edited={edited}
          shape={shape}
          readOnly={!canEdit}
          services={services}
          showAllProblems={refused !== undefined}
        />
      )}
      {isOpen ? <MissingNotice missing={missing} /> : null}
      <ProblemList title="The task was not completed: its data is not valid" problems={isOpen ? refused : undefined}>
        <button type="button" onClick={() => complete(true)} disabled={isActing}>
          Complete with invalid data
        </button>
      </ProblemList>
      <FailureNotice failure={action.failure} title={FAILURE_TITLES[action.failed ?? ''] ?? 'Failed'} />
      {canEdit ? (
        <p class="actions">
          <button type="submit" class="primary" disabled={isActing}>
            {state === 'READY' ? 'Claim and complete' : 'Complete'}
          </button>
          <button type="button" disabled={isActing} onClick={() => act('save', 'Draft saved', save)}>
            Save draft
          </button>
          {state === 'READY' ? (
            <button
              type="button"
              disabled={isActing}
              onClick={() => act('claim', 'Claimed', async () => await callApi('POST', `${path}/task/~actions/claim`))}
            >
              Claim
            </button>
          ) : null}
          {state === 'CLAIMED' && isMine ? (
            <button
              type="button"
              disabled={isActing}
              onClick={() => act('release', 'Released', async () => await callApi('POST', `/_dev${path}/release`))}
            >
              Release
            </button>
          ) : null}
          {served?.data === undefined ? null : (
            <button
              type="button"
              disabled={isActing}
              onClick={() =>
                fill(process.processDefinitionRef?.code ?? '', {
                  task: item.processItemDefinitionRef?.code,
                  processId: process.id,
                })
              }
            >
              Fill with example data
            </button>
          )}
        </p>
      ) : null}
      <p role="status" class="muted" tabIndex={-1} ref={status}>
        {isLost ? `The task is ${stateWord(state)}. What you typed was not sent.` : action.done}
        {action.done === undefined && edited.hasChanges && isOpen ? 'Not saved' : null}
      </p>
      {isOpen ? (
        <Assign
          item={item}
          served={served}
          isActing={isActing}
          assign={(user) =>
            act(
              'assign',
              `Assigned to ${user.name}`,
              async () =>
                await callApi('POST', `${path}/task/~actions/assign`, { body: { ownerId: user.principalId } }),
            )
          }
        />
      ) : null}
      <CommandList
        commands={[
          ['Show this task', command('show', shortId(item.id))],
          ...(state === 'READY' ? [['Claim it', command('claim', shortId(item.id))] as const] : []),
          ...(isOpen
            ? ([
                ['Save the data of this form', withData('save')],
                ['Complete it with the data of this form', withData('complete')],
                ['Complete it with example data', command('complete', shortId(item.id), '--fake')],
              ] as const)
            : []),
        ]}
      />
    </form>
  );
}

interface AssignProps {
  readonly item: ProcessItem;
  readonly served: TaskDefinition | undefined;
  readonly isActing: boolean;
  readonly assign: (user: LocalUser) => void;
}

function Assign({ item, served, isActing, assign }: AssignProps) {
  const { people } = useApp();
  const [chosen, setChosen] = useState('');
  const candidates = served?.candidates;
  // Only candidates can own the task.
  const others = people.users.filter(
    ({ principalId, email, groups }) =>
      principalId !== item.ownerId &&
      (candidates === undefined || candidates.some((candidate) => candidate === email || groups.includes(candidate))),
  );
  const user = others.find(({ principalId }) => principalId === chosen);
  return (
    <div class="assign">
      {candidates === undefined ? null : (
        <p class="muted">Candidates: {candidates.map((each) => nameOfCandidate(each, people)).join(', ')}</p>
      )}
      {others.length === 0 ? null : (
        <p class="actions">
          <SelectList
            label="Assign to"
            value={chosen}
            options={[
              ['', 'Choose…'],
              ...others.map(({ principalId, name, email }) => [principalId, `${name} (${email})`] as const),
            ]}
            onChange={setChosen}
          />
          <button
            type="button"
            disabled={isActing || user === undefined}
            onClick={() => {
              if (user !== undefined) assign(user);
            }}
          >
            Assign
          </button>
        </p>
      )}
    </div>
  );
}

/** A group has a name, and a user is known by the email. */
function nameOfCandidate(candidate: string, { groups, users }: AppData['people']): string {
  return (
    groups.find(({ code }) => code === candidate)?.name ??
    users.find(({ email }) => email === candidate)?.name ??
    candidate
  );
}

function TaskLogs({ item }: { readonly item: ProcessItem }) {
  const logs = item.task?.logs ?? [];
  if (logs.length === 0) return null;
  return (
    <section aria-labelledby="logs">
      <h2 id="logs">Log</h2>
      <ul class="rows">
        {logs.map(({ id, timestamp, level, message }) => (
          <li key={id}>
            <span class="main text">{message}</span>
            <span class={`state ${level === 'ERROR' ? 'bad' : level === 'WARN' ? 'waiting' : 'muted'}`}>
              {level.toLowerCase()}
            </span>
            <Ago time={timestamp} />
          </li>
        ))}
      </ul>
    </section>
  );
}
