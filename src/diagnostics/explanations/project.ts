import { fails, unclear, warns, type Explanation } from './explanation.ts';

const RUN_ALONE = { text: 'Run it alone', command: '<check>' };

/** The worker project that the doctor runs in. */
export const project: Readonly<Record<string, Explanation>> = {
  'KF-PROJ-001': {
    looksAt:
      'The process definitions of the project, and whether the code that is generated from them is what they say now; code that another version of this tool made is not compared. Its queue against that of the settings.',
    causes: {
      'definition-broken': fails('A definition has mistakes.', 'Correct <file>'),
      'definition-drift': warns(
        'The definition was changed, and types and tasks are still those of before.',
        'Generate them again: <kuflow> add task CODE, with any task that is in the definition (and --process where there are several), or change <files> by hand',
      ),
      'definition-queue-differs': warns(
        'The definition names another task queue than the settings: the worker polls the one of the settings.',
        'Use one name in <file> and <source>',
      ),
    },
  },
  'KF-PROJ-002': {
    looksAt: "Installed versions of Temporal's packages: all the same, and without faults that are known.",
    causes: {
      'sdk-not-installed': warns('The dependencies of the project are not installed.', {
        text: 'Install them',
        command: '<install>',
      }),
      'sdk-versions-differ': fails(
        "Temporal's packages have different versions: the worker refuses to start, or fails later.",
        'Give all of @temporalio/* one version in package.json, and install again',
      ),
      'sdk-known-fault': warns(
        'An installed version has a fault that is known.',
        'Update <package> to <version> or newer',
      ),
    },
  },
  'KF-PROJ-003': {
    looksAt: "The Node.js that runs here, against the oldest that the worker's packages run on (20.19).",
    causes: {
      'node-too-old': fails('Node.js is older than the worker needs.', 'Install Node.js <wanted>'),
    },
  },
  'KF-WORK-001': {
    looksAt:
      "The worker's own `--check`, which goes the same way with the SDK's own TLS and proxy stack. It creates an engine token, and a certificate where none is given; `--no-create` leaves it out.",
    causes: {
      'worker-check-no-answer': warns('The check of the worker ended without a result.', RUN_ALONE),
      'worker-reads-no-profiles': warns(
        'The credentials in use are those of a stored profile. A worker reads none: started by itself it has no credentials, so its check is left out.',
        { text: 'Give the worker the credentials in files', command: '<kuflow> credentials pull --profile <profile>' },
        {
          text: 'Or start it with them in its environment',
          command: '<kuflow> credentials exec --profile <profile> -- npm start',
        },
      ),
    },
  },
  'KF-WORK-002': {
    looksAt:
      'Whether doctor and worker agree. Where they do not, something treats the two differently: another proxy for the REST API, a server certificate that only one of the two TLS stacks takes, a rule for one program.',
    causes: {
      'worker-check-failed': fails("The worker's own check failed at a step.", 'See what it says', RUN_ALONE),
      'worker-could-not-tell': unclear(
        'The worker had no result at a step when its time was over, and no check of doctor stops there.',
        'Give both more time, with --timeout',
        RUN_ALONE,
      ),
      'worker-disagrees': fails(
        'What works for doctor fails for the worker, or the other way round.',
        RUN_ALONE,
        "At `rest`: the worker goes through temporal.proxy where that is set, and doctor through HTTPS_PROXY; both trust Node's own authorities, NODE_EXTRA_CA_CERTS and kuflow.api.ca",
        "At `connect`: both trust only temporal.mutual-tls.ca, or the CA that KuFlow issued, and take temporal.proxy, else HTTPS_PROXY with NO_PROXY; but the TLS of the worker is that of Temporal's core, which takes no certificate of a server that is a CA itself",
        'A firewall, or a program that opens TLS, may have a rule for one of the two',
      ),
    },
  },
};
