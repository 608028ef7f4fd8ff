import { fails, unclear, type ExplainedCause, type ExplainedStep } from './explanation.ts';

const LOOK_UP = [
  { text: "Check the spelling of the engine's address (<target-source>)", command: 'nslookup <host>' },
  'Where only a proxy resolves names, set temporal.proxy or HTTPS_PROXY',
];
const ADDRESS = [
  "Check host and port of the engine's address (<target-source>)",
  'For the local platform: start it, and take the address that it prints',
];
const BLOCKED_ON_THE_WAY =
  'Ask whoever runs the network whether <target> may be reached from here; temporal.proxy names a proxy';
const SHOW_SERVER: ExplainedStep = {
  text: "Look at the server's certificate",
  command: 'openssl s_client -connect <target> -servername <server-name> -showcerts </dev/null',
};
const NAME_SERVER = 'Check the network connection and the name server of this machine';
const BELONG_TOGETHER = 'check that <target-source> and <endpoint> belong together';
const CLIENT_CERTIFICATE: readonly ExplainedStep[] = [
  {
    certificate: 'given',
    text: 'Check certificate and key given by <material>; without mutual-tls settings KuFlow issues a certificate at each start',
  },
  { certificate: 'issued', text: `KuFlow issued this certificate just now: ${BELONG_TOGETHER}` },
];
const AUTHORITY: readonly ExplainedStep[] = [
  {
    certificate: 'given',
    text: 'Check the CA given by <material>, and that nothing on the way opens the TLS connection',
  },
  {
    certificate: 'issued',
    text: `KuFlow named this CA itself: ${BELONG_TOGETHER}, and that nothing on the way opens the TLS connection`,
  },
  SHOW_SERVER,
];
const PROTOCOL =
  'Something in front of the engine does not pass HTTP/2 on, or <target> is another server: check the address and what stands in between';
const PROXY = "Check the proxy's address (<proxy-source>)";
const AGAIN = 'Try again; if it stays, tell KuFlow the time and this line';
const CLOCK = "Check this machine's clock";

/** On the way to the engine, up to the end of the TLS handshake and what comes right after it. */
const handshake = {
  'engine-host-not-found': fails("The host name of the engine's address does not exist.", ...LOOK_UP),
  'engine-resolver-down': unclear('The name server did not answer.', NAME_SERVER),
  'engine-refused': fails("Nothing listens at the engine's address: the connection was refused.", ...ADDRESS),
  'engine-unreachable': fails("There is no route to the engine's address.", BLOCKED_ON_THE_WAY),
  'engine-connect-timeout': unclear(
    "The engine's address did not answer in time: often a firewall that drops what it forbids.",
    BLOCKED_ON_THE_WAY,
  ),
  'engine-connect-failed': fails('The connection failed in another way, which the text quotes.', ...ADDRESS),
  'engine-silent': unclear('The connection was taken, and nothing came in the TLS handshake.', BLOCKED_ON_THE_WAY),
  'engine-plaintext': fails('What answers does not speak TLS.', ...ADDRESS),
  'engine-reset': fails('The connection was cut in the TLS handshake.', BLOCKED_ON_THE_WAY),
  'engine-handshake-refused': fails(
    'The server refused the TLS handshake, or the connection right after it, and did not say why.',
    ...CLIENT_CERTIFICATE,
  ),
  'engine-handshake-failed': fails('The TLS handshake failed in another way, which the text quotes.', SHOW_SERVER),
  'engine-certificate-untrusted': fails(
    "The CA in use does not vouch for the server's certificate: another CA, or something on the way that opens the TLS connection.",
    ...AUTHORITY,
  ),
  'engine-certificate-expired': fails(
    "A certificate of the server's chain is over.",
    `${CLOCK}; if it is right, the server's certificate has to be renewed`,
    SHOW_SERVER,
  ),
  'engine-certificate-not-yet-valid': fails(
    "A certificate of the server's chain begins in the future.",
    `${CLOCK}; if it is right, the server's certificate is of the future`,
    SHOW_SERVER,
  ),
  'engine-certificate-by-clock': fails(
    "The server's certificate is outside its validity only by this machine's clock: by KuFlow's time it is valid. Where the clock is off by 5 minutes or more, KF-CLOCK-001 is the root, and this check is skipped because of it.",
    'Set the clock by a time server (NTP)',
  ),
  'engine-host-name-mismatch': fails(
    "The server's certificate is for other names.",
    'Use a name from the certificate in <target-source>, or set temporal.mutual-tls.server-name to one',
    SHOW_SERVER,
  ),
  'engine-no-http2': fails('The server does not agree on HTTP/2 in the TLS handshake (ALPN).', PROTOCOL),
  'engine-http1': fails('The server agrees on HTTP/2 and speaks HTTP/1.x.', PROTOCOL),
  'engine-not-http2': fails('The server agrees on HTTP/2 and speaks another protocol.', PROTOCOL),
  'engine-closed-after-handshake': fails(
    'The server closed the connection right after the TLS handshake: some do so when they refuse a client certificate.',
    ...CLIENT_CERTIFICATE,
  ),
  'client-certificate-missing': fails(
    'The server asks for a client certificate and got none that it could use.',
    ...CLIENT_CERTIFICATE,
  ),
  'client-certificate-refused': fails('The server refused the client certificate.', ...CLIENT_CERTIFICATE),
  'client-certificate-expired': fails('The server says that the client certificate is over.', ...CLIENT_CERTIFICATE),
  'proxy-host-not-found': fails('The host name of the proxy does not exist.', PROXY),
  'proxy-refused': fails("Nothing listens at the proxy's address.", PROXY),
  'proxy-unreachable': fails('There is no route to the proxy.', PROXY),
  'proxy-timeout': unclear('The proxy did not answer in time.', PROXY),
  'proxy-tls-failed': fails('The TLS handshake with the proxy failed.', PROXY),
  'proxy-speaks-tls': fails(
    'The proxy speaks TLS, and its address says http://.',
    "Write the proxy's address with https:// (<proxy-source>)",
  ),
  'proxy-not-http': fails('What answers is no HTTP proxy.', PROXY),
  'proxy-closed': fails(
    'The connection to the proxy broke.',
    PROXY,
    "Check that the proxy can reach <target>; some close without a word when they can't",
  ),
  'proxy-authentication-required': fails(
    'The proxy wants a user and a password, or others than those it got (407).',
    "Give user and password in the proxy's address, http://user:password@host:port (<proxy-source>)",
  ),
  'proxy-forbids': fails(
    'The proxy does not allow the connection (403).',
    'Ask whoever runs the proxy to allow CONNECT to <target>',
  ),
  'proxy-cannot-reach-engine': fails('The proxy could not reach the engine (5xx).', ...ADDRESS),
  'proxy-answered-otherwise': fails('The proxy answered CONNECT with another status.', PROXY),
} as const satisfies Readonly<Record<string, ExplainedCause>>;

