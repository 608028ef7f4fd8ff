import { fails, unclear, type ExplainedCause, type AdviceTemplate } from './explanation.ts';

const CHECK_HOST_NAME = [
  { text: 'Check the spelling of the engine address (<target-source>)', command: 'nslookup <host>' },
  'If only a proxy can resolve host names, set temporal.proxy or HTTPS_PROXY',
];
const CHECK_ADDRESS = [
  'Check the host and port of the engine address (<target-source>)',
  'If you use the local KuFlow, start it and use the address that it prints',
];
const ASK_NETWORK_ADMIN =
  'Ask your network administrator whether connections to <target> are allowed; to use a proxy, set temporal.proxy';
const SHOW_SERVER: AdviceTemplate = {
  text: 'Inspect the server certificate',
  command: 'openssl s_client -connect <target> -servername <server-name> -showcerts </dev/null',
};
const CHECK_DNS = "Check this machine's network connection and DNS configuration";
const SAME_KUFLOW = 'check that <target-source> and <endpoint> belong to the same KuFlow environment';
const GET_CURRENT: AdviceTemplate = {
  certificate: 'given',
  text: 'Get the current certificate, key and CA, because KuFlow replaces its CA from time to time',
  command: '<kuflow> credentials pull --force',
};
const CHECK_CLIENT_CERTIFICATE: readonly AdviceTemplate[] = [
  {
    certificate: 'given',
    text: 'Check the certificate and key from <material>, or remove the mutual-tls settings to have KuFlow issue a certificate each time the worker starts',
  },
  GET_CURRENT,
  { certificate: 'issued', text: `This certificate comes from KuFlow, so ${SAME_KUFLOW}` },
];
const CHECK_CA: readonly AdviceTemplate[] = [
  {
    certificate: 'given',
    text: 'Check the CA from <material>, and check that no proxy or firewall intercepts TLS',
  },
  GET_CURRENT,
  {
    certificate: 'issued',
    text: `This CA comes from KuFlow, so ${SAME_KUFLOW}, and that no proxy or firewall intercepts TLS`,
  },
  SHOW_SERVER,
];
const CHECK_PROTOCOL =
  'Check that <target> is the engine, and that every proxy or load balancer in front of it forwards HTTP/2';
const CHECK_PROXY = "Check the proxy's address (<proxy-source>)";
const TRY_AGAIN =
  "Try again; if the problem persists, send this result and the time of the failure to KuFlow's support team";
const CHECK_CLOCK = "Check this machine's clock";

/** The connection to the engine, up to the TLS handshake and the bytes right after it. */
export const handshakeCauses = {
  'engine-host-not-found': fails("The engine's host name does not exist.", ...CHECK_HOST_NAME),
  'engine-resolver-down': unclear('The DNS server did not respond.', CHECK_DNS),
  'engine-refused': fails(
    'The connection was refused, because nothing is listening at the engine address.',
    ...CHECK_ADDRESS,
  ),
  'engine-unreachable': fails('There is no network route to the engine.', ASK_NETWORK_ADMIN),
  'engine-connect-timeout': unclear(
    'The engine did not respond in time. A common cause is a firewall that silently drops the connection.',
    ASK_NETWORK_ADMIN,
  ),
  'engine-connect-failed': fails('The connection failed for another reason, shown in the message.', ...CHECK_ADDRESS),
  'engine-silent': unclear(
    'The server accepted the connection but did not respond to the TLS handshake.',
    ASK_NETWORK_ADMIN,
  ),
  'engine-plaintext': fails('The server does not speak TLS.', ...CHECK_ADDRESS),
  'engine-reset': fails('The connection was reset during the TLS handshake.', ASK_NETWORK_ADMIN),
  'engine-handshake-refused': fails(
    'The server rejected the TLS handshake, or rejected the connection right after the handshake, without giving a reason.',
    ...CHECK_CLIENT_CERTIFICATE,
  ),
  'engine-handshake-failed': fails('The TLS handshake failed for another reason, shown in the message.', SHOW_SERVER),
  'engine-certificate-untrusted': fails(
    'The server certificate cannot be verified with the CA in use. Either the CA is wrong, or a proxy or firewall intercepts TLS.',
    ...CHECK_CA,
  ),
  'engine-certificate-expired': fails(
    "A certificate in the server's chain has expired.",
    `${CHECK_CLOCK}; if it is right, the server certificate must be renewed`,
    SHOW_SERVER,
  ),
  'engine-certificate-not-yet-valid': fails(
    "A certificate in the server's chain is not valid yet.",
    `${CHECK_CLOCK}; if it is right, the server certificate must be reissued`,
    SHOW_SERVER,
  ),
  'engine-certificate-by-clock': fails(
    "According to this machine's clock, the server certificate has expired or is not valid yet, but according to KuFlow's clock, it is valid. If the clock is off by 5 minutes or more, KF-CLOCK-001 reports the root cause, and this check is skipped.",
    'Synchronize the clock with a time server (NTP)',
  ),
  'engine-host-name-mismatch': fails(
    'The server certificate does not cover the host name of the engine address.',
    'Use a host name that the certificate covers, either in the engine address (<target-source>) or as temporal.mutual-tls.server-name',
    SHOW_SERVER,
  ),
  'engine-no-http2': fails('The server does not negotiate HTTP/2 in the TLS handshake (ALPN).', CHECK_PROTOCOL),
  'engine-http1': fails('The server negotiates HTTP/2 but speaks HTTP/1.x.', CHECK_PROTOCOL),
  'engine-not-http2': fails('The server negotiates HTTP/2 but speaks another protocol.', CHECK_PROTOCOL),
  'engine-closed-after-handshake': fails(
    'The server closed the connection right after the TLS handshake. Some servers do this to reject a client certificate.',
    ...CHECK_CLIENT_CERTIFICATE,
  ),
  'client-certificate-missing': fails(
    'The server requires a client certificate but did not receive a usable one.',
    ...CHECK_CLIENT_CERTIFICATE,
  ),
  'client-certificate-refused': fails('The server rejected the client certificate.', ...CHECK_CLIENT_CERTIFICATE),
  'client-certificate-expired': fails(
    'The server reports that the client certificate has expired.',
    ...CHECK_CLIENT_CERTIFICATE,
  ),
  'proxy-host-not-found': fails("The proxy's host name does not exist.", CHECK_PROXY),
  'proxy-refused': fails(
    "The connection was refused, because nothing is listening at the proxy's address.",
    CHECK_PROXY,
  ),
  'proxy-unreachable': fails('There is no network route to the proxy.', CHECK_PROXY),
  'proxy-timeout': unclear('The proxy did not respond in time.', CHECK_PROXY),
  'proxy-tls-failed': fails('The TLS handshake with the proxy failed.', CHECK_PROXY),
  'proxy-speaks-tls': fails(
    'The proxy has an http:// address but speaks TLS.',
    "Change the proxy's address to https:// (<proxy-source>)",
  ),
  'proxy-speaks-socks': fails(
    'The proxy speaks SOCKS, not HTTP, on this port.',
    "Set <proxy-source> to the proxy's HTTP port or to the address of an HTTP proxy",
  ),
  'proxy-not-http': fails("The server at the proxy's address is not an HTTP proxy.", CHECK_PROXY),
  'proxy-closed': fails(
    'The connection to the proxy was lost.',
    CHECK_PROXY,
    'Check that the proxy can reach <target>, because some proxies close the connection if they cannot reach the destination',
  ),
  'proxy-authentication-required': fails(
    'The proxy requires a user name and password, or rejected the ones you provided (407).',
    "Add the user name and password to the proxy's address: http://user:password@host:port (<proxy-source>)",
  ),
  'proxy-forbids': fails(
    'The proxy does not allow the connection (403).',
    "Ask the proxy's administrator to allow CONNECT to <target>",
  ),
  'proxy-cannot-reach-engine': fails('The proxy could not reach the engine (5xx status).', ...CHECK_ADDRESS),
  'proxy-answered-otherwise': fails('The proxy responded to CONNECT with an unexpected status.', CHECK_PROXY),
} as const satisfies Readonly<Record<string, ExplainedCause>>;

