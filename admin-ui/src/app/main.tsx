import { render } from 'preact';
import { loadLang } from '../i18n';
import '../kit';
import { loadSession } from '../api/session';
import { startRouter } from '../kit';
import { App } from './app';

/* The people's entry. The first paint waits for the session (usually inline in the HTML) and the language only. */
startRouter((path) => !/^\/(api|admin|assets|healthz|readyz|metrics)(\/|$)/.test(path));
Promise.all([loadLang(), loadSession()]).then(() => {
  render(<App />, document.getElementById('root')!);
});
