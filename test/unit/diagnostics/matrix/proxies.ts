import { closedPort } from '../../../support/answering-server.ts';
import { startConnectProxy } from '../../../support/connect-proxy.ts';
import { startTcpServer } from '../../../support/engine-server.ts';
import { DIRECT_DOMAIN } from '../../../support/direct-names.ts';
import { fault, following, type Fault, type TestSetup } from './fault.ts';

const PROXIED = { rest: 'api.kuflow.test', engine: 'engine.kuflow.test' };
/** Names that this machine resolves too. */
const DIRECT = { rest: `api.${DIRECT_DOMAIN}`, engine: `engine.${DIRECT_DOMAIN}` };
const ROOT = 'KF-REST-001 fail rest-proxy';

/** REST API and engine have names, and `env` says how to reach them. */
const named =
  (names: typeof PROXIED, env: (setup: TestSetup) => Promise<Readonly<Record<string, string>>>): Fault['make'] =>
  async (setup) => {
    const hosts = [names.rest, names.engine];
    const server = await setup.authority.issue({ commonName: 'server', usage: 'server', hosts });
    setup.restTls = server;
    setup.engine = { ...setup.engine, server };
    setup.settings['kuflow.api.ca'] = 'tls/ca.pem';
    setup.endpoint = (port) => `https://${names.rest}:${port}`;
    setup.target = (port) => `${names.engine}:${port}`;
    Object.assign(setup.env, await env(setup));
  };

const workingProxy = async ({ keep }: TestSetup): Promise<string> =>
  keep(await startConnectProxy({ hosts: { [PROXIED.rest]: '127.0.0.1', [PROXIED.engine]: '127.0.0.1' } })).url;
const deadProxy = async (): Promise<string> => `http://127.0.0.1:${await closedPort()}`;
/** Reaches the internet, but no host of this network. */
const outwardProxy = async ({ keep }: TestSetup): Promise<string> =>
  `http://${keep(await startTcpServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')))).address}`;
/** SOCKS 5 (RFC 1928): closes the connection unless the first byte is the version. */
const socksProxy = async ({ keep }: TestSetup): Promise<string> =>
  `http://${keep(await startTcpServer((socket) => socket.once('data', ([version]) => (version === 5 ? socket.end(Buffer.from([5, 0])) : socket.destroy())))).address}`;

const remove = following(/(?:remove|Remove) (\w+)/, ({ env }, name = '') => void Reflect.deleteProperty(env, name));

/** A proxy that both planes use is one root. */
export const proxyFaults: readonly Fault[] = [
  fault(
    'dead https_proxy in front of a working HTTPS_PROXY',
    ROOT,
    named(PROXIED, async (setup) => ({ HTTPS_PROXY: await workingProxy(setup), https_proxy: await deadProxy() })),
    remove,
  ),
  fault(
    'subnet in NO_PROXY for hosts with names',
    ROOT,
    named(DIRECT, async (setup) => ({ HTTPS_PROXY: await outwardProxy(setup), NO_PROXY: '127.0.0.0/8' })),
    following(/NO_PROXY.*: add (\S+) and (\S+)/, ({ env }, ...names) => {
      env['NO_PROXY'] = [env['NO_PROXY'], ...names].join(',');
    }),
  ),
  fault(
    'no_proxy in front of NO_PROXY',
    ROOT,
    named(DIRECT, async (setup) => ({
      ...{ HTTPS_PROXY: await outwardProxy(setup), NO_PROXY: `.${DIRECT_DOMAIN}`, no_proxy: 'localhost' },
    })),
    remove,
  ),
  fault(
    'no_proxy in front of NO_PROXY, for hosts that only the proxy resolves',
    'KF-REST-001 fail rest-dns',
    named(PROXIED, async (setup) => ({
      ...{ HTTPS_PROXY: await workingProxy(setup), NO_PROXY: 'localhost', no_proxy: '.kuflow.test' },
    })),
    remove,
  ),
  fault(
    'port of a SOCKS proxy',
    ROOT,
    named(PROXIED, async (setup) => ({ HTTPS_PROXY: await socksProxy(setup) })),
    following(/Set (\w+) to the proxy's HTTP port/, async (setup, name = '') => {
      setup.env[name] = await workingProxy(setup);
    }),
  ),
  fault(
    'no proxy, for hosts that only a proxy resolves',
    'KF-REST-001 fail rest-dns',
    named(PROXIED, () => Promise.resolve({})),
    following(/If only a proxy can resolve host names, set (HTTPS_PROXY)/, async (setup, name = '') => {
      setup.env[name] = await workingProxy(setup);
    }),
  ),
  fault(
    'invalid https_proxy, for hosts on this machine',
    'KF-SET-002 fail worker-settings-incomplete',
    ({ env }) => void (env['https_proxy'] = '::'),
    remove,
  ),
  fault(
    'dead proxy for both planes',
    ROOT,
    named(PROXIED, async () => ({ HTTPS_PROXY: await deadProxy() })),
    following(/Check .*\((HTTPS_PROXY)\)/, async (setup, name = '') => {
      setup.env[name] = await workingProxy(setup);
    }),
  ),
];
