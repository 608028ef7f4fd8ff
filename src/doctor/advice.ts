import { shellWord } from '../names/shell.ts';
import type { Advice } from './check.ts';
import type { EngineCauseCode } from './engine-causes.ts';

/** What advice about the engine speaks of: addresses, and which setting each value came from. */
export interface EnginePlace {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
  /** e.g. `TEMPORAL_TARGET` or `temporal.target in application.yaml` */
  readonly targetSource: string;
  readonly endpoint: string;
  readonly proxySource?: string;
  /** Where certificate, key and CA come from: a setting, or undefined when KuFlow issued them for this check. */
  readonly materialSource?: string;
  readonly namespaceSource: string;
}

type Advise = (place: EnginePlace) => readonly Advice[];

const say =
  (...texts: readonly string[]): Advise =>
  () =>
    texts.map((text) => ({ text }));

const lookUp: Advise = ({ host, targetSource }) => [
  { text: `Check the spelling of the engine's address (${targetSource})`, command: `nslookup ${shellWord(host)}` },
  { text: 'Where only a proxy resolves names, set temporal.proxy or HTTPS_PROXY' },
];

const address: Advise = ({ targetSource }) => [
  { text: `Check host and port of the engine's address (${targetSource})` },
  { text: 'For the local platform: start it, and take the address that it prints' },
];

const blockedOnTheWay: Advise = ({ host, port }) => [
  {
    text: `Ask whoever runs the network whether ${host}:${port} may be reached from here; temporal.proxy names a proxy`,
  },
];

const showServer: Advise = ({ host, port, serverName }) => [
  {
    text: "Look at the server's certificate",
    command: `openssl s_client -connect ${shellWord(`${host}:${port}`)} -servername ${shellWord(serverName)} -showcerts </dev/null`,
  },
];

const authority: Advise = (place) => [
  {
    text:
      place.materialSource === undefined
        ? `KuFlow named this CA itself: check that ${place.targetSource} and ${place.endpoint} belong together, and that nothing on the way opens the TLS connection`
        : `Check the CA given by ${place.materialSource}, and that nothing on the way opens the TLS connection`,
  },
  ...showServer(place),
];

const clientCertificate: Advise = (place) => [
  {
    text:
      place.materialSource === undefined
        ? `KuFlow issued this certificate just now: check that ${place.targetSource} and ${place.endpoint} belong together`
        : `Check certificate and key given by ${place.materialSource}; without mutual-tls settings KuFlow issues a certificate at each start`,
  },
];

const protocol: Advise = ({ host, port }) => [
  {
    text: `Something in front of the engine does not pass HTTP/2 on, or ${host}:${port} is another server: check the address and what stands in between`,
  },
];

const proxy: Advise = ({ proxySource }) => [{ text: `Check the proxy's address (${proxySource ?? 'temporal.proxy'})` }];

const again = say('Try again; if it stays, tell KuFlow the time and this line');

const ENGINE: Readonly<Record<EngineCauseCode, Advise>> = {
  'engine-host-not-found': lookUp,
  'engine-resolver-down': say('Check the network connection and the name server of this machine'),
  'engine-refused': address,
  'engine-unreachable': blockedOnTheWay,
  'engine-connect-timeout': blockedOnTheWay,
  'engine-connect-failed': address,
  'engine-silent': blockedOnTheWay,
  'engine-plaintext': address,
  'engine-reset': blockedOnTheWay,
  'engine-handshake-refused': clientCertificate,
  'engine-handshake-failed': showServer,
  'engine-certificate-untrusted': authority,
  'engine-certificate-expired': (place) => [
    { text: "Check this machine's clock; if it is right, the server's certificate has to be renewed" },
    ...showServer(place),
  ],
  'engine-certificate-not-yet-valid': say(
    "Check this machine's clock; if it is right, the server's certificate is of the future",
  ),
  'engine-host-name-mismatch': (place) => [
    { text: `Use a name from the certificate in ${place.targetSource}, or set temporal.mutual-tls.server-name to one` },
    ...showServer(place),
  ],
  'engine-no-http2': protocol,
  'engine-http1': protocol,
  'engine-not-http2': protocol,
  'engine-closed-after-handshake': clientCertificate,
  'client-certificate-missing': clientCertificate,
  'client-certificate-refused': clientCertificate,
  'client-certificate-expired': clientCertificate,
  'proxy-host-not-found': proxy,
  'proxy-refused': proxy,
  'proxy-unreachable': proxy,
  'proxy-timeout': proxy,
  'proxy-tls-failed': proxy,
  'proxy-speaks-tls': ({ proxySource }) => [
    { text: `Write the proxy's address with https:// (${proxySource ?? 'temporal.proxy'})` },
  ],
  'proxy-not-http': proxy,
  'proxy-closed': (place) => [
    ...proxy(place),
    { text: `Check that the proxy can reach ${place.host}:${place.port}; some close without a word when they can't` },
  ],
  'proxy-authentication-required': ({ proxySource }) => [
    {
      text: `Give user and password in the proxy's address, http://user:password@host:port (${proxySource ?? 'temporal.proxy'})`,
    },
  ],
  'proxy-forbids': ({ host, port }) => [{ text: `Ask whoever runs the proxy to allow CONNECT to ${host}:${port}` }],
  'proxy-cannot-reach-engine': address,
  'proxy-answered-otherwise': proxy,
  'engine-unauthenticated': ({ endpoint, targetSource }) => [
    {
      text: `The token comes from ${endpoint}: check that ${targetSource} belongs to the same KuFlow, and this machine's clock`,
    },
  ],
  'engine-permission-denied': ({ namespaceSource }) => [
    { text: `Check the namespace (${namespaceSource}), and the application's rights in KuFlow's app` },
  ],
  'engine-namespace-not-found': ({ namespaceSource }) => [
    { text: `Check the namespace (${namespaceSource}); without that setting KuFlow names it itself` },
  ],
  'engine-unavailable': again,
  'engine-call-timeout': again,
  'engine-call-failed': again,
  'engine-not-grpc': protocol,
  'engine-connection-lost': again,
};

/** What to do about a cause on the engine's side, in the order to try it. */
export function engineAdvice(code: EngineCauseCode, place: EnginePlace): readonly Advice[] {
  return ENGINE[code](place);
}
