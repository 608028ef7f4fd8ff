import type { JsonObject } from '../../base/json.ts';
import type { LocalGroup, LocalUser } from '../../platform/shared/contract.ts';
import type { DataShape } from '../../process/definition.ts';

export interface FormProps {
  readonly shape: DataShape;
  /** Read once, when the form is mounted: later values never replace what was typed. Mount the form with another key to reset it. */
  readonly initialData: JsonObject;
  readonly readOnly?: boolean | undefined;
  readonly services: FormServices;
  /** Called once after mounting, and then synchronously for each change. */
  readonly onChange: (data: JsonObject, problems: readonly FormProblem[]) => void;
  /** Shows the problems of all fields, as after a failed submit. Otherwise, a field shows its problem once it was left. */
  readonly showAllProblems?: boolean | undefined;
}

export interface FormProblem {
  /** JSON Pointer. */
  readonly path: string;
  readonly label: string;
  readonly message: string;
}

export interface FormServices {
  readonly users: readonly LocalUser[];
  readonly groups: readonly LocalGroup[];
  /** Stores the file and returns the value of the field. Undefined where documents can't be stored. */
  readonly uploadDocument?: ((file: File) => Promise<string>) | undefined;
  /** Saves the document that a `kuflow-file` reference names. */
  readonly downloadDocument?: ((reference: string) => Promise<void>) | undefined;
}
