import { fails, warns, type AdviceTemplate, type ExplainedCause, type Explanation } from './explanation.ts';
import { REST_CALL_CODES } from './rest.ts';

const CONVERT_TO_PKCS8 = {
  text: 'Decrypt the key, then point the setting (<source>) to the new file',
  command: 'openssl pkcs8 -topk8 -nocrypt -in <key> -out <new-key>',
};
const convert = (part: 'cert' | 'key' | 'ca', command: string): AdviceTemplate => ({
  part,
  text: 'Convert the file, then point <setting> to the new file',
  command,
});
const GET_NEW_CERTIFICATE = { text: 'Get a new certificate from KuFlow', command: '<kuflow> credentials pull' };
const CHECK_CLOCK = "Check this machine's clock";

const UNUSABLE = {
  'certificate-files-unreadable': fails(
    'A file named in a setting does not exist, is not a regular file, cannot be read, or is larger than 1 MiB.',
    'Check that <file> exists and can be read',
    GET_NEW_CERTIFICATE,
  ),
  'certificate-incomplete': fails(
    'At least one of the three parts (certificate, key and CA) is not set or cannot be read. If the run includes KF-SET-006, that check reports the problem instead of this one. Either way, this check examines the remaining parts.',
    'Set the certificate, key and CA (<source>), or remove all three to have KuFlow issue a certificate',
  ),
  'certificate-empty': fails('The certificate, key or CA is empty.', GET_NEW_CERTIFICATE),
  'certificate-not-pem': fails(
    'The certificate, key or CA does not contain a complete PEM block. It may be truncated or in another format.',
    GET_NEW_CERTIFICATE,
  ),
  'certificate-der': fails(
    'The certificate, key or CA is in DER, a binary format. PEM is expected.',
    convert('cert', 'openssl x509 -inform der -in <file> -out <new-file>'),
    convert('key', 'openssl pkey -inform der -in <file> -out <new-file>'),
    convert('ca', 'openssl x509 -inform der -in <file> -out <new-file>'),
  ),
  'certificate-pkcs12': fails(
    'The certificate, key or CA is a PKCS#12 file (.p12 or .pfx), which contains all three. PEM is expected.',
    convert('cert', 'openssl pkcs12 -in <file> -clcerts -nokeys -out <new-file>'),
    convert('key', 'openssl pkcs12 -in <file> -nocerts -nodes -out <new-file>'),
    convert('ca', 'openssl pkcs12 -in <file> -cacerts -nokeys -out <new-file>'),
  ),
  'certificate-utf16': fails(
    'The certificate, key or CA is PEM text in UTF-16, which some Windows programs write. UTF-8 is expected.',
    convert('cert', 'iconv -f <encoding> -t UTF-8 <file> > <new-file>'),
    convert('key', '(umask 077; iconv -f <encoding> -t UTF-8 <file> > <new-file>)'),
    convert('ca', 'iconv -f <encoding> -t UTF-8 <file> > <new-file>'),
  ),
  'certificate-base64-of-pem': fails(
    'The certificate, key or CA is base64-encoded PEM, as in a Kubernetes Secret. Plain PEM is expected.',
    'Decode the value once with `base64 -d`',
  ),
  'certificate-swapped': fails(
    'A certificate setting contains a key, or a key setting contains a certificate.',
    'Swap the two settings (<source>)',
  ),
  'certificate-unreadable': fails(
    'The certificate, key or CA looks like PEM but cannot be parsed.',
    GET_NEW_CERTIFICATE,
  ),
  'certificate-encrypted-key': fails(
    'The key is encrypted with a passphrase. Workers do not support encrypted keys.',
    CONVERT_TO_PKCS8,
  ),
  'certificate-several-keys': warns(
    'The key file contains more than one key. All tested programs use the first one, which matches the certificate.',
    'Remove the other keys from the file',
  ),
  'certificate-x509-version': fails(
    "The certificate is X.509 v1. Temporal's TypeScript SDK rejects it; some of the other tested programs accept it.",
    'Have the certificate reissued as X.509 v3',
    GET_NEW_CERTIFICATE,
  ),
  'certificate-key-mismatch': fails(
    'The key does not match the certificate. A common cause is that only one of the two files was replaced.',
    GET_NEW_CERTIFICATE,
  ),
  'certificate-mixed-sources': fails(
    'The key does not match the certificate. The certificate, key and CA come from different places, because an environment variable or another file overrides some of the settings.',
    'Remove <odd>, so that the <part> comes from the same place as the other parts',
    'Or set the certificate, key and CA in one place',
  ),
  'certificate-chain-order': fails(
    "The client certificate file starts with another certificate, usually the CA's. Programs present the first certificate as their own.",
    'Move the certificate with the subject <subject> to the top of <file>',
  ),
  'certificate-leaf-is-ca': fails(
    'The client certificate is a CA certificate.',
    'Use a certificate that the CA issued for this client',
  ),
  'certificate-unreadable-date': fails(
    'The client certificate, or every CA certificate, contains an invalid date, such as one in month 13.',
    GET_NEW_CERTIFICATE,
  ),
  'certificate-expired': fails('The certificate has expired.', GET_NEW_CERTIFICATE),
  'certificate-not-yet-valid': fails('The certificate is not valid yet.', CHECK_CLOCK, GET_NEW_CERTIFICATE),
  'certificate-wrong-extended-key-usage': fails(
    'The certificate is not a client certificate, because its extended key usage does not include clientAuth.',
    'Use a client certificate',
    GET_NEW_CERTIFICATE,
  ),
} as const satisfies Readonly<Record<string, ExplainedCause>>;

