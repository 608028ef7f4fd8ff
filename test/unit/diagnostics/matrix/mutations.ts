import fc from 'fast-check';
import type { TestAuthority, TestPair } from '../../../support/certificates.ts';

/** Everything that a person can get wrong in front of a KuFlow that works. */
export interface Written {
  /** Flat keys of `application.yaml` and `application-local.yaml`. */
  readonly app: Record<string, string>;
  readonly local: Record<string, string>;
  readonly env: Record<string, string>;
  readonly files: Record<string, string>;
  /** Changes to the text of application files, in order. */
  readonly texts: { readonly name: string; readonly change: (text: string) => string }[];
  /** Milliseconds by which this machine's clock is ahead. */
  skew: number;
}

export interface MutationStock {
  readonly authority: TestAuthority;
  readonly other: TestAuthority;
  readonly client: TestPair;
  /** Another client certificate of the same CA, and one that has expired. */
  readonly second: TestPair;
  readonly expired: TestPair;
  readonly server: TestPair;
  readonly ports: { readonly rest: number; readonly engine: number; readonly closed: number; readonly socks: number };
  readonly proxy: string;
}

export interface Mutation {
  readonly name: string;
  readonly apply: (written: Written, stock: MutationStock) => void;
}

const KEYS = [
  'kuflow.api.endpoint',
  'kuflow.api.client-id',
  'kuflow.api.client-secret',
  'kuflow.api.ca',
  'temporal.target',
  'temporal.namespace',
  'temporal.kuflow-queue',
  'temporal.mutual-tls.cert',
  'temporal.mutual-tls.key',
  'temporal.mutual-tls.ca',
  'worker.health-port',
] as const;
const FILES = ['tls/client.pem', 'tls/client.key', 'tls/ca.pem', 'rest-ca.pem'] as const;
const APPLICATION_FILES = ['application.yaml', 'application-local.yaml'] as const;
const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'NO_PROXY', 'no_proxy'] as const;

const variableOf = (key: string): string => key.toUpperCase().replaceAll('-', '').replaceAll('.', '_');
const layerOf = ({ app, local }: Written, key: string): Record<string, string> => (key in local ? local : app);

interface Edit {
  readonly name: string;
  readonly edit: (text: string) => string;
}
const edit = (name: string, change: (text: string) => string): fc.Arbitrary<Edit> =>
  fc.constant({ name, edit: change });

/** Changes to a text at a place between 0 and 1. */
const at = (name: string, change: (text: string, index: number) => string): fc.Arbitrary<Edit> =>
  fc.double({ min: 0, max: 0.999, noNaN: true }).map((share) => ({
    name: `${name} at ${share.toFixed(3)}`,
    edit: (text) => change(text, Math.floor(share * text.length)),
  }));
const without = (text: string, index: number): string => text.slice(0, index) + text.slice(index + 1);
const inserted = (added: string) => (text: string, index: number) => text.slice(0, index) + added + text.slice(index);

const slips = fc.oneof(
  at('drop a character', without),
  at('double a character', (text, index) => inserted(text[index] ?? '')(text, index)),
  at('swap two characters', (text, index) => without(inserted(text[index + 1] ?? '')(text, index), index + 2)),
  at('cut off', (text, index) => text.slice(0, index)),
  edit('upper case', (text) => text.toUpperCase()),
  edit('lower case', (text) => text.toLowerCase()),
  edit('space before', (text) => ` ${text}`),
  edit('space after', (text) => `${text} `),
  edit('carriage return after', (text) => `${text}\r`),
  edit('line break after', (text) => `${text}\n`),
  edit('double quotes', (text) => `"${text}"`),
  edit('single quotes', (text) => `'${text}'`),
  edit('one quote', (text) => `"${text}`),
  at('zero-width space', inserted('\u200b')),
  at('no-break space', inserted('\u00a0')),
  edit('byte order mark before', (text) => `\ufeff${text}`),
  edit('slash after', (text) => `${text}/`),
  edit('scheme before', (text) => `https://${text}`),
  edit('placeholder', () => 'FILL_ME'),
  edit('unset variable', () => '${NOT_SET}'),
  edit('empty', () => ''),
);

const valueMutations: fc.Arbitrary<Mutation> = fc
  .record({ key: fc.constantFrom(...KEYS), slip: slips })
  .map(({ key, slip }) => ({
    name: `${key}: ${slip.name}`,
    apply: (written) => {
      const layer = layerOf(written, key);
      layer[key] = slip.edit(layer[key] ?? '');
    },
  }));

const missingMutations: fc.Arbitrary<Mutation> = fc.constantFrom(...KEYS).map((key) => ({
  name: `${key}: missing`,
  apply: (written) => void Reflect.deleteProperty(layerOf(written, key), key),
}));

