import { WHERE_CREDENTIALS_ARE } from '../../connection/resolve-connection.ts';
import { fails, warns, type Explanation } from './explanation.ts';

const SET_KEY = 'Set or correct <key> in <file> or the environment';

/** For all commands of this machine, and outside of every repository. */
const STORE_CREDENTIALS = { text: 'Store the credentials once', command: '<kuflow> login' };

const INCOMPLETE =
  'A setting is missing, invalid or still a placeholder. The result lists every such setting with its source.';
const UNUSABLE = {
  'settings-file-unreadable': fails(
    'A settings file cannot be read or is not valid YAML, so none of its settings take effect.',
    'Correct <file>',
  ),
  'settings-proxy-unusable': fails(
    'An environment variable contains an invalid proxy address, or the address of an unsupported kind of proxy.',
    'Set <key> to http://host:port, or remove it; in NO_PROXY, list the hosts that do not need a proxy',
  ),
} as const;

/** The groups settings and files, which need no network. */
export const settingsAndFiles: Readonly<Record<string, Explanation>> = {
  'KF-SET-001': {
    looksAt:
      "Checks that the settings for KuFlow's REST API are complete and valid, and do not contain the placeholder `FILL_ME`. Also checks that the client ID and secret come from the same source, that the CA and the proxy are usable, and that all settings files can be read.",
    causes: {
      'local-kuflow-stopped': fails(
        'The project was created for the local KuFlow, which is not running, and no other connection is configured.',
        { text: 'Start the local KuFlow and the worker in another terminal', command: '<start>' },
        "To use your tenant in KuFlow instead, enter an application's credentials in application-local.yaml (kuflow.api.client-id and kuflow.api.client-secret)",
      ),
      'settings-incomplete': fails(INCOMPLETE, SET_KEY, WHERE_CREDENTIALS_ARE, STORE_CREDENTIALS, {
        text: 'To try KuFlow without an account, use the local KuFlow',
        command: '<kuflow> dev exec -- <kuflow> doctor',
      }),
      ...UNUSABLE,
    },
  },
  'KF-SET-006': {
    looksAt:
      "Checks that the engine's `host:port` address and the proxy are valid. Also checks that the certificate, key and CA are either all absent or all set and readable. If all three are set, a namespace is also required. Problems found here do not affect the REST API checks.",
    causes: { 'settings-incomplete': fails(INCOMPLETE, SET_KEY), ...UNUSABLE },
  },
  'KF-SET-002': {
    looksAt:
      'Checks the settings that only the worker needs, such as the task queue, installation ID, robot IDs and ports. Runs only in a folder that contains a worker.',
    causes: {
      'worker-settings-incomplete': fails(
        'The worker cannot start with these settings. The connection can still be checked.',
        SET_KEY,
      ),
    },
  },
  'KF-SET-003': {
    looksAt:
      'Checks whether the settings files (`application.yaml` and `application-local.yaml`) can be read, whether any keys look misspelled, and whether `application.yaml`, which git tracks, contains secrets.',
    causes: {
      'settings-file-unreadable': UNUSABLE['settings-file-unreadable'],
      'settings-misspelled-key': fails(
        'A required setting is missing, and a key looks like a misspelling of it.',
        'Rename <key> to <meant> (<file>)',
      ),
      'settings-unknown-key': warns(
        'A key does not match any setting and is ignored. It is probably misspelled.',
        'Correct the key in <file>',
      ),
      'settings-secret-tracked': warns(
        '`application.yaml`, which is meant to be committed, contains a secret.',
        'Move the secret to application-local.yaml, and replace the secret in KuFlow, because the git history might still contain the old one',
      ),
    },
  },
  'KF-SET-004': {
    looksAt:
      "Checks whether Temporal's own tools and the worker use the same engine address. `temporal` and Temporal's SDKs read `TEMPORAL_ADDRESS`, but the worker reads `TEMPORAL_TARGET`. Also lists the settings for which one source overrides another.",
    causes: {
      'settings-address-differs': warns(
        "TEMPORAL_ADDRESS and temporal.target point to different servers, so Temporal's tools and the worker use different engines.",
        'Set both to the same host:port, or remove TEMPORAL_ADDRESS',
      ),
      'settings-address-alone': warns(
        'TEMPORAL_ADDRESS is set, but TEMPORAL_TARGET is not. The worker reads only TEMPORAL_TARGET and therefore uses the default address.',
        { text: 'Set the same address for the worker', command: 'export TEMPORAL_TARGET=<address>' },
      ),
    },
  },
  'KF-SET-005': {
    looksAt:
      'Checks whether `TEMPORAL_TLS` is set and `@temporalio/envconfig` is older than 1.22.0. Versions before 1.22.0 interpret every value, even `true`, as *off*.',
    causes: {
      'settings-temporal-tls-inverted': warns(
        'Programs that read their configuration with @temporalio/envconfig connect to the engine without TLS, although TEMPORAL_TLS is meant to turn TLS on.',
        'Remove TEMPORAL_TLS, because the certificate paths alone turn on TLS',
        'Or update @temporalio/envconfig to 1.22.0 or newer',
      ),
    },
  },
  'KF-SET-007': {
    looksAt:
      "Checks for `NODE_TLS_REJECT_UNAUTHORIZED=0`, which turns off certificate verification in Node.js programs. Doctor always verifies certificates. If KF-REST-001 cannot verify the REST API's certificate, it reports that problem, and this check is skipped.",
    causes: {
      'settings-tls-unverified': warns(
        "NODE_TLS_REJECT_UNAUTHORIZED is set to 0. This setting affects the worker's calls to the REST API, but not the engine connection.",
        'Remove NODE_TLS_REJECT_UNAUTHORIZED from the environment; to trust another CA, set kuflow.api.ca',
      ),
    },
  },
  'KF-FILE-001': {
    looksAt:
      'Checks who can read the files that contain secrets: the private key, `application-local.yaml` and the client secret file. Skipped on Windows.',
    causes: {
      'file-readable-by-others': warns('Other users of this machine can read a secret.', {
        text: 'Run doctor with --fix, or make the file readable only by you',
        command: 'chmod 600 <file>',
      }),
    },
  },
  'KF-FILE-002': {
    looksAt:
      'Checks whether git tracks a file that contains a secret, and whether `git add .` would add such a file. Skipped outside a git repository, or if git is not installed.',
    causes: {
      'file-tracked-by-git': fails(
        'A file that contains a secret is in the repository.',
        {
          text: 'Remove the file from the repository but keep it on disk',
          command: 'git -C <folder> rm --cached -- <file>',
        },
        'Add the file to .gitignore, and replace the secret, because the git history still contains the old one',
      ),
      'file-not-ignored': warns('The next `git add .` would add a file that contains a secret.', {
        text: 'Run doctor with --fix, or add the file to .gitignore',
        command: 'echo <line> >> <gitignore>',
      }),
    },
  },
};
