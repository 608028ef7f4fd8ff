/** Path segment of the KuFlow API version that this contract describes. In a separate file, so that reading an endpoint does not load schemas. */
export const API_VERSION = 'v2024-06-14';