const sourceMutations: fc.Arbitrary<Mutation> = fc.oneof(
  fc
    .record({ key: fc.constantFrom(...KEYS), keep: fc.boolean(), slip: fc.option(slips) })
    .map(({ key, keep, slip }) => ({
      name: `${key}: ${keep ? 'also' : 'only'} in the environment${slip === null ? '' : `, ${slip.name}`}`,
      apply: (written: Written) => {
        const layer = layerOf(written, key);
        const value = layer[key] ?? '';
        written.env[variableOf(key)] = slip === null ? value : slip.edit(value);
        if (!keep) Reflect.deleteProperty(layer, key);
      },
    })),
  fc.constantFrom(...KEYS).map((key) => ({
    name: `${key}: in the other file`,
    apply: (written: Written) => {
      const layer = layerOf(written, key);
      (layer === written.app ? written.local : written.app)[key] = layer[key] ?? '';
      Reflect.deleteProperty(layer, key);
    },
  })),
  fc.constantFrom('\n', '\r\n', '', '\n\n', ' \n').map((end) => ({
    name: `secret in a file that ends with ${JSON.stringify(end)}`,
    apply: (written: Written) => {
      credentialsToEnvironment(written);
      written.files['secret.txt'] = `${written.env['KUFLOW_API_CLIENTSECRET'] ?? ''}${end}`;
      Reflect.deleteProperty(written.env, 'KUFLOW_API_CLIENTSECRET');
      written.env['KUFLOW_API_CLIENTSECRET_FILE'] = 'secret.txt';
    },
  })),
  fc.record({ endpoint: fc.boolean(), slip: fc.option(slips) }).map(({ endpoint, slip }) => ({
    name: `credentials in the environment${endpoint ? ' with the endpoint' : ''}${slip === null ? '' : `, secret: ${slip.name}`}`,
    apply: (written: Written) => {
      credentialsToEnvironment(written, endpoint);
      if (slip !== null)
        written.env['KUFLOW_API_CLIENTSECRET'] = slip.edit(written.env['KUFLOW_API_CLIENTSECRET'] ?? '');
    },
  })),
);

function credentialsToEnvironment(written: Written, endpoint = true): void {
  for (const key of [
    'kuflow.api.client-id',
    'kuflow.api.client-secret',
    ...(endpoint ? ['kuflow.api.endpoint'] : []),
  ]) {
    const layer = layerOf(written, key);
    written.env[variableOf(key)] = layer[key] ?? '';
    Reflect.deleteProperty(layer, key);
  }
}

const change = (name: string, make: (text: string, stock: MutationStock) => string) => ({ name, make });
const fileMutations: fc.Arbitrary<Mutation> = fc.oneof(
  fc
    .record({
      file: fc.constantFrom(...FILES),
      to: fc.constantFrom(
        change('empty', () => ''),
        change('byte order mark', (text) => `\ufeff${text}`),
        change('CRLF', (text) => text.replaceAll('\n', '\r\n')),
        change('literal \\n', (text) => text.replaceAll('\n', '\\n')),
        change('zero-width space', (text) => inserted('\u200b')(text, Math.floor(text.length / 2))),
        change('cut off', (text) => text.slice(0, Math.floor(text.length / 2))),
        change('one line missing', (text) => text.split('\n').toSpliced(2, 1).join('\n')),
        change('base64', (text) => Buffer.from(text).toString('base64')),
        change('text around', (text) => `subject=CN = x\n${text}\nend\n`),
        change('twice', (text) => text + text),
        change('client certificate', (_text, { client }) => client.cert),
        change('key', (_text, { client }) => client.key),
        change('CA', (_text, { authority }) => authority.cert),
        change('other CA', (_text, { other }) => other.cert),
        change('other CA, then CA', (_text, { other, authority }) => other.cert + authority.cert),
        change('second certificate', (_text, { second }) => second.cert),
        change('second key', (_text, { second }) => second.key),
        change('expired certificate', (_text, { expired }) => expired.cert),
        change('server certificate', (_text, { server }) => server.cert),
        change('certificate, then CA', (_text, { client, authority }) => client.cert + authority.cert),
        change('CA, then certificate', (_text, { client, authority }) => authority.cert + client.cert),
        change('key and certificate', (_text, { client }) => client.key + client.cert),
      ),
    })
    .map(({ file, to }) => ({
      name: `${file}: ${to.name}`,
      apply: ({ files }: Written, stock: MutationStock) => void (files[file] = to.make(files[file] ?? '', stock)),
    })),
  fc.constantFrom(...FILES).map((file) => ({
    name: `${file}: missing`,
    apply: ({ files }: Written) => void Reflect.deleteProperty(files, file),
  })),
  fc.constantFrom('second', 'expired', 'server').map((pair: 'second' | 'expired' | 'server') => ({
    name: `certificate and key: ${pair}`,
    apply: ({ files }: Written, stock: MutationStock) => {
      [files['tls/client.pem'], files['tls/client.key']] = [stock[pair].cert, stock[pair].key];
    },
  })),
);

const textMutations: fc.Arbitrary<Mutation> = fc
  .record({
    file: fc.constantFrom(...APPLICATION_FILES),
    line: fc.nat(30),
    kind: fc.constantFrom('BOM', 'CRLF', 'repeat', 'drop', 'indent', 'outdent', 'tab', 'garbage'),
  })
  .map(({ file, line, kind }) => ({
    name: `${file}: ${kind} (line ${line})`,
    apply: ({ texts }) => void texts.push({ name: file, change: (text) => changeLines(text, line, kind) }),
  }));

