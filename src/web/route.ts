import { percentDecode } from '../base/percent-decode.ts';

/** The views of the console. Paths are below `/console`, which is where the platform serves it. */
export type Route =
  | { readonly view: 'home' }
  | { readonly view: 'processes'; readonly state?: string | undefined; readonly code?: string | undefined }
  | { readonly view: 'start'; readonly code?: string | undefined; readonly like?: string | undefined }
  | { readonly view: 'process'; readonly id: string }
  | { readonly view: 'tasks'; readonly state?: string | undefined; readonly code?: string | undefined }
  | { readonly view: 'latest-task' }
  | { readonly view: 'task'; readonly id: string }
  | {
      readonly view: 'requests';
      readonly text?: string | undefined;
      readonly status?: string | undefined;
      readonly operation?: string | undefined;
      readonly own?: boolean | undefined;
    }
  | { readonly view: 'request'; readonly id: number }
  | { readonly view: 'faults' }
  | { readonly view: 'webhooks'; readonly process?: string | undefined }
  | { readonly view: 'webhook'; readonly id: string }
  | { readonly view: 'unknown'; readonly path: string };

export interface ViewProps<View extends Route['view']> {
  readonly route: Extract<Route, { readonly view: View }>;
}

const ROOT_PATH = '/console';

export function pathTo(route: Route): string {
  switch (route.view) {
    case 'home':
      return `${ROOT_PATH}/`;
    case 'processes':
      return withQuery('/processes', { state: route.state, code: route.code });
    case 'start':
      return withQuery(`/processes/start${route.code === undefined ? '' : `/${encodeURIComponent(route.code)}`}`, {
        like: route.like,
      });
    case 'process':
      return `${ROOT_PATH}/processes/${encodeURIComponent(route.id)}`;
    case 'tasks':
      return withQuery('/tasks', { state: route.state, code: route.code });
    case 'latest-task':
      return `${ROOT_PATH}/tasks/latest`;
    case 'task':
      return `${ROOT_PATH}/tasks/${encodeURIComponent(route.id)}`;
    case 'requests':
      return withQuery('/requests', {
        text: route.text,
        status: route.status,
        operation: route.operation,
        own: route.own === true ? 'yes' : undefined,
      });
    case 'request':
      return `${ROOT_PATH}/requests/${route.id}`;
    case 'faults':
      return `${ROOT_PATH}/faults`;
    case 'webhooks':
      return withQuery('/webhooks', { process: route.process });
    case 'webhook':
      return `${ROOT_PATH}/webhooks/${encodeURIComponent(route.id)}`;
    case 'unknown':
      return route.path;
  }
}

export function parseRoute(path: string, search = ''): Route {
  const [first, second, third, ...more] = segmentsOf(path);
  const query = new URLSearchParams(search);
  const value = (name: string): string | undefined => query.get(name) ?? undefined;
  if (more.length > 0) return { view: 'unknown', path };
  if (first === undefined) return { view: 'home' };
  if (first === 'processes') {
    if (second === undefined) return { view: 'processes', state: value('state'), code: value('code') };
    if (second === 'start') return { view: 'start', code: third, like: value('like') };
    if (third === undefined) return { view: 'process', id: second };
  }
  if (first === 'tasks') {
    if (second === undefined) return { view: 'tasks', state: value('state'), code: value('code') };
    if (third === undefined) return second === 'latest' ? { view: 'latest-task' } : { view: 'task', id: second };
  }
  if (first === 'requests') {
    if (second === undefined)
      return {
        view: 'requests',
        text: value('text'),
        status: value('status'),
        operation: value('operation'),
        own: query.has('own'),
      };
    if (third === undefined && /^\d+$/.test(second)) return { view: 'request', id: Number(second) };
  }
  if (first === 'faults' && second === undefined) return { view: 'faults' };
  if (first === 'webhooks') {
    if (second === undefined) return { view: 'webhooks', process: value('process') };
    if (third === undefined) return { view: 'webhook', id: second };
  }
  return { view: 'unknown', path };
}

function segmentsOf(path: string): string[] {
  return path
    .slice(ROOT_PATH.length)
    .split('/')
    .filter((segment) => segment !== '')
    .map(percentDecode);
}

function withQuery(path: string, values: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== '') query.set(name, value);
  return `${ROOT_PATH}${path}${query.size === 0 ? '' : `?${query.toString()}`}`;
}
