import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { api, session } from '../api/client';
import { forgetForms } from '../api/forms';
import { useLive } from '../api/live';
import { apps, hasRight, loadApps, logOut } from '../api/session';
import type { AppInfo, Box, MenuEntry, TasksAnswer } from '../api/types';
import { Avatar, Dialog, focusSearch, Icon, Logo, Menu, navigate, params, path, useKeys } from '../kit';
import { t } from './text';
import { refreshNotices, unread } from './unread';

/* The frame of the people's pages: rail of apps, list of forms, the sheet; on a phone the bar at the bottom. */

export const counts = signal<Record<Box, number> | null>(null);

/** Counts of the boxes for the badges; also called after an approval. */
export async function refreshCounts(): Promise<void> {
  try {
    counts.value = (await api.get<TasksAnswer>('/tasks?box=todo&limit=1')).counts;
  } catch {
    /* the badge is a hint: it comes back with the next call */
  }
}

const COUNT_EVERY = 60_000;

export function appIcon(app: AppInfo): string {
  return app.icon ?? 'layout-grid';
}

export function entryHref(app: string, e: MenuEntry): string {
  if (e.dashboard) return `/a/${app}/d/${e.dashboard}`;
  return `/a/${app}/${e.form}${e.view ? `?view=${encodeURIComponent(e.view)}` : ''}`;
}

export function formIcon(app: AppInfo | undefined, form: string): string {
  return app?.forms.find((f) => f.form === form)?.icon ?? 'file-text';
}

/** The app's menu, or all its forms where it has none. */
export function menuOf(app: AppInfo): MenuEntry[] {
  // a group of which the reader may open nothing is no group
  if (app.menu?.length) return app.menu.filter((m) => !m.items || m.items.length > 0);
  return [
    ...(app.dashboards ?? []).map((d) => ({ dashboard: d.key, title: d.title })),
    ...app.forms.map((f) => ({ form: f.form, title: f.title })),
  ];
}

/** What stands before an entry: its own icon, the form's, or that of its kind. */
export function entryIcon(app: AppInfo, e: MenuEntry): string {
  return e.icon ?? (e.dashboard ? 'layout-dashboard' : e.view ? 'table-2' : formIcon(app, e.form ?? ''));
}

function Entry({ app, e }: { app: AppInfo; e: MenuEntry }) {
  const href = entryHref(app.app, e);
  const [to, q] = href.split('?');
  const view = new URLSearchParams(q).get('view');
  const at = path.value;
  const inside = e.dashboard ? at === to : at === to || at.startsWith(`${to}/`);
  const nowView = params.value.get('view');
  const siblings = e.form ? hasViewEntry(app, e.form, nowView) : false;
  const current = inside && (view ? nowView === view : !siblings);
  return (
    <a href={href} aria-current={current ? 'page' : undefined}>
      <Icon name={entryIcon(app, e)} />
      <span class="cut">{e.title}</span>
      {e.count != null ? <span class="cnt">{e.count}</span> : null}
    </a>
  );
}

function hasViewEntry(app: AppInfo, form: string, view: string | null): boolean {
  if (!view) return false;
  const all = menuOf(app).flatMap((m) => (m.items ? m.items : [m]));
  return all.some((m) => m.form === form && m.view === view);
}

function FormNav({ app }: { app: AppInfo }) {
  const others = apps.value ?? [];
  return (
    <nav class="nav" aria-label={app.title}>
      <Menu
        label={t('switch_app')}
        end={false}
        class="contents"
        items={others.map((a) => ({
          title: a.title,
          icon: appIcon(a),
          checked: a.app === app.app,
          href: `/a/${a.app}`,
        }))}
        trigger={(open, toggle) => (
          <button type="button" class="nav-h" aria-haspopup="menu" aria-expanded={open} onClick={toggle}>
            <span class="cut">{app.title}</span>
            <span class="push" />
            <Icon name="chevrons-up-down" />
          </button>
        )}
      />
      {menuOf(app).map((m) =>
        m.items ? (
          <div key={m.title}>
            <h2>{m.title}</h2>
            {m.items.map((e) => (
              <Entry app={app} e={e} key={`${e.form}/${e.view}/${e.dashboard}`} />
            ))}
          </div>
        ) : (
          <Entry app={app} e={m} key={`${m.form}/${m.view}/${m.dashboard}`} />
        ),
      )}
    </nav>
  );
}

const helpOpen = signal(false);
const KEYS: [string[], Parameters<typeof t>[0]][] = [
  [['/'], 'key_search'],
  [['n'], 'key_new'],
  [['j', 'k'], 'key_rows'],
  [['Enter'], 'key_open'],
  [['e'], 'key_edit'],
  [['Ctrl', 'Enter'], 'key_submit'],
  [['Esc'], 'key_close'],
  [['?'], 'key_help'],
];

