import type { Json, JsonObject } from '../../base/json.ts';
import { parseReference } from '../../schema/kuflow-references.ts';
import { exampleTaskData } from '../domain/examples.ts';
import { formatPeople, replaceExampleReferences } from '../domain/references.ts';
import { notFound } from '../domain/api-error.ts';
import type { OperationContext } from '../domain/context.ts';
import { uploadProcessDocument } from '../domain/documents.ts';
import { findGroups, findPrincipals } from '../domain/people.ts';
import { requireProcess } from '../domain/process-view.ts';
import type { ExampleData } from '../shared/dev-contract.ts';

export interface ExampleRequest {
  readonly code: string;
  /** Code of a task; without it, the data is the metadata of the process. */
  readonly task?: string | undefined;
  readonly processId?: string | undefined;
}

/** Enough for the people of a local KuFlow. */
const PAGE = { page: 0, size: 1000 };

/** Example data as `kuflow task complete --fake` sends it. Documents are uploaded to the process. */
export async function createExampleData(ctx: OperationContext, request: ExampleRequest): Promise<ExampleData> {
  const { shape, check, where } = findShape(ctx, request);
  const { processId } = request;
  const example = exampleTaskData(shape, where);
  const value = await replaceExampleReferences(processId === undefined ? withoutDocuments(example) : example, {
    people: formatPeople(findPrincipals(ctx, PAGE).content, findGroups(ctx, PAGE).content, ctx.principal.id),
    upload:
      processId === undefined
        ? undefined
        : ({ name, type, bytes }) =>
            uploadProcessDocument(ctx, processId, { fileName: name, fileContentType: type, bytes }).documentUri,
  });
  return { value, missing: [...new Set(check(value).errors?.map(({ propertyPath }) => propertyPath) ?? [])] };
}

function findShape(ctx: OperationContext, { code, task, processId }: ExampleRequest) {
  const served =
    processId === undefined
      ? ctx.definitions.byCode(ctx.tenantId, code)
      : ctx.definitions.forProcess(requireProcess(ctx, processId).definition);
  if (served?.ref.code !== code) throw notFound('served process definition', code);
  if (task === undefined)
    return { shape: served.definition.metadata, check: served.metadata, where: `the metadata of ${code}` };
  const found = ctx.definitions.taskOf(served.ref, task);
  if (found === undefined) throw notFound(`task definition of ${code}`, task);
  return { shape: found.definition.data, check: found.data, where: `the data of ${task}` };
}

function withoutDocuments(value: JsonObject): JsonObject {
  const walk = (part: Json): Json | undefined => {
    if (typeof part === 'string') return parseReference(part)?.kind === 'file' ? undefined : part;
    if (Array.isArray(part)) return (part as readonly Json[]).flatMap((item) => walk(item) ?? []);
    return typeof part === 'object' && part !== null ? withoutDocuments(part as JsonObject) : part;
  };
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, part]) => {
      const kept = walk(part);
      return kept === undefined ? [] : [[name, kept]];
    }),
  );
}
