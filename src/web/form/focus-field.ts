/** Moves the focus to the field at this JSON Pointer, or to what it is a part of, and opens the tab that it is in. */
export function focusField(path: string): void {
  const fields = [...document.querySelectorAll<HTMLElement>('.form [data-path]')].filter(
    ({ dataset: { path: at = '' } }) => at === path || path.startsWith(`${at}/`),
  );
  const length = (field: HTMLElement): number => field.dataset['path']?.length ?? 0;
  const [field] = fields.sort((a, b) => length(b) - length(a));
  if (field === undefined) return;
  for (let panel = hiddenPanel(field); panel !== null; panel = hiddenPanel(panel.parentElement)) {
    document.querySelector<HTMLElement>(`[role="tab"][aria-controls="${panel.id}"]`)?.click();
  }
  // After the tabs were drawn again.
  setTimeout(() => {
    const input = field.matches('fieldset')
      ? field.querySelector<HTMLElement>('input, select, textarea, button')
      : field;
    (input ?? field).focus();
  });
}

const hiddenPanel = (element: Element | null): Element | null => element?.closest('[role="tabpanel"][hidden]') ?? null;
