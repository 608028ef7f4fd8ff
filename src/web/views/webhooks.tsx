import { countOf } from '../../base/count-of.ts';
import type {
  WebhookDelivery,
  WebhookDeliveryDetail,
  WebhookDeliveryList,
} from '../../platform/shared/dev-contract.ts';
import { callApi } from '../api.ts';
import { concernsProcess, useApi } from '../live/use-data.ts';
import { Link, ViewHeading } from '../navigation.tsx';
import { useAction } from '../parts/action.ts';
import { Ago } from '../parts/ago.tsx';
import {
  CommandList,
  EmptyState,
  FailureNotice,
  Notice,
  notLoaded,
  ReadFailure,
  StateWord,
  RecordedBodyView,
} from '../parts/notices.tsx';
import { KUFLOW } from '../project-commands.ts';
import type { ViewProps } from '../route.ts';
import { shortId } from '../text/commands.ts';

const SHOWN = 500;

export function WebhookListView({ route: { process } }: ViewProps<'webhooks'>) {
  const list = useApi<WebhookDeliveryList>('/_dev/webhooks', {
    query: { limit: SHOWN, processId: process },
    affectedBy: (event) => event.kind === 'webhook' || concernsProcess(process)(event),
    debounceMs: 300,
  });
  const deliveries = list.data?.deliveries;
  return (
    <>
      <ViewHeading title="Webhooks" />
      {process === undefined ? null : (
        <p class="subtitle">
          Events of <Link to={{ view: 'process', id: process }}>process …{shortId(process)}</Link> ·{' '}
          <Link to={{ view: 'webhooks' }}>All events</Link>
        </p>
      )}
      <ReadFailure failure={list.failure} title="The events could not be read" />
      {deliveries?.length === 0 ? (
        <EmptyState>Events of processes whose definition has a webhook appear here.</EmptyState>
      ) : (
        <ul class="rows">
          {deliveries?.map((delivery) => (
            <DeliveryRow key={delivery.id} delivery={delivery} />
          ))}
        </ul>
      )}
    </>
  );
}

function DeliveryRow({ delivery }: { readonly delivery: WebhookDelivery }) {
  const { id, time, type, processId, url } = delivery;
  return (
    <li>
      <Link class="main" to={{ view: 'webhook', id }}>
        <span class="mono">{type}</span>
        <span class="second">
          {[`process …${shortId(processId)}`, url, resultOf(delivery)].filter((text) => text !== '').join(' · ')}
        </span>
      </Link>
      <StateWord state={delivery.state} />
      <Ago time={time} />
    </li>
  );
}

/** The latest attempt, such as `500, 3 attempts`. */
function resultOf({ attempts, latest }: WebhookDelivery): string {
  if (latest === undefined) return '';
  const { status, problem } = latest;
  const tried = attempts > 1 ? countOf(attempts, 'attempt') : undefined;
  return [status, problem, tried].filter((part) => part !== undefined).join(', ');
}

export function WebhookDetailView({ route: { id } }: ViewProps<'webhook'>) {
  const loaded = useApi<WebhookDeliveryDetail>(`/_dev/webhooks/${encodeURIComponent(id)}`, {
    affectedBy: (event) => event.kind === 'webhook' && event.deliveryId === id,
  });
  const replay = useAction();
  const delivery = loaded.data;
  if (delivery === undefined) return notLoaded('webhooks', loaded.failure);
  const { type, time, processId, url, state, attempts, latest, body, answer } = delivery;
  return (
    <>
      <ViewHeading title={type}>
        <span class="mono">{type}</span>
      </ViewHeading>
      <p class="subtitle">
        <StateWord state={state} /> · <Link to={{ view: 'process', id: processId }}>process …{shortId(processId)}</Link>{' '}
        · <span class="mono">{url}</span> · <Ago time={time} />
      </p>
      {latest?.problem === undefined ? null : (
        <Notice tone={state === 'FAILED' ? 'error' : 'warning'} title="The latest attempt">
          <p>{latest.problem}</p>
        </Notice>
      )}
      <p class="actions">
        <button
          type="button"
          disabled={replay.busy !== undefined}
          onClick={() =>
            replay.run('replay', async () => {
              await callApi('POST', `/_dev/webhooks/${encodeURIComponent(id)}/replay`);
              loaded.reload();
              return 'The event is sent again';
            })
          }
        >
          Send again
        </button>
        <span role="status" class="muted">
          {replay.done}
        </span>
      </p>
      <FailureNotice failure={replay.failure} title="The event could not be sent again" />
      <section aria-labelledby="event">
        <h2 id="event">Event</h2>
        <RecordedBodyView label="Body of the event" body={body} />
      </section>
      <section aria-labelledby="response">
        <h2 id="response">Latest response</h2>
        {latest === undefined ? (
          <p class="muted">Not sent yet</p>
        ) : (
          <>
            <p>
              {latest.status === undefined ? 'No response' : `Status ${latest.status}`} after {Math.round(latest.ms)}{' '}
              ms, {countOf(attempts, 'attempt')} · <Ago time={latest.time} ofMachine />
            </p>
            <RecordedBodyView label="Body of the response" body={answer} />
          </>
        )}
      </section>
      <CommandList
        commands={[
          ['Show this event', `${KUFLOW} dev webhooks show ${shortId(id)}`],
          ['Send it again', `${KUFLOW} dev webhooks replay ${shortId(id)}`],
        ]}
      />
    </>
  );
}
