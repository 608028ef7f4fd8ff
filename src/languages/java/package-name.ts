import { isReservedOnWindows } from '../../base/file-name.ts';
import { splitWords } from '../../base/identifiers.ts';
import type { PackageNames } from '../language.ts';
import { JAVA_RESERVED } from './literals.ts';

const LONGEST = 100;
const PART = /^[a-z][a-z0-9_]*$/;

export const javaPackageNames: PackageNames = {
  suggest: (projectName) => {
    const words = splitWords(projectName).join('').slice(0, 40);
    const isFree = /^[^\d]/.test(words) && !JAVA_RESERVED.has(words) && !isReservedOnWindows(words);
    const part = isFree ? words : `worker${words}`;
    return `com.example.${part}`;
  },
  problem: (text) => {
    if (text.length > LONGEST) return `is longer than ${LONGEST} characters`;
    const parts = text.split('.');
    if (parts.length < 2) return 'needs at least two parts, such as com.example.loan';
    const invalid = parts.find((part) => !PART.test(part));
    if (invalid !== undefined) return 'must consist of lowercase words, such as com.example.loan';
    const reserved = parts.find((part) => JAVA_RESERVED.has(part));
    if (reserved !== undefined) return `contains the reserved word ${reserved}`;
    const folder = parts.find(isReservedOnWindows);
    if (folder !== undefined) return `contains ${folder}, which cannot be a folder on Windows`;
    if (/^javax?\./.test(text)) return 'belongs to Java';
    if (/^kuflow\.worker(?:\.|$)/.test(text)) return 'belongs to the kuflow-worker library';
    return /^com\.kuflow(?:\.|$)/.test(text) ? 'belongs to KuFlow' : undefined;
  },
};
