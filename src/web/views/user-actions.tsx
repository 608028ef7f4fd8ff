import { useRef, useState } from 'preact/hooks';
import { withoutUndefined, type JsonObject } from '../../base/json.ts';
import type { ProcessActionCreateParams } from '../../kuflow/contract/process-actions.ts';
import type { ProcessItemPageItem } from '../../kuflow/contract/process-items.ts';
import type { Process } from '../../kuflow/contract/processes.ts';
import type { ActionsOfProcess, InvokedAction } from '../../platform/shared/dev-contract.ts';
import type { ActionDefinition, DataShape } from '../../process/definition.ts';
import { servedProcess, useApp } from '../app-data.ts';
import { callApi, randomId } from '../api.ts';
import type { FormProblem } from '../form/state.ts';
import { concernsProcess, useApi } from '../live/use-data.ts';
import { Link } from '../navigation.tsx';
import { onSubmit, useAction } from '../parts/action.ts';
import { Ago } from '../parts/ago.tsx';
import { useEditedData } from '../parts/edited-data.ts';
import { EditedForm, RestoredNotice, saveDocument, useFormServices } from '../parts/form-parts.tsx';
import { CommandList, FailureNotice, ReadFailure, StateWord } from '../parts/notices.tsx';
import { ProblemList } from '../parts/problem-list.tsx';
import { SelectList } from '../parts/select-list.tsx';
import { commandWithAssignments, shortId } from '../text/commands.ts';

interface UserActionsProps {
  readonly process: Process;
  /** All user actions of its definition. */
  readonly defined: readonly ActionDefinition[];
  readonly threads: readonly ProcessItemPageItem[];
  readonly reload: () => void;
}

