import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../../../scripts/bundle.mjs';
import {
  ALL_PROGRAMS,
  PROGRAMS,
  acceptanceFacts,
  acceptanceOf,
  type Acceptance,
} from '../../../../src/diagnostics/causes/certificate-acceptance.ts';
import { loadSettings, SettingsError } from '../../../../libraries/typescript/src/internal/settings.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { materialForms, type MaterialForm } from '../matrix/forms.ts';
import { diagnoseWithFaults, makeMaterials, type Materials } from '../matrix/setup.ts';

type Recorded = Readonly<Record<'typescript' | 'python' | 'java' | 'temporal', string>>;
const recorded = (
  JSON.parse(readFileSync(join(ROOT, 'docs', 'internals', 'doctor-peers.json'), 'utf8')) as {
    readonly Forms: Readonly<Record<string, Recorded>>;
  }
).Forms;

const temporaryFolder = temporaryFolders();
let materials: Materials;

beforeAll(async () => {
  materials = await makeMaterials();
});

/** The result of doctor for a set, and that of the settings code of a generated worker. */
async function checkSet({ make }: Pick<MaterialForm, 'make'>) {
  const folder = temporaryFolder();
  let worker: readonly string[] = [];
  let workerPem = '';
  const { report } = await diagnoseWithFaults(
    folder,
    materials,
    [{ make: (setup) => ((setup.request = { selection: { offline: true, only: ['KF-TLS-004'] } }), make(setup)) }],
    () => {
      try {
        const { mutualTls } = loadSettings(folder, {}).temporal;
        workerPem = [mutualTls?.cert, mutualTls?.key.reveal(), mutualTls?.ca].join('');
      } catch (error) {
        if (!(error instanceof SettingsError)) throw error;
        worker = error.problems.map(({ key }) => key);
      }
      return Promise.resolve();
    },
  );
  const [certificate, format] = ['KF-TLS-001', 'KF-TLS-004'].map((id) =>
    report.results.find((result) => result.id === id),
  );
  return { worker, workerPem, result: certificate?.state === 'fail' ? certificate : format };
}

const factText = (verdict: Acceptance): string => acceptanceFacts({ ...acceptanceOf([]), worker: verdict }).worker;

describe('which programs accept a set', () => {
  it.each(materialForms)('$name: as tested', async (form) => {
    const { result, worker, workerPem } = await checkSet(form);
    const seen = recorded[form.name];
    const acceptance = acceptanceOf(form.trait === undefined ? [] : [form.trait]);
    expect(result?.facts).toMatchObject(acceptanceFacts(acceptance));
    for (const program of ['typescript', 'python', 'java', 'temporal'] as const) {
      const accepted =
        acceptance[program] === 'accepts' ||
        (acceptance[program] === 'accepts-first' && form.name.includes('the first is'));
      expect(seen?.[program] === 'connects', `${PROGRAMS[program]}: ${seen?.[program]}`).toBe(accepted);
    }
    if (acceptance.worker !== 'accepts')
      expect(worker.every((key) => key.startsWith('temporal.mutual-tls.'))).toBe(true);
    expect(worker.length > 0, `the worker: ${worker.join()}`).toBe(acceptance.worker !== 'accepts');
    // What the worker passes to its SDK contains nothing that the SDK rejects.
    expect(workerPem).not.toMatch(/\ufeff|\\n/);
  });

  it('is reported if programs differ', async () => {
    const named = (name: string): MaterialForm => {
      const found = materialForms.find((form) => form.name === name);
      if (found === undefined) throw new Error(`no form ${name}`);
      return found;
    };
    const { result: literal } = await checkSet(named('literal \\n instead of line breaks: key'));
    expect(literal?.summary).toBe(
      "Literal \\n instead of line breaks in the private key (accepted by the generated worker; rejected by Temporal's TypeScript SDK, KuFlow's Python SDK, KuFlow's Java library and `temporal`)",
    );
    const { result: pkcs1 } = await checkSet(named('a PKCS#1 key'));
    expect(pkcs1).toMatchObject({ state: 'pass' });
    expect(pkcs1?.summary).toContain(
      "accepted by the generated worker, Temporal's TypeScript SDK, KuFlow's Python SDK and `temporal`; rejected by KuFlow's Java library",
    );
    const { result: two } = await checkSet(named('a CA with two certificates, the second is for the engine'));
    expect(two).toMatchObject({ state: 'pass' });
    expect(two?.summary).toContain("only the first CA certificate is used by KuFlow's Java library");
  });

  it('is unknown for untested keys, and left out if the set itself is invalid', async () => {
    const { result } = await checkSet({
      make: async (setup) => {
        const pair = await setup.authority.issue({ commonName: 'worker', curve: 'P-384', toDays: 60 });
        [setup.files['tls/client.pem'], setup.files['tls/client.key']] = [pair.cert, pair.key];
      },
    });
    expect(result?.state).toBe('pass');
    for (const program of ALL_PROGRAMS) expect(result?.facts[program]).toBe(factText('unknown'));
    const { result: expired } = await checkSet({
      make: async (setup) => {
        const pair = await setup.authority.issue({ commonName: 'worker', fromDays: -9, toDays: -1 });
        [setup.files['tls/client.pem'], setup.files['tls/client.key']] = [pair.cert, pair.key];
      },
    });
    expect(expired).toMatchObject({ id: 'KF-TLS-001', state: 'fail' });
    expect(Object.keys(expired?.facts ?? {})).not.toContain('java');
  });
});
