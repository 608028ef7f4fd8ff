/** A message of a stream of server-sent events. `data` is undefined for a message that only sets the id. */
export interface StreamMessage {
  readonly id: string | undefined;
  readonly data: string | undefined;
}

/** Splits the text of a stream of server-sent events, in pieces of any length, into its messages. */
export function createStreamParser(receive: (message: StreamMessage) => void): (text: string) => void {
  let rest = '';
  let id: string | undefined;
  let data: string[] = [];
  const readLine = (line: string): void => {
    if (line === '') {
      if (data.length > 0 || id !== undefined) receive({ id, data: data.length === 0 ? undefined : data.join('\n') });
      id = undefined;
      data = [];
      return;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id') id = value;
    if (field === 'data') data.push(value);
  };
  return (text) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) readLine(line);
  };
}
