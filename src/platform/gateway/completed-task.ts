import { readFields } from '../../engine/protobuf.ts';

/** `temporal.api.enums.v1.CommandType` of the commands that end a run: complete, fail, cancel, continue as new. */
const CLOSING = new Set([4, 5, 7, 10]);

/**
 * Reads a RespondWorkflowTaskCompleted request: the workflow ID inside the server's task token, and whether a command
 * ends the run. Undefined if the bytes are not as expected.
 */
export function readCompletedTask(
  message: Buffer,
): { readonly workflowId: string; readonly closing: boolean } | undefined {
  try {
    let workflowId: string | undefined;
    let closing = false;
    for (const [field, value] of readFields(message)) {
      if (typeof value === 'number') continue;
      if (field === 1) workflowId = readBytes(value, 2)?.toString('utf8');
      if (field === 2) closing ||= CLOSING.has(readCommandType(value));
    }
    return workflowId === undefined || workflowId === '' ? undefined : { workflowId, closing };
  } catch {
    return undefined;
  }
}

function readBytes(message: Buffer, wanted: number): Buffer | undefined {
  for (const [field, value] of readFields(message)) if (field === wanted && typeof value !== 'number') return value;
  return undefined;
}

function readCommandType(command: Buffer): number {
  for (const [field, value] of readFields(command)) if (field === 1 && typeof value === 'number') return value;
  return 0;
}
