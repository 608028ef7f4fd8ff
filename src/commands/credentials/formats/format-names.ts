/** The forms in which a set of credentials is handed on, by the names that options use. */
export const FORMAT_NAMES = ['pem', 'dotenv', 'yaml', 'temporal-toml', 'k8s-secret', 'json'] as const;

export type FormatName = (typeof FORMAT_NAMES)[number];
