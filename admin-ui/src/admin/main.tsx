import { render } from 'preact';
import { loadSession } from '../api/session';
import { loadLang } from '../i18n';
import { startRouter } from '../kit';
import { AdminApp } from './app';

/* The designer's entry. */
startRouter((path) => path === '/admin' || path.startsWith('/admin/'));
Promise.all([loadLang(), loadSession()]).then(() => {
  render(<AdminApp />, document.getElementById('root')!);
});