function KeyHelp() {
  return (
    <Dialog title={t('keys_title')} onClose={() => (helpOpen.value = false)}>
      <dl class="facts facts--1 mt2">
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt class="row gap1">
              {keys.map((k) => (
                <kbd key={k}>{k}</kbd>
              ))}
            </dt>
            <dd>{t(what)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

function Rail({ app }: { app: string | undefined }) {
  const me = session.value?.me;
  const todo = counts.value?.todo ?? 0;
  const at = path.value;
  return (
    <nav class="rail" aria-label={t('apps')}>
      <a class="logo" href="/" aria-label={t('product')}>
        <Logo />
      </a>
      <a href="/" aria-label={t('home')} title={t('home')} aria-current={at === '/' ? 'page' : undefined}>
        <Icon name="house" />
      </a>
      <a
        href="/tasks"
        aria-label={todo ? t('my_tasks_n', { n: todo }) : t('my_tasks')}
        title={t('my_tasks')}
        aria-current={at === '/tasks' ? 'page' : undefined}
      >
        <Icon name="list-checks" />
        {todo ? (
          <span class="badge badge--hot" aria-hidden="true">
            {todo > 99 ? '99+' : todo}
          </span>
        ) : null}
      </a>
      <a
        href="/notices"
        aria-label={unread.value ? t('notices_n', { n: unread.value }) : t('notices')}
        title={t('notices')}
        aria-current={at === '/notices' ? 'page' : undefined}
      >
        <Icon name="bell" />
        {unread.value ? (
          <span class="badge badge--hot" aria-hidden="true">
            {unread.value > 99 ? '99+' : unread.value}
          </span>
        ) : null}
      </a>
      <span class="sep" />
      {(apps.value ?? []).map((a) => (
        <a
          key={a.app}
          href={`/a/${a.app}`}
          aria-label={a.title}
          title={a.title}
          aria-current={a.app === app ? 'page' : undefined}
        >
          <Icon name={appIcon(a)} />
        </a>
      ))}
      <button
        type="button"
        class="end-b"
        aria-label={t('help')}
        title={t('help')}
        onClick={() => (helpOpen.value = true)}
      >
        <Icon name="circle-help" />
      </button>
      {hasRight('design') || hasRight('people') || hasRight('operate') || session.value?.me.org_admin ? (
        <a href="/admin" aria-label={t('designer')} title={t('designer')}>
          <Icon name="settings-2" />
        </a>
      ) : null}
      {me ? (
        <Menu
          label={t('account', { name: me.name })}
          end={false}
          items={[
            { title: t('settings'), icon: 'user-round-cog', href: '/me' },
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
      ) : null}
    </nav>
  );
}

/** One app: straight to its menu; several: to choose. */
function appsHref(): string {
  const all = apps.value ?? [];
  return all.length === 1 ? `/a/${all[0]!.app}` : '/apps';
}

function BottomBar() {
  const at = path.value;
  const todo = counts.value?.todo ?? 0;
  const on = (yes: boolean) => (yes ? 'page' : undefined);
  return (
    <nav class="bbar" aria-label={t('apps')}>
      <a href="/" aria-current={on(at === '/')}>
        <Icon name="house" />
        {t('home')}
      </a>
      <a href="/tasks" aria-current={on(at === '/tasks')}>
        <Icon name="list-checks" />
        {t('tasks')}
        {todo ? <span class="badge badge--hot">{todo > 99 ? '99+' : todo}</span> : null}
      </a>
      <a href={appsHref()} aria-current={on(at.startsWith('/a'))}>
        <Icon name="layout-grid" />
        {t('apps')}
      </a>
      <a href="/me" aria-current={on(at === '/me')}>
        <Icon name="circle-user" />
        {t('me')}
        {unread.value ? (
          <span class="badge badge--hot">{unread.value > 99 ? '99+' : unread.value}</span>
        ) : null}
      </a>
    </nav>
  );
}

/** `app`: the app whose forms are listed beside the sheet; `full`: no bottom bar on a phone (forms, records). */
export function Shell(props: { app?: string; full?: boolean; children: ComponentChildren }) {
  const app = apps.value?.find((a) => a.app === props.app);
  useEffect(() => {
    refreshCounts();
    const timer = setInterval(() => document.visibilityState === 'visible' && refreshCounts(), COUNT_EVERY);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => void refreshNotices(), []);
  useLive(
    (e) => e.kind === 'notice',
    () => void refreshNotices(),
    true,
  );
  useLive(
    (e) => e.kind === 'task' || (e.kind === 'record' && e.op !== 'comment'),
    () => void refreshCounts(),
  );
  useLive(
    (e) => e.kind === 'definition',
    () => {
      forgetForms();
      void loadApps(true).catch(() => undefined);
    },
  );
  useKeys({ '/': focusSearch, '?': () => (helpOpen.value = true), g: () => void navigate('/') });
  return (
    <>
      <a class="btn skip" href="#main">
        {t('skip')}
      </a>
      <div class={`app${app ? '' : ' app--wide'}`}>
        <Rail app={props.app} />
        {app ? <FormNav app={app} /> : null}
        <main class="sheet" id="main" tabIndex={-1}>
          {props.children}
        </main>
        {props.full ? null : <BottomBar />}
      </div>
      {helpOpen.value ? <KeyHelp /> : null}
    </>
  );
}