/** Answers to a call. */
const call = {
  'engine-unauthenticated': fails(
    'The engine did not accept the engine token (UNAUTHENTICATED).',
    `The token comes from <endpoint>: check that <target-source> belongs to the same KuFlow, and this machine's clock`,
  ),
  'engine-permission-denied': fails(
    'The engine does not let this application in: PERMISSION_DENIED to GetSystemInfo, the call with which SDKs connect, so that no worker starts.',
    "Check the namespace (<namespace-source>), and the application's rights in KuFlow's app",
  ),
  'engine-namespace-not-found': fails(
    'The engine does not know the namespace (NOT_FOUND).',
    'Check the namespace (<namespace-source>); without that setting KuFlow names it itself',
  ),
  'engine-unavailable': unclear('The engine is there, and not ready (UNAVAILABLE, RESOURCE_EXHAUSTED).', AGAIN),
  'engine-call-timeout': unclear('No answer came in time (DEADLINE_EXCEEDED).', AGAIN),
  'engine-call-failed': fails('The engine answered with another status, which the text names.', AGAIN),
  'engine-not-grpc': fails('What answers speaks HTTP/2, and is no gRPC server.', PROTOCOL),
  'engine-connection-lost': fails('The connection broke during the call.', AGAIN),
} as const satisfies Readonly<Record<string, ExplainedCause>>;

/** Every cause on the engine's side, whichever check meets it. */
export const engineCauses = { ...handshake, ...call };
export type EngineCauseCode = keyof typeof engineCauses;
export const handshakeCauses: Readonly<Record<string, ExplainedCause>> = handshake;
const { 'engine-permission-denied': denied, 'engine-namespace-not-found': namespace, ...anyCall } = call;
export const systemInfoCauses: Readonly<Record<string, ExplainedCause>> = {
  ...anyCall,
  'engine-permission-denied': denied,
};
export const namespaceCauses: Readonly<Record<string, ExplainedCause>> = { 'engine-namespace-not-found': namespace };
/** Codes of every call that is made once the engine has let the worker in. */
export const CALL_CODES: readonly string[] = Object.keys(anyCall);
