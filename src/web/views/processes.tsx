import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { countOf } from '../../base/count-of.ts';
import { parseJsonText, type JsonObject } from '../../base/json.ts';
import type { ProcessItemPageItem } from '../../kuflow/contract/process-items.ts';
import type { Process } from '../../kuflow/contract/processes.ts';
import type { FailingWorkList, FailingWorkStatus, TimelineEntry } from '../../platform/shared/dev-contract.ts';
import { callApi, RequestFailure } from '../api.ts';
import { servedProcess, taskOf, useApp } from '../app-data.ts';
import { concernsProcess, useApi, useData, usePagedList } from '../live/use-data.ts';
import { focusHeading, Link, navigateTo, ViewHeading } from '../navigation.tsx';
import { onSubmit, useAction } from '../parts/action.ts';
import { Ago } from '../parts/ago.tsx';
import { DataView } from '../parts/form-parts.tsx';
import {
  CodeBlock,
  CommandList,
  ConfidentialBadge,
  EmptyState,
  FailureNotice,
  Notice,
  notLoaded,
  ReadFailure,
  ShowMore,
  StateWord,
} from '../parts/notices.tsx';
import { SelectList } from '../parts/select-list.tsx';
import { readProcessDefinition, withMetadata } from '../process-cache.ts';
import { WORKER_COMMAND } from '../project-commands.ts';
import type { ViewProps } from '../route.ts';
import { kuflowCommand, shortId } from '../text/commands.ts';
import { summarize } from '../text/summary.ts';
import { sentenceCase } from '../text/words.ts';
import { Conversation } from './conversation.tsx';
import { UserActions } from './user-actions.tsx';

const STATE_NAMES = [
  ['', 'All'],
  ['RUNNING', 'Running'],
  ['COMPLETED', 'Completed'],
  ['CANCELLED', 'Canceled'],
] as const;

export function ProcessListView({ route }: ViewProps<'processes'>) {
  const app = useApp();
  const { state, code } = route;
  const query = { state, processDefinitionCode: code };
  const { details: processes, left = 0, failure, showMore } = usePagedList('/processes', query, withMetadata);
  const definitions = app.definitions.data?.definitions ?? [];
  return (
    <>
      <div class="title">
        <ViewHeading title="Processes" />
        {definitions.length === 0 ? null : (
          <Link
            class="button primary"
            to={{ view: 'start', code: definitions.length === 1 ? definitions[0]?.code : code }}
          >
            Start a process
          </Link>
        )}
      </div>
      <div class="filters">
        <SelectList
          label="State"
          value={state ?? ''}
          options={STATE_NAMES}
          onChange={(value) => navigateTo({ ...route, state: value }, { replace: true })}
        />
        <SelectList
          label="Definition"
          value={code ?? ''}
          options={[['', 'All'], ...definitions.map((each) => [each.code, each.name ?? each.code] as const)]}
          onChange={(value) => navigateTo({ ...route, code: value }, { replace: true })}
        />
      </div>
      <ReadFailure failure={failure} title="The processes could not be read" />
      {processes?.length === 0 ? (
        <EmptyState
          command={kuflowCommand(['process', 'start', ...(code === undefined ? [] : [code])], app.commandOptions)}
        >
          {state === undefined && code === undefined
            ? 'Processes appear here when they are started.'
            : 'No process matches.'}
        </EmptyState>
      ) : (
        <ul class="rows">
          {processes?.map((process) => (
            <ProcessRow key={process.id} process={process} />
          ))}
        </ul>
      )}
      <ShowMore count={left} onClick={showMore} />
      <CommandList commands={[['List processes', kuflowCommand(['process', 'list'], app.commandOptions)]]} />
    </>
  );
}

function ProcessRow({ process }: { readonly process: Process }) {
  const app = useApp();
  const code = process.processDefinitionRef?.code;
  const name = servedProcess(app, code)?.name ?? code ?? 'Process';
  const summary = summarize(process.metadata?.value);
  const initiator = process.initiatorId === undefined ? undefined : app.names.get(process.initiatorId);
  return (
    <li>
      <Link class="main" to={{ view: 'process', id: process.id }}>
        {name}
        {summary === '' ? null : <span class="summary"> {summary}</span>}
        <span class="second">
          {initiator === undefined ? '' : `by ${initiator} · `}
          <span class="mono">…{shortId(process.id)}</span>
        </span>
      </Link>
      <StateWord state={process.state} />
      {process.createdAt === undefined ? null : <Ago time={process.createdAt} />}
    </li>
  );
}

