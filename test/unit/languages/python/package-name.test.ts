import { describe, expect, it } from 'vitest';
import { distributionName, pythonPackageNames } from '../../../../src/languages/python/package-name.ts';

describe('the package of a Python project', () => {
  it.each([
    ['loan-worker', 'loan_worker'],
    ['@acme/Loan.Worker', 'loan_worker'],
    ['json', 'json_worker'],
    ['class', 'class_worker'],
    ['con', 'con_worker'],
    ['2nd', 'worker_2nd'],
    ['---', 'worker'],
  ])('of the name %s is %s', (name, expected) => {
    expect(pythonPackageNames.suggest(name)).toBe(expected);
    expect(pythonPackageNames.problem(expected)).toBeUndefined();
  });

  it.each([
    ['Loan', 'must consist of lowercase letters, digits and _, such as loan_worker'],
    ['loan.worker', 'must consist of lowercase letters, digits and _, such as loan_worker'],
    ['match', 'is the reserved word match'],
    ['httpx', 'is the name of another Python package'],
    ['json', 'is the name of another Python package'],
    ['aux', 'cannot be a folder on Windows'],
    ['a'.repeat(41), 'is longer than 40 characters'],
  ])('cannot be %s', (name, problem) => {
    expect(pythonPackageNames.problem(name)).toBe(problem);
  });
});

describe('the program of a Python project', () => {
  it.each([
    ['@acme/Loan.Worker', 'loan-worker'],
    // uv does not install a program with the name of an interpreter.
    ['python3', 'python3-worker'],
    ['python-3.11', 'python-3-11-worker'],
    ['activate', 'activate-worker'],
    ['pytest', 'pytest-worker'],
    ['pythonic', 'pythonic'],
    ['...', 'worker'],
  ])('of the name %s is %s', (name, expected) => {
    expect(distributionName(name)).toBe(expected);
  });
});
