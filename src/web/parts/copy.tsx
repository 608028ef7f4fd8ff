import { useEffect, useState } from 'preact/hooks';

export interface CopyButtonProps {
  readonly text: string;
  /** Names what is copied, for screen readers. */
  readonly what: string;
  readonly label?: string | undefined;
}

export function CopyButton({ text, what, label = 'Copy' }: CopyButtonProps) {
  const [done, setDone] = useState<'copied' | 'failed'>();
  useEffect(() => {
    if (done === undefined) return;
    const timer = setTimeout(() => setDone(undefined), 2_000);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async (): Promise<void> => {
    try {
      // Only pages with a secure context have a clipboard: not those on a plain http host name.
      await navigator.clipboard.writeText(text);
      setDone('copied');
    } catch {
      setDone('failed');
    }
  };
  return (
    <button type="button" class="quiet copy" aria-label={`${label} ${what}`} onClick={() => void copy()}>
      <span aria-live="polite">{done === 'copied' ? 'Copied' : done === 'failed' ? 'Select and copy it' : label}</span>
    </button>
  );
}

export function CommandLine({ command, what = 'command' }: { readonly command: string; readonly what?: string }) {
  return (
    <div class="command">
      <pre tabIndex={0} aria-label={what}>
        <code>{command}</code>
      </pre>
      <CopyButton text={command} what={what} />
    </div>
  );
}
