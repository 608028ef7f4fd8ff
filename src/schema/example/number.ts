/** A number within the limits of a schema, as close to 0 as possible. Different numbers in `nth` give different values. */
export function sampleNumber(schema: Record<string, unknown>, nth: number, whole: boolean): number {
  const limit = (name: string): number | undefined => (typeof schema[name] === 'number' ? schema[name] : undefined);
  const [least, above] = [limit('minimum'), limit('exclusiveMinimum')];
  const [most, below] = [limit('maximum'), limit('exclusiveMaximum')];
  const fits = (value: number): boolean =>
    value >= (least ?? -Infinity) &&
    value > (above ?? -Infinity) &&
    value <= (most ?? Infinity) &&
    value < (below ?? Infinity);
  const low = Math.max(least ?? -Infinity, above ?? -Infinity);
  const high = Math.min(most ?? Infinity, below ?? Infinity);
  const nearest = Math.min(Math.max(0, low), high);
  const step = stepOf(limit('multipleOf'), whole);

  if (step !== undefined) {
    const first = Math.ceil(nearest / step);
    const found: number[] = [];
    // Up, then down. Skips multiples that are not exact in binary.
    for (const way of [1, -1]) {
      for (let at = way === 1 ? 0 : 1; at <= nth + 200 && found.length <= nth; at++) {
        const value = Number(((first + way * at) * step).toPrecision(15));
        if (fits(value) && Number.isInteger(value / step)) found.push(value);
      }
    }
    return found[nth % Math.max(1, found.length)] ?? first * step;
  }
  if (fits(nearest + nth)) return nearest + nth;
  if (Number.isFinite(low) && Number.isFinite(high)) return low + ((high - low) * (nth + 1)) / (nth + 2);
  return Number.isFinite(low) ? low + 1 + nth : high - 1 - nth;
}

function stepOf(multiple: number | undefined, whole: boolean): number | undefined {
  if (multiple === undefined || multiple <= 0) return whole ? 1 : undefined;
  if (!whole) return multiple;
  for (let times = 1; times <= 1000; times++) {
    const value = Number((multiple * times).toPrecision(15));
    if (Number.isInteger(value)) return value;
  }
  return multiple;
}
