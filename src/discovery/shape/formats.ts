/** String formats that a shape may contain. A format reveals the kind of text, but not the text. */
export type StringFormat = (typeof CHECKS)[number][0];

// These patterns run on text from outside, so they have no nested repetition.
const CHECKS = [
  ['date', (text: string) => /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/.test(text)],
  [
    'date-time',
    (text: string) =>
      /^\d{4}-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/.test(text) &&
      !Number.isNaN(Date.parse(text)),
  ],
  ['uuid', (text: string) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)],
  [
    'email',
    (text: string) => /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}\.[A-Za-z]{2,63}$/.test(text),
  ],
  ['kuflow-file', reference('kuflow-file', 'uri')],
  ['kuflow-principal', reference('kuflow-principal', 'id')],
  ['kuflow-group', reference('kuflow-group', 'id')],
  ['kuflow-process', reference('kuflow-process', 'id')],
  ['kuflow-business-artifact', reference('kuflow-business-artifact', 'id')],
  ['kuflow-data-source', reference('kuflow-data-source', 'id')],
] as const;

// KuFlow's references: `kuflow-KIND:key=value;key=value;`, keys in any order.
function reference(kind: string, key: string): (text: string) => boolean {
  return (text) => text.startsWith(`${kind}:`) && (text.startsWith(`${kind}:${key}=`) || text.includes(`;${key}=`));
}

const MAX_LENGTH = 4096;

/** The format of a text, if it is one that KuFlow's forms support. */
export function detectFormat(text: string): StringFormat | undefined {
  if (text === '' || text.length > MAX_LENGTH) return undefined;
  return CHECKS.find(([, matches]) => matches(text))?.[0];
}
