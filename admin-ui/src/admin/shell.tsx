import type { ComponentChildren } from 'preact';
import { session } from '../api/client';
import { hasRight, logOut } from '../api/session';
import { type Lang, lang, setLang } from '../i18n';
import { Avatar, Icon, Logo, Menu, path, setTheme, type Theme, theme } from '../kit';
import { unsaved } from './draft';
import { t } from './text';

/* The designer's frame: its own small rail, one sheet. */

const LANGS: { key: Lang; title: string }[] = [
  { key: 'zh-CN', title: '简体中文' },
  { key: 'en', title: 'English' },
];
const THEMES: Theme[] = ['system', 'light', 'dark'];

function Account() {
  const me = session.value?.me;
  if (!me) return null;
  return (
    <Menu
      label={t('account', { name: me.name })}
      end={false}
      items={[
        ...LANGS.map((l) => ({
          title: l.title,
          checked: l.key === lang.value,
          onPick: () => void setLang(l.key),
        })),
        ...THEMES.map((k, i) => ({
          title: t(`theme_${k}` as 'theme_system'),
          checked: k === theme.value,
          line: i === 0,
          onPick: () => setTheme(k),
        })),
        { title: t('log_out'), icon: 'log-out', line: true, onPick: () => void logOut() },
      ]}
      trigger={(open, toggle) => (
        <button
          type="button"
          aria-label={t('account', { name: me.name })}
          title={me.name}
          aria-haspopup="menu"
          aria-expanded={open}
          onClick={toggle}
        >
          <Avatar id={me.id} name={me.name} />
        </button>
      )}
    />
  );
}

function Places({ bar }: { bar?: boolean }) {
  const at = path.value;
  const on = (yes: boolean) => (yes ? 'page' : undefined);
  const inside = at === '/admin' || at.startsWith('/admin/apps');
  return (
    <>
      {hasRight('design') ? (
        <a href="/admin" aria-label={t('apps')} title={t('apps')} aria-current={on(inside)}>
          <Icon name="layout-grid" />
          {unsaved() && !bar ? <span class="badge badge--acc">{unsaved()}</span> : null}
          {bar ? t('apps') : null}
        </a>
      ) : null}
      {hasRight('operate') ? (
        <a
          href="/admin/undo"
          aria-label={t('u_title')}
          title={t('u_title')}
          aria-current={on(at === '/admin/undo')}
        >
          <Icon name="undo-2" />
          {bar ? t('undo_short') : null}
        </a>
      ) : null}
      {hasRight('operate') ? (
        <a
          href="/admin/outbox"
          aria-label={t('o_title')}
          title={t('o_title')}
          aria-current={on(at === '/admin/outbox')}
        >
          <Icon name="send" />
          {bar ? t('o_short') : null}
        </a>
      ) : null}
      {hasRight('operate') ? (
        <a
          href="/admin/protection"
          aria-label={t('k_title')}
          title={t('k_title')}
          aria-current={on(at === '/admin/protection')}
        >
          <Icon name="shield-check" />
          {bar ? t('k_short') : null}
        </a>
      ) : null}
      {hasRight('people') || session.value?.me.org_admin ? (
        <a
          href="/admin/people"
          aria-label={t('people')}
          title={t('people')}
          aria-current={on(at === '/admin/people')}
        >
          <Icon name="users" />
          {bar ? t('members') : null}
        </a>
      ) : null}
    </>
  );
}

/** `full`: without the bar at the bottom on a phone (an open file). */
export function AdminShell(props: { full?: boolean; children: ComponentChildren }) {
  return (
    <>
      <a class="btn skip" href="#main">
        {t('skip')}
      </a>
      <div class="app app--wide">
        <nav class="rail" aria-label={t('designer')}>
          <a class="logo" href="/" aria-label={t('home')} title={t('home')}>
            <Logo />
          </a>
          <Places />
          <a class="end-b" href="/" aria-label={t('home')} title={t('home')}>
            <Icon name="house" />
          </a>
          <Account />
        </nav>
        <main class="sheet" id="main" tabIndex={-1}>
          {props.children}
        </main>
        {props.full ? null : (
          <nav class="bbar bbar--admin" aria-label={t('designer')}>
            <a href="/">
              <Icon name="house" />
              {t('home_short')}
            </a>
            <Places bar />
          </nav>
        )}
      </div>
    </>
  );
}