/** The user actions of a process: those that the user may invoke, each with its form, and those that were invoked. */
export function UserActions({ process, defined, threads, reload }: UserActionsProps) {
  const [open, setOpen] = useState<string>();
  const opener = useRef<HTMLButtonElement | null>(null);
  const isRunning = process.state === 'RUNNING';
  const actions = useApi<ActionsOfProcess>(`/_dev${pathOf(process.id)}`, {
    affectedBy: (event) => event.kind === 'definitions-changed' || concernsProcess(process.id)(event),
    // A worker that starts or stops polling the task queue of an action causes no event.
    everyMs: 5_000,
    pollsWhile: (read) => read.invoked.some(isRequested),
  });
  const invoked = actions.data?.invoked.toReversed() ?? [];
  const available = isRunning ? (actions.data?.available ?? []) : [];
  const chosen = available.find(({ code }) => code === open);
  const close = (): void => {
    setOpen(undefined);
    opener.current?.focus();
  };
  if (actions.failure === undefined && invoked.length === 0 && available.length === 0) return null;
  return (
    <section aria-labelledby="user-actions">
      <h2 id="user-actions">User actions</h2>
      <ReadFailure failure={actions.failure} title="The user actions could not be read" />
      {available.length === 0 ? null : (
        <p class="actions">
          {available.map((action) => (
            <button
              key={action.code}
              type="button"
              aria-expanded={action.code === open}
              onClick={(event) => {
                opener.current = event.currentTarget;
                setOpen(action.code === open ? undefined : action.code);
              }}
            >
              {nameOf(action)}…
            </button>
          ))}
        </p>
      )}
      {chosen === undefined ? null : (
        <ActionForm
          key={chosen.code}
          action={chosen}
          process={process}
          threads={threads}
          done={() => {
            close();
            actions.reload();
            reload();
          }}
          close={close}
        />
      )}
      {invoked.length === 0 ? null : (
        <ul class="rows" aria-label="Invoked actions">
          {invoked.map((each) => (
            <InvokedRow
              key={each.action.id}
              invoked={each}
              name={nameOf(
                defined.find(({ code }) => code === each.action.processActionDefinitionRef.code) ??
                  each.action.processActionDefinitionRef,
              )}
              processId={process.id}
              reload={actions.reload}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

const nameOfThread = ({ id, processItemDefinitionRef: definition }: ProcessItemPageItem): readonly [string, string] => [
  id,
  definition?.code ?? `…${shortId(id)}`,
];
const pathOf = (processId: string): string => `/processes/${encodeURIComponent(processId)}/actions`;
const isRequested = ({ action }: InvokedAction): boolean => action.status === 'REQUESTED';
const nameOf = ({ code, name }: Pick<ActionDefinition, 'code' | 'name'>): string => name ?? code;

interface ActionFormProps extends Pick<UserActionsProps, 'process' | 'threads'> {
  readonly action: ActionDefinition;
  readonly done: () => void;
  readonly close: () => void;
}

function ActionForm({ action, process, threads, done, close }: ActionFormProps) {
  const app = useApp();
  const running = useAction();
  const services = useFormServices(process.id);
  const edited = useEditedData(`action ${process.id} ${action.code}`, {});
  const [refused, setRefused] = useState<readonly FormProblem[]>();
  const [text, setText] = useState('');
  const [thread, setThread] = useState('');
  // Sent again after a lost answer, it invokes the action only once.
  const [id] = useState(randomId);
  const shape = dataOf(action, (code) => servedProcess(app, code)?.metadata);
  const writesMessage = action.type === 'create-process-item-message';
  const hasThread = threads.length > 0 && (writesMessage || action.type === 'create-task');

  const invoke = (): void => {
    const problems = shape === undefined ? [] : edited.problems();
    setRefused(problems.length > 0 ? problems : undefined);
    if (problems.length > 0) return;
    running.run('invoke', async () => {
      const value = edited.current();
      const body = {
        id,
        processActionDefinitionCode: action.code,
        ...paramsOf(action, shape, { value, text, thread }),
      };
      await callApi('POST', pathOf(process.id), { body });
      edited.markSaved(value);
      done();
    });
  };
  const isTextMissing = writesMessage && text.trim() === '';
  const command = isTextMissing
    ? undefined
    : commandWithAssignments(
        [
          'process',
          'act',
          shortId(process.id),
          action.code,
          ...(writesMessage ? ['--text', text] : []),
          ...(thread === '' ? [] : ['--thread', thread]),
        ],
        shape === undefined ? {} : edited.current(),
        app.commandOptions,
      );
  return (
    <form class="panel" aria-label={nameOf(action)} noValidate onSubmit={onSubmit(invoke)}>
      <p>
        <strong>{nameOf(action)}</strong>
      </p>
      {action.description === undefined ? null : <p class="muted">{action.description}</p>}
      <RestoredNotice edited={edited} stored={{}} text="What you typed before is back." />
      {shape === undefined ? null : (
        <EditedForm edited={edited} shape={shape} services={services} showAllProblems={refused !== undefined} />
      )}
      {writesMessage || hasThread ? (
        <div class="fields">
          {writesMessage ? (
            <label>
              Text
              <textarea rows={3} required value={text} onInput={(event) => setText(event.currentTarget.value)} />
            </label>
          ) : null}
          {hasThread ? (
            <SelectList
              label="Thread"
              value={thread}
              options={[['', 'none'], ...threads.map(nameOfThread)]}
              onChange={setThread}
            />
          ) : null}
        </div>
      ) : null}
      <ProblemList title="The action was not invoked" problems={refused} />
      <FailureNotice failure={running.failure} title="The action could not be invoked" />
      <p class="actions">
        <button type="submit" class="primary" disabled={running.busy !== undefined || isTextMissing}>
          Invoke
        </button>
        <button type="button" onClick={close}>
          Close
        </button>
      </p>
      {command === undefined ? null : <CommandList commands={[['Invoke it', command]]} />}
    </form>
  );
}

function dataOf(action: ActionDefinition, metadataOf: (code: string) => DataShape | undefined): DataShape | undefined {
  if (action.type === 'send-workflow-signal') return action.input;
  return action.type === 'start-related-process' ? metadataOf(action.process) : undefined;
}

function paramsOf(
  action: ActionDefinition,
  shape: DataShape | undefined,
  { value, text, thread }: { readonly value: JsonObject; readonly text: string; readonly thread: string },
): Omit<ProcessActionCreateParams, 'id' | 'processActionDefinitionCode'> {
  const threadId = withoutUndefined({ processItemThreadId: thread === '' ? undefined : thread });
  switch (action.type) {
    case 'send-workflow-signal':
      return shape === undefined ? {} : { sendWorkflowSignal: { input: { ...value } } };
    case 'start-related-process':
      return shape === undefined ? {} : { startRelatedProcess: { metadata: { ...value } } };
    case 'create-process-item-message':
      return { createProcessItemMessage: { text, ...threadId } };
    case 'create-task':
      return thread === '' ? {} : { createTask: threadId };
    default:
      return {};
  }
}

interface InvokedRowProps {
  readonly invoked: InvokedAction;
  readonly name: string;
  readonly processId: string;
  readonly reload: () => void;
}

/** An action that was invoked: its state, whom it waits for, and what it led to. */
function InvokedRow({ invoked, name, processId, reload }: InvokedRowProps) {
  const { action, message, workflow } = invoked;
  const app = useApp();
  const running = useAction();
  const isWaiting = isRequested(invoked);
  const item = action.createTask ?? action.createProcessItemMessage ?? action.createProcessItemThread;
  const by = action.createdBy === undefined ? undefined : app.names.get(action.createdBy);
  const document = action.downloadable?.documentUri;
  return (
    <li>
      <span class="main">
        {name}
        <span class="second">
          {message === undefined ? null : `${message} · `}
          {isWaiting && workflow !== undefined ? `${describeWait(workflow)} · ` : null}
          <span class="mono">…{shortId(action.id)}</span>
        </span>
        <FailureNotice
          failure={running.failure}
          title={running.failed === 'cancel' ? 'The action was not canceled' : 'The document was not downloaded'}
        />
      </span>
      <span>
        <StateWord state={action.status} />
        {by === undefined ? null : <span class="muted"> by {by}</span>}{' '}
        {item?.processItemId === undefined ? null : <Link to={{ view: 'task', id: item.processItemId }}>Open</Link>}
        {action.startRelatedProcess === undefined ? null : (
          <Link to={{ view: 'process', id: action.startRelatedProcess.processId }}>Open the process</Link>
        )}
        {document === undefined ? null : (
          <button
            type="button"
            disabled={running.busy !== undefined}
            onClick={() => running.run('download', () => saveDocument(document))}
          >
            Download
          </button>
        )}
        {isWaiting ? (
          <button
            type="button"
            disabled={running.busy !== undefined}
            onClick={() =>
              running.run('cancel', async () => {
                await callApi('POST', `${pathOf(processId)}/${encodeURIComponent(action.id)}/~actions/cancel`);
                reload();
              })
            }
          >
            Cancel
          </button>
        ) : null}
      </span>
      {action.createdAt === undefined ? null : <Ago time={action.createdAt} />}
    </li>
  );
}

function describeWait({ taskQueue, pollers }: NonNullable<InvokedAction['workflow']>): string {
  return pollers.length === 0
    ? `Waiting: no worker is polling ${taskQueue}`
    : `Waiting for ${pollers.join(', ')}, which polls ${taskQueue}`;
}
