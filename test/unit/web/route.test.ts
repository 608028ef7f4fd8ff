import { describe, expect, it } from 'vitest';
import { parseRoute, pathTo, type Route } from '../../../src/web/route.ts';

const routeOf = (path: string): Route => {
  const { pathname, search } = new URL(path, 'http://127.0.0.1');
  return parseRoute(pathname, search);
};

describe('the routes of the console', () => {
  it.each<Route>([
    { view: 'home' },
    { view: 'processes', state: 'RUNNING', code: 'LOAN & MORE' },
    { view: 'start', code: 'LOAN/ÑU', like: '0199-1' },
    { view: 'start', code: undefined, like: undefined },
    { view: 'process', id: '0199-1' },
    { view: 'tasks', state: undefined, code: 'REVIEW' },
    { view: 'latest-task' },
    { view: 'task', id: '0199-2' },
    { view: 'requests', text: 'a b', status: 'failed', operation: 'createProcess', own: true },
    { view: 'request', id: 12 },
    { view: 'faults' },
    { view: 'webhooks', process: undefined },
    { view: 'webhooks', process: '0199' },
    { view: 'webhook', id: '0199' },
  ])('parses the path of $view back to the same route', (route) => {
    expect(routeOf(pathTo(route))).toEqual(route);
  });

  it.each(['/console', '/console/'])('shows Home at %s', (path) => {
    expect(routeOf(path)).toEqual({ view: 'home' });
  });

  it('leaves out filters that are not set', () => {
    expect(pathTo({ view: 'processes', state: '', code: undefined })).toBe('/console/processes');
    expect(pathTo({ view: 'requests', own: false })).toBe('/console/requests');
  });

  it.each([
    '/console/other',
    '/console/requests/abc',
    '/console/tasks/1/2',
    '/console/processes/start/A/B',
    '/console/faults/1',
  ])('does not know %s', (path) => {
    expect(routeOf(path)).toEqual({ view: 'unknown', path });
  });

  it('reads a segment that is not percent-encoded correctly as it is', () => {
    expect(routeOf('/console/tasks/%zz')).toEqual({ view: 'task', id: '%zz' });
  });
});
