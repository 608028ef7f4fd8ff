import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** What projects may use. A change of these lists is a change for every project. */
const VALUES = ['KuFlowFile', 'KuFlowGroup', 'KuFlowPrincipal'];
const PUBLIC = {
  index: [...VALUES, 'AppSettings', 'KuFlowClient', 'RestError', 'runWorker'],
  workflow: [
    ...[...VALUES, 'ActionRequest', 'ActionResponse', 'CallRejected', 'HumanTask', 'KuFlowProcess', 'SignalAction', 'SystemTask'],
    ...['SystemTaskHandle', 'TRANSFER', 'TaskCancelled'],
    ...['TaskHandle', 'UserActionSignal', 'WorkflowRequest', 'WorkflowResponse', 'all', 'failOnRejection', 'human'],
    ...['kuflowActivities', 'message', 'openProcess', 'ownActivities', 'signalAction', 'system', 'thread'],
  ],
  testing: [
    ...['FakeKuFlow', 'LocalKuFlow', 'LocalProcess', 'Person', 'ProcessRun', 'TestEnvironment'],
    ...['openLocalKuFlow', 'openTestEnvironment', 'replay'],
  ],
} as const;

const textOf = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

/** The names that a module exports, and whether a doc comment precedes the declaration of each. */
function exportsOf(path: string): ReadonlyMap<string, boolean> {
  const text = textOf(path);
  const found = new Map<string, boolean>();
  for (const [, comment, name = ''] of text.matchAll(
    /(\*\/\n)?^export (?:async )?(?:const|function|class|interface|type) (\w+)/gm,
  ))
    found.set(name, comment !== undefined);
  for (const [, names, from = ''] of text.matchAll(/^export (?:type )?(\*|\{[^}]*\}) from '(.*)';/gm)) {
    const target = exportsOf(new URL(from, `file:///${path}`).pathname.slice(1));
    const listed = names === '*' ? [...target.keys()] : (names?.match(/\w+/g) ?? []).filter((one) => one !== 'type');
    for (const name of listed) found.set(name, target.get(name) ?? false);
  }
  return found;
}

describe('the public names of this library', () => {
  it.each(Object.keys(PUBLIC) as (keyof typeof PUBLIC)[])('in the module %s are these, and each is described', (module) => {
    const names = exportsOf(`src/${module}.ts`);
    expect([...names.keys()].sort()).toEqual([...PUBLIC[module]].sort());
    expect([...names].filter(([, isDescribed]) => !isDescribed).map(([name]) => name)).toEqual([]);
  });

  it('come from the exported modules, each of which loads without the others', () => {
    const { exports, bin } = JSON.parse(textOf('package.json')) as { readonly exports: object; readonly bin: object };
    expect(Object.keys(exports)).toEqual(['.', './workflow', './testing', './package.json']);
    expect(Object.keys(bin)).toEqual(['kuflow-bundle-workflows']);
  });
});