const CONTACT_KUFLOW =
  "Try again; if the problem persists, send this result and the time of the failure to KuFlow's support team, because KuFlow issued the certificate";
const SEVERAL_KEYS_ISSUED = "KuFlow's response contains more than one key.";
const CLOCK_CODES: readonly string[] = ['certificate-expired', 'certificate-not-yet-valid'];

/** What can be wrong with a set that KuFlow issued; there is no local file to correct. */
const ISSUED = Object.fromEntries(
  Object.entries(UNUSABLE)
    .filter(
      ([code]) =>
        !['certificate-files-unreadable', 'certificate-incomplete', 'certificate-mixed-sources'].includes(code),
    )
    .map(([code, { when }]) => [code, code === 'certificate-several-keys' ? SEVERAL_KEYS_ISSUED : when] as const)
    .map(([code, when]) => [code, fails(when, ...(CLOCK_CODES.includes(code) ? [CHECK_CLOCK] : []), CONTACT_KUFLOW)]),
);

const OTHER_NAMESPACE = fails(
  'The namespace in the settings differs from the namespace for which KuFlow issued the certificate. The worker uses the namespace in the settings, but the certificate is not valid for it.',
  'Remove the namespace from the settings (<source>), so that the worker uses the namespace that KuFlow provides with the certificate',
);

export const certificates: Readonly<Record<string, Explanation>> = {
  'KF-TLS-001': {
    looksAt:
      "Checks the certificate, key and CA in the settings, without network access. They must be PEM blocks of the right types. The key (PKCS#8, PKCS#1 or SEC1) must match the certificate and must not have a passphrase. The client certificate must be X.509 v3, must not be a CA certificate, and must currently be valid. If KuFlow's time is known, validity is checked against that time.",
    causes: UNUSABLE,
  },
  'KF-TLS-002': {
    looksAt:
      'Checks the engine certificate that KuFlow issues if none is configured. Creates a certificate in KuFlow. `--no-create` skips this check.',
    causes: { ...ISSUED, 'certificate-other-namespace': OTHER_NAMESPACE },
    alsoOf: { 'KF-REST-001': REST_CALL_CODES },
  },
  'KF-TLS-004': {
    looksAt:
      "Checks whether the generated worker, Temporal's TypeScript SDK, KuFlow's Python SDK and Java library, and `temporal` can read the configured certificate, key and CA. Examines line endings, literal `\\n` sequences, byte order marks, the number of CA certificates, and the key type. The results are based on tests with each program. Untested combinations are reported as *not tested*.",
    causes: {
      'certificate-crlf': warns(
        "A file has Windows line endings (CRLF). The worker, `temporal` and KuFlow's Python SDK accept them, but programs that read the file line by line might not.",
        { text: 'Convert the line endings', command: "perl -pi -e 's/\\r$//' <file>" },
      ),
      'certificate-literal-newlines': warns(
        'A file contains literal `\\n` sequences instead of line breaks. The worker accepts the file, but OpenSSL and the other tested programs do not.',
        { text: 'Replace each \\n with a line break', command: "perl -pi -e 's/\\\\n/\\n/g' <file>" },
      ),
      'certificate-byte-order-mark': warns(
        'A file starts with a byte order mark, which some editors add. The worker accepts the file, but the other tested programs do not.',
        { text: 'Remove the byte order mark', command: "perl -pi -e 's/^\\xEF\\xBB\\xBF// if $. == 1' <file>" },
      ),
    },
  },
  'KF-TLS-005': {
    looksAt:
      "Checks when the configured certificate and the CA certificates expire. By default, warns if the time left is less than 14 days or a third of the certificate's lifetime, whichever is shorter. For CA certificates, the default threshold is 14 days. `--warn-expiry` sets a different threshold.",
    causes: {
      'certificate-expires-soon': warns('The certificate expires soon and has not been renewed.', {
        text: 'Get a new certificate, which a running worker picks up',
        command: '<kuflow> credentials rotate',
      }),
      'certificate-authority-expires-soon': warns(
        'A CA certificate expires soon. Once it has expired, the worker no longer trusts the engine.',
        GET_NEW_CERTIFICATE,
      ),
    },
  },
};
