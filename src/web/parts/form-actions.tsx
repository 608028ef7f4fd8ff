import type { ComponentChildren } from 'preact';

/**
 * The buttons below a form. To press one does not take the focus from the field that is being edited: a problem that appears when a field loses
 * the focus would move the button away before the mouse is released, and the click would be lost.
 */
export function FormActions({ children }: { readonly children: ComponentChildren }) {
  return (
    <p class="actions" onMouseDown={(event) => event.preventDefault()}>
      {children}
    </p>
  );
}
