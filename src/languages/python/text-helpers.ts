import { pyComment, pyDoc, pyString, tomlString } from './literals.ts';

/** Template helpers for places in Python code and in `pyproject.toml`. */
export const PYTHON_HELPERS = {
  pyString,
  pyComment: (text: string) => pyComment(text),
  pyDoc: (text: string) => pyDoc(text),
  tomlString,
};
