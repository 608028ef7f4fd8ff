import { useMemo } from 'preact/hooks';
import type { RecordedBody, RequestDetail, RequestList, RequestRecord } from '../../platform/shared/dev-contract.ts';
import { useApp } from '../app-data.ts';
import { useApi } from '../live/use-data.ts';
import { Link, navigateTo, ViewHeading } from '../navigation.tsx';
import { Ago } from '../parts/ago.tsx';
import { SelectList } from '../parts/select-list.tsx';
import { CommandLine } from '../parts/copy.tsx';
import { EmptyState, Notice, notLoaded, ReadFailure, RecordedBodyView } from '../parts/notices.tsx';
import { matchesRequest } from '../request-filter.ts';
import type { ViewProps } from '../route.ts';
import { curlCommand } from '../text/commands.ts';
import { shortenPath } from '../text/words.ts';
import { KUFLOW, WORKER_COMMAND } from '../project-commands.ts';

const STATUS_NAMES = [
  ['', 'All'],
  ['ok', 'Succeeded'],
  ['failed', 'Failed'],
  ['violations', 'With contract violations'],
] as const;

export function RequestListView({ route }: ViewProps<'requests'>) {
  const list = useApi<RequestList>('/_dev/requests', {
    query: { limit: 500 },
    affectedBy: ({ kind }) => kind === 'request' || kind === 'contract-violation',
    // A worker makes many requests at once.
    debounceMs: 300,
  });
  const requests = list.data?.requests;
  const operations = useMemo(
    () => [...new Set((requests ?? []).map(({ operationId }) => operationId ?? ''))].filter((id) => id !== '').sort(),
    [requests],
  );
  const found = requests?.filter((request) => matchesRequest(request, route));
  const change = (part: Partial<typeof route>): void => navigateTo({ ...route, ...part }, { replace: true });
  return (
    <>
      <ViewHeading title="Requests" />
      <div class="filters">
        <label>
          Search
          <input
            type="search"
            value={route.text ?? ''}
            placeholder="Path, operation or problem"
            onInput={(event) => change({ text: event.currentTarget.value })}
          />
        </label>
        <SelectList
          label="Status"
          value={route.status ?? ''}
          options={STATUS_NAMES}
          onChange={(status) => change({ status })}
        />
        <SelectList
          label="Operation"
          value={route.operation ?? ''}
          options={[['', 'All'], ...operations.map((id) => [id, id] as const)]}
          onChange={(operation) => change({ operation })}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={route.own === true}
            onChange={(event) => change({ own: event.currentTarget.checked })}
          />
          Show the console’s requests
        </label>
      </div>
      <ReadFailure failure={list.failure} title="The requests could not be read" />
      {found?.length === 0 ? (
        <EmptyState command={requests?.some((request) => !request.console) === true ? undefined : WORKER_COMMAND}>
          {requests?.some((request) => !request.console) === true
            ? 'No request matches.'
            : 'Requests of workers and commands appear here. The latest 400 are kept until the local KuFlow stops.'}
        </EmptyState>
      ) : (
        <ul class="rows requests">
          {found?.map((request) => (
            <RequestRow key={request.id} request={request} />
          ))}
        </ul>
      )}
    </>
  );
}

function RequestRow({ request }: { readonly request: RequestRecord }) {
  const { id, method, path, operationId, status, ms, time, principal, problem, violations } = request;
  return (
    <li>
      <Link class="main" to={{ view: 'request', id }}>
        <span class="mono">
          {method} {shortenPath(path)}
        </span>
        <span class="second">
          {[operationId, principal, problem].filter((text) => text !== undefined).join(' · ')}
          {violations.length === 0 ? null : <strong class="state bad"> violates the contract</strong>}
        </span>
      </Link>
      <StatusCode status={status} />
      <span class="muted number">{Math.round(ms)} ms</span>
      <Ago time={time} />
    </li>
  );
}

function StatusCode({ status }: { readonly status: number }) {
  const tone = status === 0 || status >= 500 ? 'bad' : status >= 400 ? 'waiting' : 'good';
  return <span class={`state number ${tone}`}>{status === 0 ? 'no answer' : status}</span>;
}

export function RequestDetailView({ route: { id } }: ViewProps<'request'>) {
  const app = useApp();
  const loaded = useApi<RequestDetail>(`/_dev/requests/${id}`);
  const request = loaded.data;
  if (request === undefined) return notLoaded('requests', loaded.failure);
  const { method, path, operationId, status, ms, time, principal, problem, violations } = request;
  return (
    <>
      <ViewHeading title={`${method} ${shortenPath(path)}`}>
        <span class="mono">
          {method} {shortenPath(path)}
        </span>
      </ViewHeading>
      <p class="subtitle">
        <StatusCode status={status} /> <span class="number">{ms} ms</span> · {operationId ?? 'not a KuFlow operation'} ·{' '}
        {principal === undefined ? 'without valid credentials' : `by ${principal}`} · <Ago time={time} />
      </p>
      {problem === undefined ? null : (
        <Notice tone="error" title="Problem">
          <p>{problem}</p>
        </Notice>
      )}
      {violations.length === 0 ? null : (
        <Notice tone="error" title="Violates the contract of KuFlow’s API">
          <ul>
            {violations.map(({ side, problem: violation }) => (
              <li key={`${side} ${violation}`}>
                {side === 'request' ? 'Request' : 'Response'}: {violation}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      <section aria-labelledby="curl">
        <h2 id="curl">As a command</h2>
        <CommandLine
          command={curlCommand(request, app.status.data?.endpoints.http ?? location.origin)}
          what="curl command"
        />
        <p class="muted">
          Set <code>KUFLOW_TOKEN</code> to a token first. <code>{KUFLOW} dev open --print</code> prints yours, after{' '}
          <code>#token=</code>.
        </p>
      </section>
      <Side name="Request" headers={request.requestHeaders} body={request.requestBody} />
      <Side name="Response" headers={request.responseHeaders} body={request.responseBody} />
    </>
  );
}

interface SideProps {
  readonly name: 'Request' | 'Response';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RecordedBody | undefined;
}

function Side({ name, headers, body }: SideProps) {
  const id = name.toLowerCase();
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{name}</h2>
      <details>
        <summary>Headers</summary>
        <dl class="facts">
          {Object.entries(headers).flatMap(([header, value]) => [
            <dt key={header} class="mono">
              {header}
            </dt>,
            <dd key={`${header} value`} class="mono">
              {value}
            </dd>,
          ])}
        </dl>
      </details>
      <RecordedBodyView label={`Body of the ${id}`} body={body} />
    </section>
  );
}
