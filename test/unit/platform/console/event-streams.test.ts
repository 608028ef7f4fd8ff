import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';

import { createProcess } from '../../../../src/platform/domain/process-creation.ts';
import type { LiveEvent } from '../../../../src/platform/shared/dev-contract.ts';
import { until } from '../../../support/until.ts';
import { createRest, type Rest, type RestOptions } from '../rest/server.ts';

let rest: Rest | undefined;
let requests: http.ClientRequest[] = [];
afterEach(async () => {
  for (const request of requests) request.destroy();
  requests = [];
  await rest?.stop();
  rest = undefined;
});

interface Listening {
  readonly rest: Rest;
  readonly port: number;
}

async function listen(options: RestOptions = {}): Promise<Listening> {
  rest = createRest(options);
  await rest.app.listen({ host: '127.0.0.1', port: 0 });
  return { rest, port: (rest.app.server.address() as AddressInfo).port };
}

interface Stream {
  readonly answer: http.IncomingMessage;
  /** All that has arrived. */
  readonly text: () => string;
  readonly events: () => readonly LiveEvent[];
  readonly lastId: () => string;
  readonly closed: Promise<unknown>;
}

async function open({ rest: { asUser }, port }: Listening, headers: http.OutgoingHttpHeaders = {}): Promise<Stream> {
  const request = http.get({
    ...{ host: '127.0.0.1', port, path: '/_dev/events', agent: false },
    headers: { authorization: asUser, ...headers },
  });
  requests.push(request);
  request.on('error', () => undefined);
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  answer.on('error', () => undefined);
  return {
    answer,
    text: () => text,
    events: () => [...text.matchAll(/^data: (.*)\n/gm)].map(([, data = '']) => JSON.parse(data) as LiveEvent),
    lastId: () => [...text.matchAll(/^id: (\d+)\n/gm)].at(-1)?.[1] ?? '',
    closed: new Promise((resolve) => answer.on('close', resolve)),
  };
}

const startProcess = ({ world: { user } }: Rest): void => {
  createProcess(user, { tenantId: user.tenantId, processDefinitionCode: 'LOAN' });
};
const whats = (stream: Stream): readonly string[] =>
  stream.events().map((event) => (event.kind === 'process' ? event.what : event.kind));

describe('GET /_dev/events', () => {
  it('sends each event with its id, time and kind, and is not in the request log', async () => {
    const server = await listen();
    const stream = await open(server);
    expect(stream.answer.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    });
    startProcess(server.rest);
    const [event] = await until('the event arrives', () => stream.events().length > 0 && stream.events());
    expect(event).toMatchObject({ id: server.rest.hub.lastId, kind: 'process', what: 'process-started' });
    expect(Date.parse(event?.time ?? '')).not.toBeNaN();
    expect(stream.text()).toContain(`id: ${event?.id}\nevent: process\ndata: {`);
    stream.answer.destroy();
    await until('the stream is closed', () => server.rest.streams.size === 0);
    // The next request is logged, so that of the stream would be too.
    await server.rest.call('GET', '/tenants');
    const logged = server.rest.world.events.flatMap((one) => (one.kind === 'request' ? [one.path] : []));
    expect(logged).toEqual(['/v2024-06-14/tenants']);
  });

  it('continues after the last event that the reader has seen', async () => {
    const server = await listen();
    const first = await open(server);
    // A reader that has not seen an event yet can continue too.
    const id = await until('the first id', () => first.lastId() !== '' && first.lastId());
    first.answer.destroy();
    startProcess(server.rest);
    startProcess(server.rest);
    const second = await open(server, { 'last-event-id': id });
    await until('the missed events', () => second.events().length === 2);
    const third = await open(server, { 'last-event-id': String(second.events()[0]?.id) });
    await until('the missed event', () => third.events().length === 1);
    expect(third.events()).toEqual([second.events()[1]]);
    expect(whats(second)).toEqual(['process-started', 'process-started']);
  });

  it('sends one reset with the id to continue from, if the missed events are not known', async () => {
    const server = await listen();
    startProcess(server.rest);
    for (const id of ['1', '9007199254740991', 'nonsense', '-1']) {
      const stream = await open(server, { 'last-event-id': id });
      await until(id, () => stream.events().length > 0);
      expect(whats(stream)).toEqual(['reset']);
      expect(stream.lastId()).toBe(String(server.rest.hub.lastId));
    }
  });

  it('sends a reset to a reader of the run before a restart, and only newer ids afterward', async () => {
    const before = await listen();
    const { folder } = before.rest.world;
    startProcess(before.rest);
    const lastSeen = before.rest.hub.lastId;
    await before.rest.app.close();
    await before.rest.world.stop();
    const after = await listen({ folder });
    const stream = await open(after, { 'last-event-id': String(lastSeen) });
    startProcess(after.rest);
    await until('both events', () => stream.events().length === 2);
    expect(whats(stream)).toEqual(['reset', 'process-started']);
    for (const { id } of stream.events()) expect(id).toBeGreaterThan(lastSeen - 1);
    expect(stream.events()[1]?.id).toBeGreaterThan(lastSeen);
  });

  it('sends comments while nothing happens', async () => {
    const stream = await open(await listen({ heartbeatMs: 5 }));
    await until('two comments', () => stream.text().split(':\n\n').length > 2);
    expect(stream.events()).toEqual([]);
  });

  it('cuts a reader that does not read, and keeps the others', async () => {
    const server = await listen();
    const slow = await open(server);
    slow.answer.pause();
    const quick = await open(server);
    await until('both streams', () => server.rest.streams.size === 2);
    let published = 0;
    await until('the slow reader is cut', async () => {
      for (let count = 0; count < 20; count++, published++)
        server.rest.hub.publish({ kind: 'warning', message: 'x'.repeat(50_000) });
      await until('the quick reader is up to date', () => quick.events().length === published);
      return server.rest.streams.size === 1;
    });
    server.rest.hub.publish({ kind: 'warning', message: 'last' });
    await until('the last event', () => quick.events().length === published + 1);
  });

  it('sends one event to 200 readers, and all are closed when the platform stops', async () => {
    const server = await listen();
    const streams = await Promise.all(Array.from({ length: 200 }, () => open(server)));
    await until('200 streams', () => server.rest.streams.size === 200);
    startProcess(server.rest);
    await until('all readers have it', () => streams.every((stream) => stream.events().length === 1));
    await server.rest.app.close();
    await Promise.all(streams.map(({ closed }) => closed));
    await until('no stream is left', () => server.rest.streams.size === 0);
  });
});
