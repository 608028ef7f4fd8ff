/** Bytes; a larger body is refused with 413. */
export const BODY_LIMIT = 100 * 1024 * 1024;
export const TOO_LARGE = `The body is larger than ${BODY_LIMIT / 1024 / 1024} MB (${BODY_LIMIT} bytes), the limit of the local KuFlow`;
