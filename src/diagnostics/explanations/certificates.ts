import { fails, warns, type ExplainedCause, type Explanation } from './explanation.ts';
import { REST_CALL_CODES } from './rest.ts';

const TO_PKCS8 = {
  text: 'Convert it, and give the new one in its place (<source>)',
  command: 'openssl pkcs8 -topk8 -nocrypt -in <key> -out <new-key>',
};
const NEW_SET = { text: 'Get a new set from KuFlow', command: '<kuflow> credentials pull' };

const SEVERAL_KEYS = 'More than one key stands where one belongs.';
const CLOCK = "Check this machine's clock";

const UNUSABLE = {
  'certificate-files-unreadable': fails(
    'A file that a setting names is not there, is no file, can not be read, or is larger than 1 MiB.',
    'Check that <file> is there and can be read',
    NEW_SET,
  ),
  'certificate-incomplete': fails(
    'Settings name a set, and a part of it is missing or can not be read. KF-SET-006 says so where it is part of the run, and what there is of the set is judged all the same.',
    'Give all three parts (<source>), or none, so that KuFlow is asked for a certificate',
  ),
  'certificate-empty': fails('A part of the set is empty.', NEW_SET),
  'certificate-not-pem': fails(
    'A part holds no complete PEM block: it is cut, in DER, or something else altogether.',
    'A certificate in DER becomes PEM by: openssl x509 -inform der -in FILE -out FILE.pem; a key by: openssl pkey -inform der -in FILE -out FILE.pem',
    NEW_SET,
  ),
  'certificate-base64-of-pem': fails(
    'The text is base64 of PEM, as Kubernetes shows secrets: it was encoded once too often.',
    'Decode it once: base64 -d',
  ),
  'certificate-swapped': fails(
    'A key stands where a certificate belongs, or the other way round.',
    'Exchange the two settings (<source>)',
  ),
  'certificate-unreadable': fails('The text has the frame of PEM, and what is in it can not be parsed.', NEW_SET),
  'certificate-pkcs1-key': fails(
    "The key is PKCS#1 (BEGIN RSA PRIVATE KEY). `temporal` and the Python SDK take it; the workers of this tool and KuFlow's Java library take PKCS#8 only.",
    TO_PKCS8,
  ),
  'certificate-sec1-key': fails(
    "The key is SEC1 (BEGIN EC PRIVATE KEY). `temporal` and the Python SDK take it; the workers of this tool and KuFlow's Java library take PKCS#8 only.",
    TO_PKCS8,
  ),
  'certificate-encrypted-key': fails('The key has a passphrase, which no setting can give.', TO_PKCS8),
  'certificate-several-keys': warns(
    `${SEVERAL_KEYS} Every program that was tried takes the first, which is that of the certificate here.`,
    'Leave only the key of the certificate in it',
  ),
  'certificate-x509-version': fails(
    "The certificate is X.509 v1, which the core of Temporal's TypeScript SDK refuses; `temporal` takes it.",
    'Have it issued as v3',
    NEW_SET,
  ),
  'certificate-key-mismatch': fails(
    'The key belongs to another certificate: often one of two files was replaced and the other was not.',
    NEW_SET,
  ),
  'certificate-leaf-is-ca': fails(
    'The client certificate is that of an authority.',
    'Use a certificate that the authority issued for this client',
  ),
  'certificate-unreadable-date': fails(
    'A date of the certificate, or of every certificate of the CA, is none, such as one of month 13.',
    NEW_SET,
  ),
  'certificate-expired': fails('The certificate is over.', NEW_SET),
  'certificate-not-yet-valid': fails('The certificate begins in the future.', CLOCK, NEW_SET),
  'certificate-wrong-extended-key-usage': fails(
    'Its extended key usage does not name clientAuth: it is a certificate for servers.',
    'Use a certificate for clients',
    NEW_SET,
  ),
} as const satisfies Readonly<Record<string, ExplainedCause>>;

const TELL_KUFLOW = 'KuFlow issued it so: try again, and if it stays, tell KuFlow the time and this line';
const OF_THE_CLOCK: readonly string[] = ['certificate-expired', 'certificate-not-yet-valid'];

/** What can be wrong with an issued set, in which nobody here has a file to correct. */
const ISSUED = Object.fromEntries(
  Object.entries(UNUSABLE)
    .filter(([code]) => !['certificate-files-unreadable', 'certificate-incomplete'].includes(code))
    .map(([code, { when }]) => [code, code === 'certificate-several-keys' ? SEVERAL_KEYS : when] as const)
    .map(([code, when]) => [code, fails(when, ...(OF_THE_CLOCK.includes(code) ? [CLOCK] : []), TELL_KUFLOW)]),
);

/** The engine's certificate: as given, as issued, and how long it lasts. */
export const certificates: Readonly<Record<string, Explanation>> = {
  'KF-TLS-001': {
    looksAt:
      'Certificate, key and CA that settings give, without a network: PEM of the right kinds, PKCS#8 without a passphrase, X.509 v3 for clients, no CA, within its time, a key that belongs to it. Time is that of KuFlow where its clock could be seen.',
    causes: UNUSABLE,
  },
  'KF-TLS-002': {
    looksAt:
      'The engine certificate that KuFlow issues where settings give none. This creates one at KuFlow; `--no-create` leaves it out.',
    causes: ISSUED,
    alsoOf: { 'KF-REST-001': REST_CALL_CODES },
  },
  'KF-TLS-004': {
    looksAt:
      "How other programs read the same files: the worker of this tool, Temporal's TypeScript SDK, KuFlow's Python SDK and Java library, and `temporal`, each as it was tried: line ends, line breaks written as `\\n`, a byte order mark, more than one certificate in the CA, the kind of key. What nobody tried is not known.",
    causes: {
      'certificate-crlf': warns(
        "A file has line ends of Windows (CRLF). The worker, `temporal` and KuFlow's Python SDK take it; what reads it line by line may not.",
        {
          text: 'Write it with plain line ends',
          command: "perl -pi -e 's/\\r$//' <file>",
        },
      ),
      'certificate-literal-newlines': warns(
        'A file holds `\\n` in place of line breaks. The worker takes it; OpenSSL, `temporal` and other SDKs do not.',
        { text: 'Write real line breaks', command: "perl -pi -e 's/\\\\n/\\n/g' <file>" },
      ),
      'certificate-byte-order-mark': warns(
        'A file begins with a byte order mark, as some editors write it. The worker takes it; `temporal` and other SDKs do not.',
        { text: 'Write it without', command: "perl -pi -e 's/^\\xEF\\xBB\\xBF// if $. == 1' <file>" },
      ),
    },
  },
  'KF-TLS-005': {
    looksAt:
      'How long the given certificate lasts: a warning when less than 14 days or a third of its life are left, whichever is shorter, or by `--warn-expiry`.',
    causes: {
      'certificate-expires-soon': warns('It ends soon, and nobody has renewed it.', {
        text: 'Get a new one; a running worker takes it over',
        command: '<kuflow> credentials rotate',
      }),
      'certificate-authority-expires-soon': warns(
        'A certificate of the CA ends soon: from then on the engine is not trusted.',
        NEW_SET,
      ),
    },
  },
};