export function ProcessDetailView({ route: { id } }: ViewProps<'process'>) {
  const app = useApp();
  const loaded = useData(
    `process ${id}`,
    async (signal) => {
      const [process, definition, items, timeline] = await Promise.all([
        callApi<Process>('GET', `/processes/${encodeURIComponent(id)}`, { signal }),
        readProcessDefinition(id, signal),
        callApi<{ content: ProcessItemPageItem[] }>('GET', '/process-items', {
          query: { processId: id, size: 1000, sort: 'createdAt,asc' },
          signal,
        }),
        callApi<{ entries: TimelineEntry[] }>('GET', `/_dev/processes/${encodeURIComponent(id)}/timeline`, { signal }),
      ]);
      return { process, definition, items: items.content, timeline: timeline.entries };
    },
    { affectedBy: (event) => event.kind === 'definitions-changed' || concernsProcess(id)(event) },
  );
  if (loaded.data === undefined) return notLoaded('processes', loaded.failure);
  const { process, definition, items, timeline } = loaded.data;
  const code = process.processDefinitionRef?.code;
  const name = definition?.name ?? code ?? 'Process';
  const metadata = process.metadata?.value as JsonObject | undefined;
  const entity = process.entity?.value as JsonObject | undefined;
  const initiator = process.initiatorId === undefined ? undefined : app.names.get(process.initiatorId);
  const temporalUi = app.status.data?.temporalUi;
  const summary = summarize(metadata);
  const hasWorkflow = definition === undefined || definition.workflowType !== undefined;
  return (
    <>
      <ViewHeading title={name} />
      <p class="subtitle">
        <StateWord state={process.state} />
        <ConfidentialBadge of={definition} /> {summary === '' ? null : <span>{summary} · </span>}
        {initiator === undefined ? null : <span>started by {initiator} </span>}
        {process.createdAt === undefined ? null : <Ago time={process.createdAt} />} ·{' '}
        <span class="mono" title={process.id}>
          …{shortId(process.id)}
        </span>
      </p>
      <ReadFailure failure={loaded.failure} title="The process could not be read again" />
      <FailingWork id={id} isRunning={process.state === 'RUNNING'} />
      <p class="actions">
        {code === undefined ? null : (
          <Link class="button" to={{ view: 'start', code, like: process.id }}>
            Start like this one
          </Link>
        )}
        {!hasWorkflow || temporalUi === undefined || app.status.data === undefined ? null : (
          <a
            class="button"
            href={`${temporalUi.replace(/\/$/, '')}/namespaces/${app.status.data.namespace}/workflows/${process.id}`}
          >
            Open the workflow in Temporal
          </a>
        )}
        {definition?.webhookUrl === undefined ? null : (
          <Link class="button" to={{ view: 'webhooks', process: id }}>
            Webhook events
          </Link>
        )}
        {process.state === 'RUNNING' ? (
          <>
            {hasWorkflow ? <SignalProcess id={id} reload={loaded.reload} /> : null}
            <CancelProcess id={id} reload={loaded.reload} />
          </>
        ) : null}
      </p>
      <UserActions
        process={process}
        defined={definition?.actions ?? []}
        threads={items.filter(({ type }) => type === 'THREAD')}
        reload={loaded.reload}
      />
      <section aria-labelledby="items">
        <h2 id="items">Tasks and messages</h2>
        {items.length === 0 ? (
          <EmptyState command={process.state === 'RUNNING' && hasWorkflow ? WORKER_COMMAND : undefined}>
            {hasWorkflow ? 'The worker' : 'Your program'} creates tasks, messages and threads here.
            {process.state === 'RUNNING' ? ' Is it running?' : ''}
          </EmptyState>
        ) : (
          <ul class="rows">
            {items
              .filter(({ processItemThreadId, type }) => processItemThreadId === undefined || type === 'TASK')
              .map((item) => (
                <ItemRow key={item.id} item={item} name={taskOf(definition, item)?.name} />
              ))}
          </ul>
        )}
        {items
          .filter(({ type }) => type === 'THREAD')
          .map((thread) => (
            <Conversation
              key={thread.id}
              thread={thread}
              messages={items.filter(
                ({ type, processItemThreadId }) => type === 'MESSAGE' && processItemThreadId === thread.id,
              )}
              name={taskOf(definition, thread)?.name}
              isOpen={process.state === 'RUNNING'}
              isPart
              reload={loaded.reload}
            />
          ))}
      </section>
      {metadata === undefined || Object.keys(metadata).length === 0 ? null : (
        <section aria-labelledby="metadata">
          <h2 id="metadata">Metadata</h2>
          <DataView value={metadata} shape={definition?.metadata} label="Metadata" />
        </section>
      )}
      {entity === undefined || Object.keys(entity).length === 0 ? null : (
        <section aria-labelledby="entity">
          <h2 id="entity">Entity</h2>
          <DataView value={entity} shape={definition?.entity} label="Entity" />
        </section>
      )}
      <section aria-labelledby="timeline">
        <h2 id="timeline">Timeline</h2>
        <ol class="rows timeline">
          {timeline.map((entry, index) => (
            <li key={index}>
              <span class="main">
                {describeEntry(entry)}
                {entry.code === undefined ? null : (
                  <>
                    {' '}
                    {entry.processItemId === undefined ? (
                      <span class="mono">{entry.code}</span>
                    ) : (
                      <Link to={{ view: 'task', id: entry.processItemId }}>
                        <span class="mono">{entry.code}</span>
                      </Link>
                    )}
                  </>
                )}
                {entry.principal === undefined ? null : <span class="muted"> by {entry.principal}</span>}
                {entry.detail === undefined || entry.kind === 'item-created' ? null : (
                  <span class="second">{entry.detail}</span>
                )}
              </span>
              <Ago time={entry.time} />
            </li>
          ))}
        </ol>
      </section>
      <CommandList
        commands={[
          ['Show this process', kuflowCommand(['process', 'show', shortId(id)], app.commandOptions)],
          ...(process.state === 'RUNNING'
            ? [['Cancel it', kuflowCommand(['process', 'cancel', shortId(id)], app.commandOptions)] as const]
            : []),
        ]}
      />
    </>
  );
}

