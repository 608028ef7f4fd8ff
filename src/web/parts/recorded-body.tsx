import type { RecordedBody } from '../../platform/shared/contract.ts';
import { formatBytes } from '../text/words.ts';
import { CodeBlock } from './notices.tsx';

/** The type and size of a body, and its text. */
export function RecordedBodyView({ label, body }: { readonly label: string; readonly body: RecordedBody | undefined }) {
  if (body === undefined || body.bytes === 0) return <p class="muted">No body</p>;
  const { contentType, bytes, truncated, text } = body;
  return (
    <>
      <p class="muted">
        {[contentType, formatBytes(bytes), truncated ? 'only the beginning is kept' : undefined]
          .filter((part) => part !== undefined)
          .join(' · ')}
      </p>
      {text === undefined ? null : <CodeBlock label={label}>{indentJson(text)}</CodeBlock>}
    </>
  );
}

function indentJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
