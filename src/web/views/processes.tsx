import type { Process } from '../../kuflow/contract/processes.ts';
import { servedProcess, useApp } from '../app-data.ts';
import { usePagedList } from '../live/use-data.ts';
import { Link, navigateTo, ViewHeading } from '../navigation.tsx';
import { Ago } from '../parts/ago.tsx';
import { SelectList } from '../parts/select-list.tsx';
import { CommandList, EmptyState, ReadFailure, ShowMore, StateWord } from '../parts/notices.tsx';
import { withMetadata } from '../process-cache.ts';
import type { Route } from '../route.ts';
import { kuflowCommand, shortId } from '../text/commands.ts';
import { summarize } from '../text/summary.ts';

const STATE_NAMES = [
  ['', 'All'],
  ['RUNNING', 'Running'],
  ['COMPLETED', 'Completed'],
  ['CANCELLED', 'Canceled'],
] as const;

export function ProcessListView({ route }: { readonly route: Extract<Route, { readonly view: 'processes' }> }) {
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
