/** The forms in which a set of credentials is handed on, by the name that options use. */
export const FORMATS = {
  pem: 'ca.pem, client.pem and client.key in a folder',
  dotenv: "variables under the worker's and Temporal's names",
  yaml: 'the keys of application-local.yaml',
  'temporal-toml': "a profile of Temporal's configuration file",
  'k8s-secret': 'a Secret of Kubernetes',
  json: 'one object',
} as const;

export type FormatName = keyof typeof FORMATS;

export function isFormatName(text: string): text is FormatName {
  return Object.hasOwn(FORMATS, text);
}
