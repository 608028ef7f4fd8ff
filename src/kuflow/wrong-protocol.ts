import { detectPlainHttp, looksLikeTls, speaksOnlyHttp2OverTls } from '../network/detect-protocol.ts';
import { normalizeHost, type HostPort } from '../network/address.ts';
import { KuFlowApiError } from './errors.ts';
import type { FailureKind } from './failure-kinds.ts';

/** Failures that may mean that the client and the server do not speak the same protocol. */
const SYMPTOMS: Readonly<Record<string, readonly FailureKind[]>> = {
  'http:': ['reset', 'network', 'rejected', 'upgrade', 'not-json', 'html'],
  'https:': ['reset', 'network', 'tls'],
};

/**
 * The same error, with the cause if the endpoint names the wrong protocol or the port of a gRPC server. Probes the server without
 * credentials if the error may be a symptom of that. Not for a connection through a proxy, where another server might answer the probe.
 */
export async function explainWrongProtocol(error: KuFlowApiError): Promise<KuFlowApiError> {
  const { protocol, hostname, port } = new URL(error.parts.url);
  if (SYMPTOMS[protocol]?.includes(error.kind) !== true || error.body !== undefined) return error;
  const isHttps = protocol === 'https:';
  const address = { host: normalizeHost(hostname), port: port === '' ? (isHttps ? 443 : 80) : Number(port) };
  const kind = (await detectOverTls(address, isHttps)) ?? (await detectPlain(address, isHttps, error));
  return kind === undefined ? error : new KuFlowApiError({ ...error.parts, kind });
}

async function detectOverTls(address: HostPort, isHttps: boolean): Promise<FailureKind | undefined> {
  if (await speaksOnlyHttp2OverTls(address)) return 'grpc-port';
  return !isHttps && (await looksLikeTls(address)) ? 'speaks-tls' : undefined;
}

/** Sends a request, so it runs only if the failure shows that the server did not understand the first one. */
async function detectPlain(
  address: HostPort,
  isHttps: boolean,
  error: KuFlowApiError,
): Promise<FailureKind | undefined> {
  const isUnparsed = error.parts.cause instanceof Error && error.parts.cause.name === 'HTTPParserError';
  if (error.kind !== 'tls' && !isUnparsed) return undefined;
  const plain = await detectPlainHttp(address);
  if (plain === 'http2') return 'grpc-port';
  return isHttps && plain === 'http1' ? 'plain-http' : undefined;
}
