import { render } from 'preact';
import { App } from './app.tsx';
import { signInFromAddress } from './sign-in.ts';

const isSignedIn = await signInFromAddress();
const root = document.querySelector('#app');
if (root !== null) {
  root.replaceChildren();
  render(<App hasBadCode={!isSignedIn} />, root);
}
