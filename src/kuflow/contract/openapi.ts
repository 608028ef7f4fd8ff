import type { TSchema } from '@sinclair/typebox';
import { isRecord } from '../../base/json.ts';
import { API_VERSION } from '../endpoint.ts';
import { DefaultError } from './common.ts';
import type { Operation } from './operation.ts';
import { operationIds, operations } from './operations.ts';
import { webhookSchemas } from './webhooks.ts';

type Components = Map<string, unknown>;

const ACCESS = { users: { security: [{ BearerAuth: [] }] }, everybody: { security: [] } } as const;

/** Copies a schema, moving every named schema in it to the components and leaving a reference. */
function refer(schema: unknown, components: Components): unknown {
  if (Array.isArray(schema)) return schema.map((part) => refer(part, components));
  if (!isRecord(schema)) return schema;
  const { $id, ...rest } = schema;
  const name = typeof $id === 'string' ? $id : undefined;
  if (name !== undefined && components.has(name)) return { $ref: `#/components/schemas/${name}` };
  // The entry is added before descending, so that components keep the order of their first use.
  if (name !== undefined) components.set(name, undefined);
  const copy = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, refer(value, components)]));
  if (name === undefined) return copy;
  components.set(name, copy);
  return { $ref: `#/components/schemas/${name}` };
}

function parameter(
  place: 'path' | 'query',
  name: string,
  schema: TSchema,
  required: boolean,
  components: Components,
): object {
  const array = schema['type'] === 'array';
  return {
    name,
    in: place,
    required,
    schema: refer(schema, components),
    ...(array ? { style: 'form', explode: true } : {}),
  };
}

function describe(operation: Operation, components: Components): object {
  const parameters = [
    ...Object.entries(operation.parameters).map(([name, schema]) => parameter('path', name, schema, true, components)),
    ...Object.entries(operation.query).map(([name, schema]) =>
      parameter('query', name, schema, operation.requiredQuery?.includes(name) ?? false, components),
    ),
  ];
  const responses: [string, object][] = Object.entries(operation.responses).map(
    ([status, { description, media, schema }]) => {
      if (schema === undefined) return [status, { description }];
      const content = (media ?? ['application/json']).map((type) => [type, { schema: refer(schema, components) }]);
      return [status, { description, content: Object.fromEntries(content) as object }];
    },
  );
  const { body } = operation;
  return {
    operationId: operation.operationId,
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.access === undefined ? {} : ACCESS[operation.access]),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: body.required,
            content: { [body.media]: { schema: refer(body.schema, components) } },
          },
        }),
    responses: { ...Object.fromEntries(responses), default: { $ref: '#/components/responses/DefaultError' } },
  };
}

export interface OpenApiOptions {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly serverUrl: string;
  /** Shown next to those of the operations. */
  readonly schemas?: readonly TSchema[];
}

/** These operations as an OpenAPI 3.0.3 document, plain JSON. */
export function openApiDocumentOf(listed: readonly Operation[], options: OpenApiOptions): object {
  const components: Components = new Map();
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of listed) (paths[operation.path] ??= {})[operation.method] = describe(operation, components);
  const error = refer(DefaultError, components);
  for (const schema of options.schemas ?? []) refer(schema, components);
  const tags = new Set(listed.map(({ tag }) => tag));
  return {
    openapi: '3.0.3',
    info: options.info,
    servers: [{ url: options.serverUrl }],
    tags: [...tags].map((name) => ({ name })),
    security: [{ BasicAuth: [] }, { BearerAuth: [] }, { OAuth2Auth: ['openid', 'email'] }],
    paths,
    components: {
      schemas: Object.fromEntries(components),
      responses: {
        DefaultError: { description: 'Any other outcome', content: { 'application/json': { schema: error } } },
      },
      securitySchemes: {
        BasicAuth: { type: 'http', scheme: 'basic' },
        BearerAuth: { type: 'http', scheme: 'bearer' },
        OAuth2Auth: {
          type: 'oauth2',
          flows: {
            authorizationCode: {
              authorizationUrl: 'https://auth.kuflow.com/realms/KuFlow/protocol/openid-connect/auth',
              tokenUrl: 'https://auth.kuflow.com/realms/KuFlow/protocol/openid-connect/token',
              scopes: { openid: 'Read the OpenID data', email: 'Read the email address' },
            },
          },
        },
      },
    },
  };
}

/**
 * The contract as an OpenAPI document. Paths have no version segment; the server has it. `serverUrl` is KuFlow's live server when absent, e.g.
 * `http://127.0.0.1:8080/v2024-06-14`.
 */
export function openApiDocument(serverUrl = `https://api.kuflow.com/${API_VERSION}`): object {
  return openApiDocumentOf(
    operationIds.map((id) => operations[id]),
    {
      info: {
        title: 'KuFlow REST API',
        version: API_VERSION.slice(1),
        description: "KuFlow's REST API as this tool knows it",
      },
      serverUrl,
      schemas: webhookSchemas,
    },
  );
}
