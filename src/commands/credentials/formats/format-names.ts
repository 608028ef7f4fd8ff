/** The formats in which credentials can be written, as named in options. */
export const FORMAT_NAMES = ['pem', 'dotenv', 'yaml', 'temporal-toml', 'k8s-secret', 'json'] as const;

export type FormatName = (typeof FORMAT_NAMES)[number];
