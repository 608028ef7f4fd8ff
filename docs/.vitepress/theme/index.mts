import { inBrowser, type Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme';

const KEY = 'language';

/** The language that a reader chooses in a group of tabs is chosen in all groups, on this page and on the next ones. */
export default {
  extends: DefaultTheme,
  enhanceApp: ({ router }) => {
    if (!inBrowser) return;
    addEventListener('click', ({ target }) => {
      const label = target instanceof Element ? target.closest<HTMLElement>('.vp-code-group .tabs label') : null;
      if (label === null) return;
      localStorage.setItem(KEY, label.innerText);
      const { top } = label.getBoundingClientRect();
      chooseLanguage(label.innerText);
      // Groups above the label may have changed their height.
      scrollBy(0, label.getBoundingClientRect().top - top);
    });
    router.onAfterRouteChange = () => {
      chooseLanguage(localStorage.getItem(KEY));
    };
  },
} satisfies Theme;

function chooseLanguage(language: string | null): void {
  for (const group of document.querySelectorAll('.vp-code-group')) {
    const labels = [...group.querySelectorAll<HTMLElement>('.tabs label')];
    const index = labels.findIndex(({ innerText }) => innerText === language);
    const input = group.querySelectorAll('input')[index];
    if (input === undefined) continue;
    input.checked = true;
    const blocks = [...(group.querySelector('.blocks')?.children ?? [])];
    for (const [position, block] of blocks.entries()) block.classList.toggle('active', position === index);
  }
}
