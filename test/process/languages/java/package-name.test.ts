import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createdOf, createWorker, failureOf } from '../../../support/create-worker.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
const CREATE = ['worker', '--language', 'java', '--local', '--yes', '--no-git', '--no-check', '--json'];

describe('the package of a Java project', () => {
  it.each([
    ['loan', 'needs at least two parts'],
    ['com.acme.class', 'contains the reserved word class'],
    ['com.aux.loan', 'contains aux, which cannot be a folder on Windows'],
    ['com.Acme', 'must consist of lowercase words'],
    ['com.acme;x', 'must consist of lowercase words'],
    ['com..acme', 'must consist of lowercase words'],
    ['com.acmé', 'must consist of lowercase words'],
    ['java.loan', 'belongs to Java'],
    ['javax.loan', 'belongs to Java'],
    ['com.kuflow.loan', 'belongs to KuFlow'],
    [`com.${'a'.repeat(100)}`, 'is longer than 100 characters'],
  ])('cannot be %s', async (name, reason) => {
    const cwd = temporaryFolder();
    const ran = await createWorker(cwd, [...CREATE, '--no-install', '--package', name]);
    expect(ran.status).toBe(2);
    expect(failureOf(ran.stdout).error.message).toContain(reason);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it.each([
    ['Loan Worker', 'com.example.loanworker'],
    ['2nd', 'com.example.worker2nd'],
    ['new', 'com.example.workernew'],
  ])('of the folder %j is %s by default', async (folder, packageName) => {
    const cwd = temporaryFolder();
    const ran = await createWorker(cwd, [folder, ...CREATE.slice(1), '--no-install']);
    expect(createdOf(ran.stdout).command).toContain(`--package ${packageName} `);
  });

  it.each([
    [['--language', 'typescript', '--package', 'com.acme.x'], '--package does not apply to TypeScript workers'],
    [['--language', 'java', '--package-manager', 'npm'], '--package-manager does not apply to Java workers'],
    [['--package-manager', 'pip'], '--package-manager pip does not apply to TypeScript workers'],
  ])('and other options of one language are rejected for another: %j', async (options, message) => {
    const ran = await createWorker(temporaryFolder(), ['x', '--local', '--yes', ...options]);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain(message);
  });
});
