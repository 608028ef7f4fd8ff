/** Path segment of the version of KuFlow's API that this contract describes. On its own, so that reading an endpoint loads no schemas. */
export const API_VERSION = 'v2024-06-14';
