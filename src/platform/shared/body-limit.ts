/** The largest body that the local KuFlow reads, in bytes, and so its largest document. It answers a larger one with 413. */
export const BODY_LIMIT = 100 * 1024 * 1024;
