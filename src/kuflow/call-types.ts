import type { Static, TSchema } from '@sinclair/typebox';
import type { OperationId, typedOperations } from './contract/operations.ts';

// The types of a call, derived from the contract so that fields are listed only once.

type Table = typeof typedOperations;

/** Arrays as readonly ones, so that callers may pass either. */
type Given<Value> = Value extends readonly (infer Item)[] ? readonly Item[] : Value;

type StaticOf<Schema> = Schema extends TSchema ? Static<Schema> : never;

export type PathOf<Id extends OperationId> = { readonly [Name in keyof Table[Id]['parameters']]: string };

type RequiredName<Id extends OperationId> = Table[Id] extends { readonly requiredQuery: readonly (infer Name)[] }
  ? Name
  : never;

export type QueryOf<Id extends OperationId> = {
  readonly [Name in keyof Table[Id]['query'] as Name extends RequiredName<Id> ? Name : never]: Given<
    StaticOf<Table[Id]['query'][Name]>
  >;
} & {
  readonly [Name in keyof Table[Id]['query'] as Name extends RequiredName<Id> ? never : Name]?:
    | Given<StaticOf<Table[Id]['query'][Name]>>
    | undefined;
};

export type BodyOf<Id extends OperationId> = Table[Id] extends { readonly body: { readonly schema: infer Schema } }
  ? StaticOf<Schema>
  : never;

type Responses<Id extends OperationId> = Table[Id]['responses'][keyof Table[Id]['responses']];

type BodyOfResponse<Response> = Response extends { readonly schema: infer Schema } ? StaticOf<Schema> : undefined;

export type AnswerOf<Id extends OperationId> = BodyOfResponse<Responses<Id>>;

/** Makes a property optional when nothing in it is required. */
type Part<Name extends string, Value> =
  Partial<Value> extends Value ? { readonly [Key in Name]?: Value } : { readonly [Key in Name]: Value };

export type CallParts<Id extends OperationId> = Part<'path', PathOf<Id>> &
  Part<'query', QueryOf<Id>> &
  ([BodyOf<Id>] extends [never] ? unknown : { readonly body: BodyOf<Id> }) & {
    readonly signal?: AbortSignal | undefined;
  };

export interface AnswerFor<Body> {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

export type Call = <Id extends OperationId>(operationId: Id, parts: CallParts<Id>) => Promise<AnswerFor<AnswerOf<Id>>>;

/** The operations that answer page by page. */
export type PagedOperationId = {
  [Id in OperationId]: AnswerOf<Id> extends { content: readonly unknown[] } ? Id : never;
}[OperationId];

export type ItemOf<Id extends PagedOperationId> =
  AnswerOf<Id> extends { content: readonly (infer Item)[] } ? Item : never;
