import type { RequestDetail } from '../../platform/shared/contract.ts';
import { quoteWord } from './shell.ts';

/** Headers that curl sets itself, and those that only say who made the request. */
const LEFT_OUT = new Set([
  'accept-encoding',
  'authorization',
  'connection',
  'content-length',
  'cookie',
  'host',
  'transfer-encoding',
  'user-agent',
  'x-kuflow-console',
]);

/** The request as a curl command, with `$KUFLOW_TOKEN` instead of the credentials. `origin` is the address of the local KuFlow. */
export function curlCommand(request: RequestDetail, origin: string): string {
  const { method, url, requestHeaders, requestBody } = request;
  const headers = Object.entries(requestHeaders).filter(
    ([name]) => !LEFT_OUT.has(name.toLowerCase()) && !/^(sec-|origin$|referer$)/i.test(name),
  );
  const body = requestBody === undefined || requestBody.bytes === 0 ? undefined : requestBody;
  const parts = [
    `curl -X ${quoteWord(method)} ${quoteWord(url.startsWith('/') ? `${origin}${url}` : url)}`,
    '-H "Authorization: Bearer $KUFLOW_TOKEN"',
    ...headers.map(([name, value]) => `-H ${quoteWord(`${name}: ${value}`)}`),
  ];
  if (body !== undefined)
    parts.push(
      body.text === undefined || body.truncated ? '--data-binary @body' : `--data-raw ${quoteWord(body.text)}`,
    );
  return parts.join(' \\\n  ');
}