/** `item-created` with the type of the item as its detail is `Message created`; only tasks are claimed, assigned or completed. */
function describeEntry({ kind, detail }: TimelineEntry): string {
  if (kind === 'item-created') return `${sentenceCase(detail ?? 'item')} created`;
  return sentenceCase(kind.replace(/^item-/, 'task-').replace('cancelled', 'canceled'));
}

function ItemRow({ item, name }: { readonly item: ProcessItemPageItem; readonly name: string | undefined }) {
  const app = useApp();
  const owner = item.ownerId === undefined ? undefined : app.names.get(item.ownerId);
  const title = name ?? item.processItemDefinitionRef?.code ?? sentenceCase(item.type);
  return (
    <li>
      <Link class="main" to={{ view: 'task', id: item.id }}>
        {title}
        <span class="second">
          {item.type === 'TASK' ? null : `${sentenceCase(item.type)} · `}
          {item.message?.text === undefined ? null : `${item.message.text} · `}
          <span class="mono">…{shortId(item.id)}</span>
        </span>
      </Link>
      <span>
        {item.task === undefined ? null : <StateWord state={item.task.state} />}
        {owner === undefined ? null : <span class="muted"> by {owner}</span>}
      </span>
      {item.createdAt === undefined ? null : <Ago time={item.createdAt} />}
    </li>
  );
}

/** Retries have no events, so that this asks every few seconds. */
function FailingWork({ id, isRunning }: { readonly id: string; readonly isRunning: boolean }) {
  const work = useApi<FailingWorkList>(`/_dev/processes/${encodeURIComponent(id)}/failing-work`, {
    affectedBy: concernsProcess(id),
    everyMs: 5_000,
    pollsWhile: () => isRunning,
  });
  const failing = work.data?.failing ?? [];
  if (failing.length === 0) return null;
  return (
    <Notice tone="error" title="The worker is failing">
      {failing.map((each) => (
        <div key={`${each.kind} ${each.name}`}>
          <p>{describeFailure(each)}</p>
          <CodeBlock label={`Failure of ${each.name}`}>
            {each.message}
            {each.location === undefined ? '' : `\n    at ${each.location}`}
          </CodeBlock>
        </div>
      ))}
    </Notice>
  );
}

