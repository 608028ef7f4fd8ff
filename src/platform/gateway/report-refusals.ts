import type { Http2SecureServer } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { atMostEvery, type Clock } from '../../base/clock.ts';
import { codeOf, messageOf } from '../../base/errors.ts';
import type { PlatformEvent } from '../shared/types.ts';
import { explainTlsFailure } from './tls-failure.ts';

type RefusalReporter = (reason: string, rpc?: string, hint?: string) => void;

/** The same refusal is reported once in this time (ms), because a worker without a token never stops polling. */
const REPORT_EVERY = 1000;

/** Reports refused calls and connections as events. */
export function createRefusalReporter(
  clock: Clock,
  report: ((event: PlatformEvent) => void) | undefined,
): RefusalReporter {
  const isDue = atMostEvery(REPORT_EVERY, clock);
  return (reason, rpc, hint) => {
    if (isDue(`${rpc ?? ''} ${reason}`)) report?.({ kind: 'gateway-refused', reason, rpc, hint });
  };
}

/** Reports connections that fail before they can make calls. */
export function reportConnectionFailures(server: Http2SecureServer, report: RefusalReporter): void {
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    // When verification fails, the error looks as if the peer had gone; the socket has the reason.
    const verification = socket.authorizationError as unknown;
    const code = typeof verification === 'string' ? verification : codeOf(error);
    const failure = explainTlsFailure(code, messageOf(error));
    if (failure !== undefined) report(failure.reason, undefined, failure.hint);
  });
  server.on('unknownProtocol', (socket) => {
    report('a client does not offer HTTP/2 (ALPN h2)', undefined, 'gRPC needs HTTP/2');
    socket.destroy();
  });
}
