import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../../../scripts/bundle.mjs';
import {
  ALL_PROGRAMS,
  PROGRAMS,
  verdictFacts,
  verdictsOf,
  type Verdict,
} from '../../../../src/diagnostics/causes/sdk.ts';
import { SettingsError } from '../../../../templates/typescript/src/kuflow/settings-problem.ts';
import { loadSettings } from '../../../../templates/typescript/src/kuflow/settings.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { materialForms, type MaterialForm } from '../matrix/forms.ts';
import { examineWorld, makeMaterials, type Materials } from '../matrix/world.ts';

type Recorded = Readonly<Record<'typescript' | 'python' | 'java' | 'temporal', string>>;
const recorded = (
  JSON.parse(readFileSync(join(ROOT, 'docs', 'reference', 'doctor-peers.json'), 'utf8')) as {
    readonly Forms: Readonly<Record<string, Recorded>>;
  }
).Forms;

const temporaryFolder = temporaryFolders();
let materials: Materials;

beforeAll(async () => {
  materials = await makeMaterials();
});

/** What the doctor says of a set, and what the settings of a generated worker make of it. */
async function examined({ make }: Pick<MaterialForm, 'make'>) {
  const folder = temporaryFolder();
  let worker: readonly string[] = [];
  let handedOn = '';
  const { report } = await examineWorld(
    folder,
    materials,
    [{ make: (world) => ((world.request = { selection: { offline: true, only: ['KF-TLS-004'] } }), make(world)) }],
    () => {
      try {
        const { mutualTls } = loadSettings(folder, {}).temporal;
        handedOn = [mutualTls?.cert, mutualTls?.key.reveal(), mutualTls?.ca].join('');
      } catch (error) {
        if (!(error instanceof SettingsError)) throw error;
        worker = error.problems.map(({ key }) => key);
      }
      return Promise.resolve();
    },
  );
  const [whole, care] = ['KF-TLS-001', 'KF-TLS-004'].map((id) => report.results.find((result) => result.id === id));
  return { worker, handedOn, told: whole?.state === 'fail' ? whole : care, whole };
}

const words = (verdict: Verdict): string => verdictFacts({ ...verdictsOf([]), worker: verdict }).worker;

describe('what a program makes of a set, by its form', () => {
  it.each(materialForms)('$name: as it was seen', async (form) => {
    const { told, worker, handedOn } = await examined(form);
    const seen = recorded[form.name];
    const verdicts = verdictsOf(form.trait === undefined ? [] : [form.trait]);
    expect(told?.facts).toMatchObject(verdictFacts(verdicts));
    for (const program of ['typescript', 'python', 'java', 'temporal'] as const) {
      const taken =
        verdicts[program] === 'takes' || (verdicts[program] === 'first' && form.name.includes('the first is'));
      expect(seen?.[program] === 'connects', `${PROGRAMS[program]}: ${seen?.[program]}`).toBe(taken);
    }
    if (verdicts.worker !== 'takes') expect(worker.every((key) => key.startsWith('temporal.mutual-tls.'))).toBe(true);
    expect(worker.length > 0, `the worker: ${worker.join()}`).toBe(verdicts.worker !== 'takes');
    // What it hands to its SDK has none of what the SDK was seen to refuse.
    expect(handedOn).not.toMatch(/\ufeff|\\n/);
  });

  it('is told where programs differ, by the check that is about it', async () => {
    const named = (name: string): MaterialForm => {
      const found = materialForms.find((form) => form.name === name);
      if (found === undefined) throw new Error(`no form ${name}`);
      return found;
    };
    const { told: literal } = await examined(named('\\n in place of line breaks: key'));
    expect(literal?.summary).toBe(
      "\\n stands in place of line breaks: private key (taken by the worker of this tool; refused by Temporal's TypeScript SDK, KuFlow's Python SDK, KuFlow's Java library and `temporal`)",
    );
    const { told: pkcs1 } = await examined(named('a PKCS#1 key'));
    expect(pkcs1).toMatchObject({ id: 'KF-TLS-001', state: 'fail' });
    expect(pkcs1?.cause?.text).toContain(
      "taken by Temporal's TypeScript SDK, KuFlow's Python SDK and `temporal`; refused by the worker of this tool and KuFlow's Java library",
    );
    const { told: two } = await examined(named('a CA of two certificates, the second is that of the engine'));
    expect(two).toMatchObject({ state: 'pass' });
    expect(two?.summary).toContain("only the first certificate of the CA is taken by KuFlow's Java library");
  });

  it('is not known where nobody has tried, and left out where the set itself is wrong', async () => {
    const { told } = await examined({
      make: async (world) => {
        const pair = await world.authority.issue({ commonName: 'worker', curve: 'P-384', toDays: 60 });
        [world.files['tls/client.pem'], world.files['tls/client.key']] = [pair.cert, pair.key];
      },
    });
    expect(told?.state).toBe('pass');
    for (const program of ALL_PROGRAMS) expect(told?.facts[program]).toBe(words('unknown'));
    const { told: expired } = await examined({
      make: async (world) => {
        const pair = await world.authority.issue({ commonName: 'worker', fromDays: -9, toDays: -1 });
        [world.files['tls/client.pem'], world.files['tls/client.key']] = [pair.cert, pair.key];
      },
    });
    expect(expired).toMatchObject({ id: 'KF-TLS-001', state: 'fail' });
    expect(Object.keys(expired?.facts ?? {})).not.toContain('java');
  });
});