function describeFailure({ kind, name, failures }: FailingWorkStatus): string {
  switch (kind) {
    case 'activity':
      return `The activity ${name} has failed ${countOf(failures, 'time')} and is retried.`;
    case 'workflow-task':
      return `The code of the workflow ${name} has failed ${countOf(failures, 'time')}. It is retried, and continues once you fix the code.`;
    case 'workflow':
      return `The workflow ${name} failed and has ended.`;
  }
}

interface PanelProps {
  readonly label: string;
  readonly children: (close: () => void) => ComponentChildren;
}

/** A button and the panel that it opens. The button gets the focus back when the panel closes. */
function Panel({ label, children }: PanelProps) {
  const [isOpen, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setOpen(false);
    opener.current?.focus();
  };
  return (
    <>
      <button type="button" ref={opener} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {label}
      </button>
      {isOpen ? children(close) : null}
    </>
  );
}

function CancelProcess({ id, reload }: { readonly id: string; readonly reload: () => void }) {
  const action = useAction();
  return (
    <Panel label="Cancel process…">
      {(close) => (
        <div class="panel confirm" role="group" aria-label="Cancel this process?">
          <p>
            Cancel this process? Its open tasks are canceled, and its workflow is asked to stop. This cannot be undone.
          </p>
          <FailureNotice failure={action.failure} title="The process could not be canceled" />
          <p class="actions">
            <button
              type="button"
              class="danger"
              disabled={action.busy !== undefined}
              onClick={() =>
                action.run('cancel', async () => {
                  await callApi('POST', `/processes/${encodeURIComponent(id)}/~actions/cancel`);
                  focusHeading();
                  reload();
                })
              }
            >
              Cancel the process
            </button>
            <button type="button" ref={focusOnMount} onClick={close}>
              Keep it running
            </button>
          </p>
        </div>
      )}
    </Panel>
  );
}

/** Sends a signal, as a user action of KuFlow can. */
function SignalProcess({ id, reload }: { readonly id: string; readonly reload: () => void }) {
  const app = useApp();
  const [name, setName] = useState('');
  const [input, setInput] = useState('');
  const action = useAction();
  const send = async (): Promise<string> => {
    const body = { name: name.trim(), ...(input.trim() === '' ? {} : { input: parseInput(input) }) };
    await callApi('POST', `/_dev/processes/${encodeURIComponent(id)}/signals`, { body });
    reload();
    return `Sent ${name.trim()}`;
  };
  const given = input.trim() === '' ? [] : ['--input', input.trim()];
  const words = ['process', 'signal', shortId(id), name.trim(), ...given];
  return (
    <Panel label="Send signal…">
      {(close) => (
        <form class="panel" aria-label="Send a signal" onSubmit={onSubmit(() => action.run('signal', send))}>
          <div class="fields">
            <label>
              Signal
              <input
                ref={focusOnMount}
                required
                pattern=".*\S.*"
                autocomplete="off"
                value={name}
                onInput={(event) => setName(event.currentTarget.value)}
              />
            </label>
            <label>
              Input as JSON (optional)
              <textarea
                class="field-json"
                spellcheck={false}
                value={input}
                onInput={(event) => setInput(event.currentTarget.value)}
              />
            </label>
          </div>
          <FailureNotice failure={action.failure} title="The signal could not be sent" />
          <p class="actions">
            <button type="submit" class="primary" disabled={action.busy !== undefined}>
              Send
            </button>
            <button type="button" onClick={close}>
              Close
            </button>
            <span role="status" class="muted">
              {action.done}
            </span>
          </p>
          {name.trim() === '' ? null : (
            <CommandList commands={[['Send it', kuflowCommand(words, app.commandOptions)]]} />
          )}
        </form>
      )}
    </Panel>
  );
}

function parseInput(text: string): unknown {
  const input = parseJsonText(text);
  if (input === undefined) throw new RequestFailure('The input is not valid JSON');
  return input;
}

const focusOnMount = (element: HTMLElement | null): void => element?.focus();
