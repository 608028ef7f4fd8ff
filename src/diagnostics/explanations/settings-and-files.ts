import { fails, warns, type Explanation } from './explanation.ts';

const IN_PLACE = 'Set or correct <key>, in application.yaml, application-local.yaml or the environment';

const INCOMPLETE =
  'A setting is missing, still a placeholder, or has another form than its key takes. All of them are named at once, each with its source.';
const UNUSABLE = {
  'settings-file-unreadable': fails(
    'An application file can not be read, or is no YAML of settings: nothing in it counts, neither for the REST API nor for the engine.',
    'Correct the file <key>',
  ),
  'settings-proxy-unusable': fails(
    'A variable of the environment names a proxy in a form, or of a kind, that can not be used.',
    'Write <key> as http://host:port, or leave it out; NO_PROXY lists what is reached without it',
  ),
} as const;

/** The planes settings and files, which need no network. */
export const settingsAndFiles: Readonly<Record<string, Explanation>> = {
  'KF-SET-001': {
    looksAt:
      "Every setting that KuFlow's REST API needs: whether it is there, is no placeholder (`FILL_ME`), and has the form that its key takes; that client id and secret come from one source; the CA and the proxy. Application files that can not be read.",
    causes: {
      'settings-incomplete': fails(INCOMPLETE, IN_PLACE, {
        text: 'To try without an account, run it with the local KuFlow',
        command: '<kuflow> dev exec -- <kuflow> doctor',
      }),
      ...UNUSABLE,
    },
  },
  'KF-SET-006': {
    looksAt:
      'Every setting that a connection to the engine needs: the form of host and port, that certificate, key and CA are given together, can be read, and come with a namespace, and the proxy. The REST API is looked at whatever is wrong here.',
    causes: { 'settings-incomplete': fails(INCOMPLETE, IN_PLACE), ...UNUSABLE },
  },
  'KF-SET-002': {
    looksAt:
      'Settings that only the worker needs: the task queue, installation, robots and ports. Only where there is a worker.',
    causes: {
      'worker-settings-incomplete': fails('The connection can be checked, and the worker would not start.', IN_PLACE),
    },
  },
  'KF-SET-003': {
    looksAt:
      'Keys of the application files that look like a setting and are none, and secrets in the file that git tracks.',
    causes: {
      'settings-unknown-key': warns(
        'A key is one letter or so away from a setting: it has no effect as it is written.',
        'Correct the key in <file>',
      ),
      'settings-secret-tracked': warns(
        'A secret stands in `application.yaml`, which is meant for git.',
        'Move it to application-local.yaml, and replace it in KuFlow: the history of git keeps it',
      ),
    },
  },
  'KF-SET-004': {
    looksAt:
      "Variables of Temporal's own tools beside KuFlow's: `TEMPORAL_ADDRESS` is read by `temporal` and by Temporal's SDKs, `TEMPORAL_TARGET` by the worker. Tells which settings shadow others.",
    causes: {
      'settings-address-differs': warns(
        'TEMPORAL_ADDRESS names another server than temporal.target: commands of Temporal and the worker talk to different engines.',
        'Set both to the same host:port, or remove TEMPORAL_ADDRESS',
      ),
      'settings-address-alone': warns(
        'TEMPORAL_ADDRESS is set and TEMPORAL_TARGET is not: the worker reads only the latter, and uses what the files or the default say.',
        { text: 'Give the worker the same address', command: 'export TEMPORAL_TARGET=<address>' },
      ),
    },
  },
  'KF-SET-005': {
    looksAt:
      '`TEMPORAL_TLS` beside an installed `@temporalio/envconfig` older than 1.22.0, which reads every value of it, `true` included, as *off*.',
    causes: {
      'settings-temporal-tls-inverted': warns(
        'Whatever reads its configuration through that package talks plaintext to the engine, though TEMPORAL_TLS asks for TLS.',
        'Remove TEMPORAL_TLS: the paths of the certificate turn TLS on by themselves',
        'Or update @temporalio/envconfig to 1.22.0 or newer',
      ),
    },
  },
  'KF-FILE-001': {
    looksAt:
      'Who may read the files that hold a secret: the private key, `application-local.yaml`, the file of the client secret. Not on Windows.',
    causes: {
      'file-readable-by-others': warns('Other users of this machine may read a secret.', {
        text: 'Make it yours alone, or run doctor with --fix',
        command: 'chmod 600 <file>',
      }),
    },
  },
  'KF-FILE-002': {
    looksAt:
      'Whether git tracks a file that holds a secret, or would take it with `git add .`. Without git, or outside a repository, there is nothing to see.',
    causes: {
      'file-tracked-by-git': fails(
        'A file with a secret is in the repository.',
        { text: 'Take it out of the repository, and keep the file', command: 'git -C <folder> rm --cached -- <file>' },
        'Add it to .gitignore, and replace the secret: the history keeps it',
      ),
      'file-not-ignored': warns('The next `git add .` takes a file with a secret along.', {
        text: 'Ignore it, or run doctor with --fix',
        command: 'echo <line> >> <gitignore>',
      }),
    },
  },
};
