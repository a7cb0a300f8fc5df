import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { boot, session } from '../api/client';
import { apps, loadApps, setupNeeded } from '../api/session';
import type { AppInfo, MenuEntry } from '../api/types';
import { lang } from '../i18n';
import { address, Button, Empty, Icon, lazy, match, navigate, Overlays, path, phone, Skeleton } from '../kit';
import { Home } from './home';
import { goOn, Login, Setup } from './login';
import { entryHref, entryIcon, menuOf, Shell } from './shell';
import { t } from './text';

const failed = () => (
  <Empty icon="circle-alert" title={t('failed')}>
    <Button onClick={() => location.reload()}>{t('retry')}</Button>
  </Empty>
);
const ListPage = lazy(async () => (await import('../list/page')).ListPage, failed);
const BinPage = lazy(async () => (await import('../list/bin')).BinPage, failed);
const FormPage = lazy(async () => (await import('../form/page')).FormPage, failed);
const RecordPage = lazy(async () => (await import('../record/page')).RecordPage, failed);
const PrintPage = lazy(async () => (await import('../record/print')).PrintPage, failed);
const MergePage = lazy(async () => (await import('../record/merge')).MergePage, failed);
const DashPage = lazy(async () => (await import('../dash/page')).DashPage, failed);
const TasksPage = lazy(async () => (await import('../flow/tasks')).TasksPage, failed);
const NoticesPage = lazy(async () => (await import('./notices')).NoticesPage, failed);
const InvitePage = lazy(async () => (await import('./invite')).InvitePage, failed);
const MustChange = lazy(async () => (await import('./invite')).MustChange, failed);
const SettingsPage = lazy(async () => (await import('./settings')).SettingsPage, failed);

const PublicPage = lazy(async () => (await import('../form/public')).PublicPage, failed);

export function NotFound() {
  return (
    <Empty icon="map" title={t('not_found')} text={t('not_found_text')}>
      <Button href="/">{t('back_home')}</Button>
    </Empty>
  );
}

/** /a/crm: on a desk the first thing of the app's menu; on a phone, which has no room for the menu beside it, the menu. */
function AppStart({ app }: { app: string }) {
  const info = apps.value?.find((a) => a.app === app);
  const small = phone.value;
  useEffect(() => {
    if (!info || small) return;
    const first = menuOf(info)
      .flatMap((m) => (m.items ? m.items : [m]))
      .find((m) => m.form || m.dashboard);
    if (first) navigate(entryHref(app, first), { replace: true });
  }, [app, info, small]);
  if (!apps.value) return <Skeleton title lines={8} />;
  if (!info) return <NotFound />;
  return small ? <AppMenu app={info} /> : <Skeleton title lines={8} />;
}

function AppMenu({ app }: { app: AppInfo }) {
  const row = (e: MenuEntry) => (
    <li key={`${e.form}/${e.view}/${e.dashboard}`}>
      <a href={entryHref(app.app, e)}>
        <Icon name={entryIcon(app, e)} />
        <span class="cut grow">{e.title}</span>
        <Icon name="chevron-right" size="s" />
      </a>
    </li>
  );
  const single = menuOf(app).filter((m) => !m.items);
  return (
    <>
      <header class="bar bar--line">
        <h1>{app.title}</h1>
      </header>
      <nav class="scroll appmenu" aria-label={app.title}>
        {single.length ? <ul class="hlist">{single.map(row)}</ul> : null}
        {menuOf(app)
          .filter((m) => m.items?.length)
          .map((m) => (
            <section key={m.title}>
              <h2>{m.title}</h2>
              <ul class="hlist">{m.items!.map(row)}</ul>
            </section>
          ))}
      </nav>
    </>
  );
}

type Parts = Record<string, string>;
/** Every address of the people's pages; the first that matches is shown. */
const ROUTES: [string, (m: Parts, at: string) => JSX.Element][] = [
  ['/', () => <Shell children={<Home />} />],
  ['/apps', () => <Shell children={<Home appsOnly />} />],
  ['/tasks', () => <Shell children={<TasksPage />} />],
  ['/notices', () => <Shell children={<NoticesPage />} />],
  ['/me', () => <Shell children={<SettingsPage />} />],
  ['/a/:app', (m) => <Shell app={m.app!} children={<AppStart app={m.app!} />} />],
  [
    '/a/:app/:form',
    (m, at) => <Shell app={m.app!} children={<ListPage key={at} app={m.app!} form={m.form!} />} />,
  ],
  [
    '/a/:app/d/:key',
    (m, at) => <Shell app={m.app!} children={<DashPage key={at} app={m.app!} dash={m.key!} />} />,
  ],
  [
    '/a/:app/:form/new',
    (m) => (
      <Shell app={m.app!} full children={<FormPage key={address.value} app={m.app!} form={m.form!} />} />
    ),
  ],
  [
    '/a/:app/:form/bin',
    (m, at) => <Shell app={m.app!} children={<BinPage key={at} app={m.app!} form={m.form!} />} />,
  ],
  [
    '/a/:app/:form/:id',
    (m, at) => (
      <Shell app={m.app!} full children={<RecordPage key={at} app={m.app!} form={m.form!} id={m.id!} />} />
    ),
  ],
  [
    '/a/:app/:form/print/:key',
    (m) => <PrintPage key={address.value} app={m.app!} form={m.form!} template={m.key!} />,
  ],
  [
    '/a/:app/:form/:id/merge',
    (m) => <Shell app={m.app!} full children={<MergePage app={m.app!} form={m.form!} id={m.id!} />} />,
  ],
  [
    '/a/:app/:form/:id/edit',
    (m, at) => (
      <Shell app={m.app!} full children={<FormPage key={at} app={m.app!} form={m.form!} id={m.id!} />} />
    ),
  ],
];

function Page() {
  const at = path.value;
  for (const [pattern, draw] of ROUTES) {
    const m = match(pattern, at);
    if (m) return draw(m, at);
  }
  return <Shell children={<NotFound />} />;
}

/** The language that the titles of the apps are in. */
let shownIn = boot.lang ?? 'zh-CN';

export function App() {
  const who = session.value;
  const at = path.value;
  const open = match('/p/:token', at);
  const invited = match('/invite/:token', at);
  useEffect(() => {
    if (open || invited) return;
    if (who === null && setupNeeded.value && at !== '/setup')
      navigate('/setup', { replace: true, force: true });
    else if (who === null && !setupNeeded.value && at !== '/login') {
      const to = at === '/' || at === '/setup' ? '' : `?to=${encodeURIComponent(address.peek())}`;
      navigate(`/login${to}`, { replace: true, force: true });
    } else if (who && at === '/login') goOn();
    else if (who && at === '/setup') navigate('/', { replace: true });
  }, [who, at]);
  const l = lang.value;
  useEffect(() => {
    if (who && !who.me.must_change) loadApps(shownIn !== l).catch(() => undefined);
    shownIn = l;
  }, [who, l]);
  if (invited)
    return (
      <>
        <InvitePage token={invited.token!} />
        <Overlays />
      </>
    );
  if (who?.me.must_change)
    return (
      <>
        <MustChange />
        <Overlays />
      </>
    );
  if (open) return <PublicPage token={open.token!} />;
  return (
    <>
      {who ? at === '/login' || at === '/setup' ? null : <Page /> : setupNeeded.value ? <Setup /> : <Login />}
      <Overlays />
    </>
  );
}
