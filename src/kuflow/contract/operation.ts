import type { TSchema } from '@sinclair/typebox';
import { Uuid, type MediaType } from './common.ts';

export type HttpMethod = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** One operation of KuFlow's REST API: the single description that routes, validators, client and /openapi.json are made from. */
export interface Operation {
  readonly operationId: string;
  readonly tag: string;
  readonly method: HttpMethod;
  /** Path below the version segment, parameters as `{id}`. */
  readonly path: string;
  readonly summary: string;
  /** One schema per path parameter. */
  readonly parameters: Readonly<Record<string, TSchema>>;
  /** One schema per query parameter; arrays are repeated parameters. Optional unless listed in `requiredQuery`. */
  readonly query: Readonly<Record<string, TSchema>>;
  readonly requiredQuery?: readonly string[];
  readonly body?: { readonly media: MediaType; readonly schema: TSchema; readonly required: boolean };
  /** By status; an entry without `schema` has no body, one with another media type than JSON is bytes. */
  readonly responses: Readonly<Record<number, OperationResponse>>;
  /** Who may call it: only users, or everybody, also without credentials. Default: users and applications. */
  readonly access?: 'users' | 'everybody';
}

export interface OperationResponse {
  readonly description: string;
  /** JSON when absent. */
  readonly media?: readonly MediaType[];
  readonly schema?: TSchema;
}

/** What a resource file states of an operation; `resource` fills in the rest. */
export type OperationEntry = Omit<Operation, 'operationId' | 'tag' | 'method' | 'path' | 'parameters' | 'query'> &
  Partial<Pick<Operation, 'parameters' | 'query'>> & {
    /** Method and path. Its parameters are UUIDs unless `parameters` says otherwise. */
    readonly call: `${Uppercase<HttpMethod>} /${string}`;
  };

type NamesInPath<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesInPath<Rest>
  : never;

// No keys at all is the point: an operation without parameters must not accept any.
// oxlint-disable-next-line typescript/no-generated-empty-object-type
type NoSchemas = Readonly<Record<never, TSchema>>;

/** An operation with its own literal types, from which the client derives those of path, query, body and answer. */
export type Described<Id, Entry extends OperationEntry> = Omit<
  Entry,
  'operationId' | 'tag' | 'call' | 'parameters' | 'query'
> & {
  readonly operationId: Id;
  readonly tag: string;
  readonly method: HttpMethod;
  readonly path: string;
  readonly parameters: Entry extends { readonly parameters: infer P }
    ? P
    : Readonly<Record<NamesInPath<Entry['call']>, typeof Uuid>>;
  readonly query: Entry extends { readonly query: infer Q } ? Q : NoSchemas;
};

/** Names each operation by its key and gives it the resource's tag. By default, it has no query. */
export function resource<const Entries extends Readonly<Record<string, OperationEntry>>>(
  tag: string,
  entries: Entries,
): { readonly [Id in keyof Entries]: Described<Id, Entries[Id]> } {
  const described = Object.entries(entries).map(([operationId, { call, ...entry }]) => {
    const [method = '', path = ''] = call.split(' ');
    const parameters = Object.fromEntries(
      Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = '']) => [name, Uuid] as const),
    );
    const defaults = { method: method.toLowerCase(), path, parameters, query: {} };
    return [operationId, { ...defaults, ...entry, operationId, tag }];
  });
  return Object.fromEntries(described) as { readonly [Id in keyof Entries]: Described<Id, Entries[Id]> };
}
