import { useState } from 'preact/hooks';
import { countOf } from '../../base/count-of.ts';
import type { FaultStatus } from '../../platform/shared/dev-contract.ts';
import type { FaultAction } from '../../platform/shared/faults.ts';
import { callApi } from '../api.ts';
import { useApi, useData } from '../live/use-data.ts';
import { ViewHeading } from '../navigation.tsx';
import { onSubmit, useAction } from '../parts/action.ts';
import { CommandLine } from '../parts/copy.tsx';
import { SelectList } from '../parts/select-list.tsx';
import { EmptyState, FailureNotice, ReadFailure } from '../parts/notices.tsx';
import { quoteWord } from '../text/commands.ts';

const KINDS: Readonly<Record<FaultAction['kind'], string>> = {
  status: 'Answer with an error',
  delay: 'Delay the call',
  'drop-request': 'Close the connection before the call runs',
  'drop-answer': 'Run the call, then close the connection',
  'cut-answer': 'Run the call, then send half of the answer',
  'no-answer': 'Never answer, and keep the connection open',
};

/** The part of `/openapi.json` with the operations. */
interface ApiDescription {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly operationId?: string; readonly summary?: string }>>>
  >;
}

export function FaultListView() {
  const faults = useApi<{ faults: FaultStatus[] }>('/_dev/faults', {
    // A fault that is used up changes with a request.
    affectedBy: ({ kind }) => kind === 'faults-changed' || kind === 'request',
  });
  const list = faults.data?.faults;
  const action = useAction();
  const remove = (path: string, done: string): void =>
    action.run('remove', async () => {
      await callApi('DELETE', path);
      faults.reload();
      return done;
    });
  return (
    <>
      <ViewHeading title="Faults" />
      <p>
        A fault makes calls to KuFlow’s API fail, so that you can see how your worker reacts. Requests from the console
        are not affected.
      </p>
      <ReadFailure failure={faults.failure} title="The faults could not be read" />
      <FailureNotice failure={action.failure} title="The fault could not be turned off" />
      {list?.length === 0 ? (
        <EmptyState>No faults are on. Turn one on below.</EmptyState>
      ) : (
        <>
          <ul class="rows">
            {list?.map((fault) => (
              <li key={fault.id}>
                <span class="main">
                  {describeFault(fault.action)}
                  <span class="second mono">{fault.operationId === '*' ? 'all operations' : fault.operationId}</span>
                </span>
                <span class={`state ${fault.left === 0 ? 'muted' : 'waiting'}`}>
                  used {fault.times - fault.left} of {countOf(fault.times, 'time')}
                </span>
                <button
                  type="button"
                  disabled={action.busy !== undefined}
                  aria-label={`${fault.left === 0 ? 'Remove' : 'Turn off'} ${describeFault(fault.action)}, ${fault.operationId}`}
                  onClick={() => remove(`/_dev/faults/${encodeURIComponent(fault.id)}`, 'The fault is off')}
                >
                  {fault.left === 0 ? 'Remove' : 'Turn off'}
                </button>
              </li>
            ))}
          </ul>
          {list === undefined ? null : (
            <p class="actions">
              <button
                type="button"
                disabled={action.busy !== undefined}
                onClick={() => remove('/_dev/faults', 'All faults are off')}
              >
                Turn all off
              </button>
            </p>
          )}
        </>
      )}
      <p role="status" class="muted">
        {action.done}
      </p>
      <FaultForm reload={faults.reload} />
    </>
  );
}

function describeFault(action: FaultAction): string {
  switch (action.kind) {
    case 'status':
      return `Answer with ${action.status}${action.retryAfter === undefined ? '' : ` and Retry-After: ${action.retryAfter}`}`;
    case 'delay':
      return `Delay the call by ${action.ms} ms`;
    default:
      return KINDS[action.kind];
  }
}

function FaultForm({ reload }: { readonly reload: () => void }) {
  const api = useData('operations', async (signal) => {
    const { paths } = await callApi<ApiDescription>('GET', '/openapi.json', { signal });
    const all = Object.values(paths).flatMap((path) => Object.values(path));
    return all.flatMap(({ operationId }) => (operationId === undefined ? [] : [operationId])).sort();
  });
  const [operationId, setOperationId] = useState('createProcessItem');
  const [kind, setKind] = useState<FaultAction['kind']>('status');
  const [times, setTimes] = useState(1);
  const [status, setStatus] = useState(503);
  const [retryAfter, setRetryAfter] = useState('');
  const [ms, setMs] = useState(5000);
  const action = useAction();
  const rule = { operationId, times, action: actionOf() };

  function actionOf(): FaultAction {
    if (kind === 'delay') return { kind, ms };
    if (kind !== 'status') return { kind };
    return { kind, status, ...(retryAfter === '' ? {} : { retryAfter: Number(retryAfter) }) };
  }
  return (
    <form
      aria-labelledby="new-fault"
      onSubmit={onSubmit(() =>
        action.run('add', async () => {
          await callApi('POST', '/_dev/faults', { body: rule });
          reload();
          return 'The fault is on';
        }),
      )}
    >
      <h2 id="new-fault">Turn on a fault</h2>
      <div class="fields">
        <SelectList
          label="Operation"
          value={operationId}
          options={[['*', 'All operations'], ...(api.data ?? [operationId]).map((id) => [id, id] as const)]}
          onChange={setOperationId}
        />
        <SelectList
          label="Fault"
          value={kind}
          options={Object.entries(KINDS) as [FaultAction['kind'], string][]}
          onChange={setKind}
        />
        <NumberInput label="Number of calls" value={times} min={1} max={1_000_000} onChange={setTimes} />
        {kind === 'status' ? (
          <>
            <NumberInput label="Status" value={status} min={400} max={599} onChange={setStatus} />
            <label>
              Retry-After in seconds (optional)
              <input
                type="number"
                min={0}
                max={3600}
                value={retryAfter}
                onInput={(event) => setRetryAfter(event.currentTarget.value)}
              />
            </label>
          </>
        ) : null}
        {kind === 'delay' ? (
          <NumberInput label="Delay in milliseconds" value={ms} min={0} max={600_000} onChange={setMs} />
        ) : null}
      </div>
      <FailureNotice failure={action.failure} title="The fault could not be turned on" />
      <p class="actions">
        <button type="submit" class="primary" disabled={action.busy !== undefined}>
          Turn on
        </button>
        <span role="status" class="muted">
          {action.done}
        </span>
      </p>
      <details>
        <summary>Command</summary>
        <CommandLine command={faultCommand(rule)} />
        <p class="muted">
          In a test: <code>platform.faults.add({JSON.stringify(rule)})</code>
        </p>
      </details>
    </form>
  );
}

function faultCommand(rule: object): string {
  return [
    `curl ${location.origin}/_dev/faults`,
    '-H "Authorization: Bearer $KUFLOW_TOKEN"',
    `-d ${quoteWord(JSON.stringify(rule))}`,
  ].join(' \\\n  ');
}

interface NumberInputProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly onChange: (value: number) => void;
}

function NumberInput({ label, value, min, max, onChange }: NumberInputProps) {
  return (
    <label>
      {label}
      <input
        type="number"
        required
        min={min}
        max={max}
        value={value}
        onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}
