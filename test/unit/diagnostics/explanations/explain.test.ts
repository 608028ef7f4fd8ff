import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../../scripts/bundle.mjs';
import { doctorFaultsPage, doctorPage } from '../../../../scripts/doctor-page.mjs';
import { toFinding } from '../../../../src/diagnostics/explain-finding.ts';
import { rpcCause } from '../../../../src/diagnostics/causes/engine.ts';
import { explainAll } from '../../../../src/diagnostics/explanations/explain.ts';
import { allChecks } from '../../../../src/diagnostics/all-checks.ts';
import { matrix } from '../matrix/matrix.ts';

const page = readFileSync(join(ROOT, 'docs', 'reference', 'doctor.md'), 'utf8');
const faultsPage = readFileSync(join(ROOT, 'docs', 'internals', 'doctor-faults.md'), 'utf8');
const peers = JSON.parse(readFileSync(join(ROOT, 'docs', 'internals', 'doctor-peers.json'), 'utf8')) as Parameters<
  typeof doctorFaultsPage
>[2];

describe('the explanations', () => {
  it('exist for every check, each with an anchor in the page', () => {
    const headings = [...page.matchAll(/^### (KF-\S+)$/gm)].map(([, heading = '']) => heading.toLowerCase());
    for (const { id, docs, looksAt, causes, title } of explainAll()) {
      expect(looksAt, id).not.toBe(title);
      expect(causes.length, id).toBeGreaterThan(0);
      for (const { code, advice } of causes) expect(advice.length, `${id} ${code}`).toBeGreaterThan(0);
      expect(
        headings.filter((heading) => heading === docs),
        id,
      ).toHaveLength(1);
    }
    expect(headings).toHaveLength(allChecks.length);
  });

  it('contain every cause of the fault matrix, with its verdict', () => {
    const all = explainAll();
    for (const { root, name } of matrix.flatMap(({ faults }) => faults)) {
      const [id, state, code] = root.split(' ');
      const cause = all.find((one) => one.id === id)?.causes.find((one) => one.code === code);
      expect(cause?.verdict, `${name}: ${root}`).toBe(state);
    }
  });

  it('contain every cause of a REST API or engine call for each check that makes one', () => {
    const codesOf = (id: string): readonly string[] =>
      explainAll().flatMap((one) => (one.id === id ? one.causes.map(({ code }) => code) : []));
    for (const id of ['KF-REST-001', 'KF-REST-002', 'KF-TOKEN-001', 'KF-TLS-002', 'KF-PROC-002'])
      expect(codesOf(id), id).toEqual(expect.arrayContaining(['rest-unauthorized', 'rest-timeout', 'rest-dns']));
    for (const [id, call, name] of [
      ['KF-ENGINE-001', 'GetSystemInfo', 'PERMISSION_DENIED'],
      ['KF-ENGINE-002', 'DescribeNamespace', 'NOT_FOUND'],
      ['KF-POLL-001', 'DescribeTaskQueue', 'INTERNAL'],
      ['KF-PROC-001', 'GetWorkflowExecutionHistory', 'INTERNAL'],
      ['KF-PROC-002', 'GetWorkflowExecutionHistory', 'INTERNAL'],
    ] as const) {
      const namespace = id === 'KF-ENGINE-002' ? 'tenant-1' : undefined;
      const status = (of: string) => ({ ok: false, kind: 'status', status: 0, name: of, message: '' }) as const;
      const seen = [
        ...['UNAUTHENTICATED', 'UNAVAILABLE', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'UNKNOWN', name].map(status),
        { ok: false, kind: 'not-grpc', httpStatus: 404, contentType: '' } as const,
        { ok: false, kind: 'transport', code: '', timedOut: true, message: '' } as const,
        { ok: false, kind: 'transport', code: '', timedOut: false, message: '' } as const,
      ].map((result) => rpcCause(result, call, namespace).code);
      expect(codesOf(id), id).toEqual(expect.arrayContaining(seen));
    }
    expect(codesOf('KF-ENGINE-001')).toEqual(expect.arrayContaining([...codesOf('KF-TLS-003')]));
  });

  it('say when each cause applies, and cover configured and issued certificates', () => {
    for (const { id, causes } of explainAll())
      for (const { code, when, advice } of causes) {
        expect(when, `${id} ${code}`).toMatch(/\.$/);
        for (const { command = '' } of advice) expect(command, `${id} ${code}`).not.toMatch(/<[a-z]/);
      }
    const refused = explainAll()
      .find(({ id }) => id === 'KF-TLS-003')
      ?.causes.find(({ code }) => code === 'client-certificate-refused');
    expect(refused?.advice.map(({ text }) => text.split(':')[0])).toEqual([
      'For a certificate from the settings',
      'For a certificate from the settings',
      'For a certificate issued by KuFlow',
    ]);
  });

  it('match the pages that `npm run docs` writes', () => {
    expect(doctorPage(page, explainAll()), 'npm run docs').toBe(page);
    expect(doctorFaultsPage(faultsPage, matrix, peers), 'npm run docs').toBe(faultsPage);
  });

  it('come with the output of other programs for every fault', () => {
    const missing = matrix.flatMap(({ plane, faults }) =>
      faults.filter(({ name }) =>
        ['temporal', 'python'].some((program) => peers[plane]?.[name]?.[program] === undefined),
      ),
    );
    expect(missing.map(({ name }) => `node bench/doctor-peers.mjs faults '${name}'`)).toEqual([]);
    expect(faultsPage).not.toContain('not asked');
  });

  it('give a finding its verdict and advice with values filled in', () => {
    expect(toFinding('KF-FILE-001', 'file-readable-by-others', 't', { values: { file: 'a b.key' } })).toMatchObject({
      state: 'warn',
      advice: [{ command: "chmod 600 'a b.key'" }],
    });
    expect(() => toFinding('KF-FILE-001', 'none', 't')).toThrow('none');
  });
});
