import { readNamespaceFields } from './read-namespace-fields.ts';

/**
 * RPC of Temporal's workflow service -> number of the field `namespace` in its request. The build replaces this module
 * with the table (scripts/bundle.mjs), so that the product does not depend on the descriptors at run time.
 */
export const NAMESPACE_FIELDS: Readonly<Record<string, number>> = readNamespaceFields();
