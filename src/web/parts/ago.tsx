import { useEffect, useState } from 'preact/hooks';
import { relativeTime } from '../text/words.ts';

/** Milliseconds from the clock of the browser to that of the local KuFlow. */
let difference = 0;

/** `now`: the time of the local KuFlow, ISO 8601, that was just read. */
export function setPlatformTime(now: string): void {
  difference = Date.parse(now) - Date.now();
}

export const platformNow = (): number => Date.now() + difference;

/** A time of the local KuFlow, or of this machine, as `12 s ago`, which stays right. */
export function Ago({ time, ofMachine = false }: { readonly time: string; readonly ofMachine?: boolean }) {
  const textNow = (): string => relativeTime(Date.parse(time), ofMachine ? Date.now() : platformNow());
  const [text, setText] = useState(textNow);
  useEffect(() => {
    setText(textNow());
    const timer = setInterval(() => {
      if (!document.hidden) setText(textNow());
    }, 1_000);
    return () => clearInterval(timer);
  }, [time]);
  return (
    <time dateTime={time} title={new Date(time).toLocaleString()}>
      {text}
    </time>
  );
}
