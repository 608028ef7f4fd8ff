import type { TSchema } from '@sinclair/typebox';

export type HttpMethod = 'get' | 'post' | 'put' | 'patch' | 'delete';

export type MediaType =
  | 'application/json'
  | 'application/json-patch+json'
  | 'application/octet-stream'
  | 'application/pdf'
  | 'application/zip';

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
  readonly responses: Readonly<Record<number, { readonly description: string; readonly media?: readonly MediaType[]; readonly schema?: TSchema }>>;
  /** Where it comes from: the published document, a newer revision of it, or only newer SDKs. */
  readonly origin: 'published' | 'newer' | 'sdk';
}
