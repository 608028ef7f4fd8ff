import { javaDoc, javaString } from './literals.ts';

/** Template helpers for places in Java code. */
export const JAVA_HELPERS = { javaString, javaDoc: (text: string) => javaDoc(text) };
