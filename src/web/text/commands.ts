import type { Json, JsonObject } from '../../base/json.ts';
import type { RequestDetail } from '../../platform/shared/dev-contract.ts';

export interface CommandOptions {
  /** How `kuflow` is called in the folder of the local KuFlow. Default: `npx kuflow`. */
  readonly kuflow?: string | undefined;
  /** Who acts: the email of the user, unless it is the user that commands act as by default. */
  readonly as?: string | undefined;
}

/** Only these act as a user. */
const CHANGES = ['start', 'claim', 'save', 'assign', 'release', 'complete', 'signal', 'act', 'cancel'];

/**
 * `kuflow …` with each word quoted where a shell needs it. `words` begin with `process` or `task` and the subcommand. `--local`, because
 * the project may have a connection to another KuFlow, which these commands prefer.
 */
export function kuflowCommand(words: readonly string[], { kuflow = 'npx kuflow', as }: CommandOptions = {}): string {
  const user = as !== undefined && CHANGES.includes(words[1] ?? '') ? ['--as', as] : [];
  return [kuflow, ...[...words, '--local', ...user].map(quoteWord)].join(' ');
}

/** The end of an id that commands accept instead of the whole id. */
export const shortId = (id: string): string => id.slice(-6);

/**
 * A command with data: `--set` for each value if there are only a few simple ones, otherwise `option` reads the data as JSON from standard
 * input, as a here-document.
 */
export function commandWithData(
  words: readonly string[],
  option: '--data' | '--metadata',
  data: JsonObject,
  options: CommandOptions = {},
): string {
  const entries = Object.entries(data);
  if (entries.length === 0) return kuflowCommand(words, options);
  if (entries.length <= 4 && entries.every(([name, value]) => isSimple(name, value)))
    return kuflowCommand([...words, ...entries.flatMap(toAssignment)], options);
  return `${kuflowCommand([...words, option, '-'], options)} <<'END'\n${JSON.stringify(data, undefined, 2)}\nEND`;
}

/** A command with `--set` for each value, for a command that cannot read a file. Undefined if the name of a value cannot be passed this way. */
export function commandWithAssignments(
  words: readonly string[],
  data: JsonObject,
  options: CommandOptions = {},
): string | undefined {
  const entries = Object.entries(data);
  if (entries.some(([name]) => !isAssignable(name))) return undefined;
  return kuflowCommand([...words, ...entries.flatMap(toAssignment)], options);
}

const isAssignable = (name: string): boolean => name !== '' && !name.includes('=');

/** Commands read a value as JSON if it is JSON, otherwise as text. */
const toAssignment = ([name, value]: readonly [string, Json]): readonly string[] => [
  '--set',
  `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
];

function isSimple(name: string, value: Json): boolean {
  if (!isAssignable(name) || value === null) return false;
  if (typeof value === 'string') return value.length <= 60 && !/[\n\r]/.test(value) && !value.startsWith('kuflow-');
  return typeof value === 'number' || typeof value === 'boolean';
}

/** The text as one word of a POSIX shell. */
export function quoteWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

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