function changeLines(text: string, wanted: number, kind: string): string {
  if (kind === 'BOM') return `\ufeff${text}`;
  if (kind === 'CRLF') return text.replaceAll('\n', '\r\n');
  const lines = text.trimEnd().split('\n');
  const index = wanted % lines.length;
  const line = lines[index] ?? '';
  const to: Readonly<Record<string, readonly string[]>> = {
    repeat: [line, line],
    drop: [],
    indent: [`  ${line}`],
    outdent: [line.replace(/^ {2}/, '')],
    tab: [line.replace(/^ +/, '\t')],
    garbage: [`${line} : [`],
  };
  return `${lines.toSpliced(index, 1, ...(to[kind] ?? [line])).join('\n')}\n`;
}

const endpoint = (name: string, make: (url: URL, stock: MutationStock) => string): Mutation => ({
  name: `endpoint: ${name}`,
  apply: ({ app }, stock) => void (app['kuflow.api.endpoint'] = make(new URL(app['kuflow.api.endpoint'] ?? ''), stock)),
});
const target = (name: string, make: (host: string, port: string, stock: MutationStock) => string): Mutation => ({
  name: `target: ${name}`,
  apply: ({ app }, stock) => {
    const [host = '', port = ''] = (app['temporal.target'] ?? '').split(':');
    app['temporal.target'] = make(host, port, stock);
  },
});
const addressMutations: fc.Arbitrary<Mutation> = fc.constantFrom(
  endpoint('closed port', (url, { ports }) => `https://${url.hostname}:${ports.closed}`),
  endpoint('port of the engine', (url, { ports }) => `https://${url.hostname}:${ports.engine}`),
  endpoint('http', (url) => `http://${url.host}`),
  endpoint('localhost', (url) => `https://localhost:${url.port}`),
  endpoint('unknown host', (url) => `https://kuflow.invalid:${url.port}`),
  endpoint('version', (url) => `https://${url.host}/v2024-06-14`),
  endpoint('older version', (url) => `https://${url.host}/v2022-10-08`),
  endpoint('user', (url) => `https://user@${url.host}`),
  endpoint('query', (url) => `https://${url.host}/?a=b`),
  target('closed port', (host, _port, { ports }) => `${host}:${ports.closed}`),
  target('port of the REST API', (host, _port, { ports }) => `${host}:${ports.rest}`),
  target('localhost', (_host, port) => `localhost:${port}`),
  target('unknown host', (_host, port) => `engine.invalid:${port}`),
  target('no port', (host) => host),
  target('port 0', (host) => `${host}:0`),
  target('URL', (host, port) => `https://${host}:${port}`),
);

const proxyValue = fc.constantFrom<readonly [string, (stock: MutationStock) => string]>(
  ['proxy', ({ proxy }) => proxy],
  ['dead proxy', ({ ports }) => `http://127.0.0.1:${ports.closed}`],
  ['SOCKS port', ({ ports }) => `http://127.0.0.1:${ports.socks}`],
  ['port of the REST API', ({ ports }) => `http://127.0.0.1:${ports.rest}`],
  ['SOCKS address', () => 'socks5://127.0.0.1:1080'],
  ['unknown proxy', () => 'http://proxy.invalid:3128'],
  ['no scheme', ({ proxy }) => proxy.replace('http://', '')],
  ['wrong password', ({ proxy }) => proxy.replace(/:[^:@]*@/, ':canary-wrong@')],
  ['no password', ({ proxy }) => proxy.replace(/\/\/.*@/, '//')],
  ['garbage', () => '::'],
  ['host of both planes', () => 'api.kuflow.test,engine.kuflow.test'],
  ['domain', () => '.kuflow.test'],
  ['everything', () => '*'],
  ['subnet', () => '127.0.0.0/8'],
  ['empty', () => ''],
);
const proxyMutations: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ variable: fc.constantFrom(...PROXY_VARIABLES), value: proxyValue }).map(({ variable, value }) => ({
    name: `${variable}: ${value[0]}`,
    apply: ({ env }: Written, stock: MutationStock) => void (env[variable] = value[1](stock)),
  })),
  fc.constantFrom(...PROXY_VARIABLES).map((variable) => ({
    name: `${variable}: missing`,
    apply: ({ env }: Written) => void Reflect.deleteProperty(env, variable),
  })),
);

const clockMutations: fc.Arbitrary<Mutation> = fc
  .constantFrom(-86_400_000, -600_000, -60_000, 60_000, 600_000, 86_400_000 * 90)
  .map((skew) => ({
    name: `clock: ${skew / 60_000} min`,
    apply: (written) => void (written.skew = skew),
  }));

export const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 6, arbitrary: valueMutations },
  { weight: 1, arbitrary: missingMutations },
  { weight: 3, arbitrary: sourceMutations },
  { weight: 4, arbitrary: fileMutations },
  { weight: 2, arbitrary: textMutations },
  { weight: 3, arbitrary: addressMutations },
  { weight: 3, arbitrary: proxyMutations },
  { weight: 1, arbitrary: clockMutations },
);