/** Responses to any call, once the engine has accepted the application. */
const anyCall = {
  'engine-unauthenticated': fails(
    'The engine did not accept the engine token (UNAUTHENTICATED).',
    "Check that <target-source> and <endpoint>, which issued the token, belong to the same KuFlow environment, and check this machine's clock",
  ),
  'engine-unavailable': unclear(
    'The engine is reachable but not ready (UNAVAILABLE or RESOURCE_EXHAUSTED).',
    TRY_AGAIN,
  ),
  'engine-call-timeout': unclear('No response arrived in time (DEADLINE_EXCEEDED).', TRY_AGAIN),
  'engine-call-failed': fails('The engine responded with another status, shown in the message.', TRY_AGAIN),
  'engine-not-grpc': fails('The server speaks HTTP/2 but is not a gRPC server.', CHECK_PROTOCOL),
  'engine-connection-lost': fails('The connection was lost during the call.', TRY_AGAIN),
} as const satisfies Readonly<Record<string, ExplainedCause>>;

export const systemInfoCauses = {
  ...anyCall,
  'engine-permission-denied': fails(
    'The engine does not allow this application to connect: it responds to GetSystemInfo with PERMISSION_DENIED. No SDK can connect after this response, so no worker can start.',
    "Check the namespace (<namespace-source>), and the application's permissions in the KuFlow app",
  ),
} as const satisfies Readonly<Record<string, ExplainedCause>>;

export const namespaceCauses = {
  'engine-namespace-not-found': fails(
    'The engine did not find the namespace (NOT_FOUND).',
    'Check the namespace (<namespace-source>)',
    {
      certificate: 'issued',
      text: 'To use the namespace that KuFlow provides, remove temporal.namespace from the settings',
    },
  ),
  'engine-namespace-denied': fails(
    "The engine denies access to the namespace (PERMISSION_DENIED). Temporal's SDKs call DescribeNamespace when a worker starts. If the engine denies this call, the worker does not start.",
    "Check the namespace (<namespace-source>), and the application's permissions in the KuFlow app",
  ),
  'engine-namespace-differs': fails(
    'The engine does not accept the namespace in use, and the engine token or the client certificate is for a different one.',
    'Set temporal.namespace to <namespace> (<namespace-source>)',
  ),
} as const satisfies Readonly<Record<string, ExplainedCause>>;

export const engineCauses = { ...handshakeCauses, ...systemInfoCauses, ...namespaceCauses };
export type EngineCauseCode = keyof typeof engineCauses;
export const CALL_CODES: readonly string[] = Object.keys(anyCall);
