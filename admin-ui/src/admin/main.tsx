import { render } from 'preact';
import { loadSession } from '../api/session';
import { loadLang } from '../i18n';
import { Overlays, startRouter } from '../kit';

/* The designer's entry. */
startRouter((path) => path === '/admin' || path.startsWith('/admin/'));
Promise.all([loadLang(), loadSession()]).then(() => {
  render(<Overlays />, document.getElementById('root')!);
});
