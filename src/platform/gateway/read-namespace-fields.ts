import descriptors from '@temporalio/proto/protos/json-module.js';

/** Reads from Temporal's protobuf descriptors which field of each RPC's request is the namespace. */
export function readNamespaceFields(): Record<string, number> {
  const service = descriptors.lookupService('temporal.api.workflowservice.v1.WorkflowService');
  const fields: Record<string, number> = {};
  for (const { name, requestType } of service.methodsArray) {
    const namespace = service.lookupType(requestType).fields.namespace;
    if (namespace !== undefined) fields[name] = namespace.id;
  }
  return fields;
}

/** The module `namespace-fields.ts` as the build writes it. */
export function namespaceFieldsSource(): string {
  return `export const NAMESPACE_FIELDS = ${JSON.stringify(readNamespaceFields())};\n`;
}
