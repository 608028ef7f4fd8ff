export const INVALID_TASK_DATA = 'InvalidTaskData';
export const PAYLOAD_TOO_LARGE = 'PayloadTooLarge';

/** The types of failures whose messages have no values. */
export const WITHOUT_VALUES: readonly string[] = [INVALID_TASK_DATA, PAYLOAD_TOO_LARGE];

/** Enough for a reader. Longer messages contain data. */
const LONGEST_MESSAGE = 3_000;

/** Hides quotes, values, addresses, long numbers and keys in a message: they may come from a form or a credential. An HTTP status does not. */
export function redact(message: string): string {
  return message
    .slice(0, LONGEST_MESSAGE)
    .replace(/(?<![\p{L}\d])(["'`“‘]).*?["'`”’](?![\p{L}\d])/gu, '…')
    .replace(/\b(\w+:\/\/)(?:\S*@)?([^\s/?#]+)[^\s,;)]*/g, '$1$2')
    .replace(/\S+@\S+/g, '…')
    .replace(/=(?!(?:(?<=\bstatus=)|(?<=\bstatusCode=))[1-5]\d\d\b)\s*\S+/g, '=…')
    .replace(/(?=[\w+/.~-]*\d)[\w+/.~-]{16,}/g, '…')
    .replace(/\d(?:[ .:/-]?\d){3,}/g, '…');
}
