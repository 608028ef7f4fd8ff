import descriptors from '@temporalio/proto/protos/json-module.js';

/**
 * RPC of Temporal's workflow service -> number of the field `namespace` in its request. The build replaces this module
 * with the table (scripts/bundle.mjs), so that the product does not depend on the descriptors at run time.
 */
export const NAMESPACE_FIELDS: Readonly<Record<string, number>> = readNamespaceFields();

function readNamespaceFields(): Record<string, number> {
  const service = descriptors.lookupService('temporal.api.workflowservice.v1.WorkflowService');
  const fields: Record<string, number> = {};
  for (const { name, requestType } of service.methodsArray) {
    const namespace = service.lookupType(requestType).fields.namespace;
    if (namespace !== undefined) fields[name] = namespace.id;
  }
  return fields;
}
