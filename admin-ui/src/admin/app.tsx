import './admin.css';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { session } from '../api/client';
import { hasRight } from '../api/session';
import { address, Button, Empty, lazy, match, Overlays, path, Skeleton } from '../kit';
import { AppsPage } from './apps';
import { AdminShell } from './shell';
import { t } from './text';

const failed = () => (
  <Empty icon="circle-alert" title={t('failed')}>
    <Button onClick={() => location.reload()}>{t('retry')}</Button>
  </Empty>
);
const EditorPage = lazy(async () => (await import('./editor')).EditorPage, failed);
const PlanPage = lazy(async () => (await import('./plan')).PlanPage, failed);
const VersionsPage = lazy(async () => (await import('./versions')).VersionsPage, failed);
const OutboxPage = lazy(async () => (await import('./outbox')).OutboxPage, failed);
const AutomationsPage = lazy(async () => (await import('./automations')).AutomationsPage, failed);
const ProtectPage = lazy(async () => (await import('./protect')).ProtectPage, failed);
const SimulatePage = lazy(async () => (await import('./simulate')).SimulatePage, failed);
const UndoPage = lazy(async () => (await import('./undo')).UndoPage, failed);
const SettingsPage = lazy(async () => (await import('./values')).SettingsPage, failed);
const CalendarPage = lazy(async () => (await import('./calendar')).CalendarPage, failed);
const EndpointsPage = lazy(async () => (await import('./endpoints')).EndpointsPage, failed);
const PeoplePage = lazy(async () => (await import('./people')).PeoplePage, failed);

type Parts = Record<string, string>;
const ROUTES: { pattern: string; right: string; draw: (m: Parts) => JSX.Element; full?: () => boolean }[] = [
  { pattern: '/admin', right: 'design', draw: () => <AppsPage /> },
  { pattern: '/admin/outbox', right: 'operate', draw: () => <OutboxPage /> },
  {
    pattern: '/admin/apps/:app/automations',
    right: 'design',
    draw: (m) => <AutomationsPage key={m.app!} app={m.app!} />,
    full: () => true,
  },
  { pattern: '/admin/protection', right: 'operate', draw: () => <ProtectPage /> },
  { pattern: '/admin/undo', right: 'operate', draw: () => <UndoPage /> },
  {
    pattern: '/admin/apps/:app/simulate',
    right: 'design',
    draw: (m) => <SimulatePage key={m.app!} app={m.app!} />,
    full: () => true,
  },
  {
    pattern: '/admin/apps/:app/settings',
    right: 'design',
    draw: (m) => <SettingsPage key={m.app!} app={m.app!} />,
    full: () => true,
  },
  {
    pattern: '/admin/apps/:app/calendar',
    right: 'design',
    draw: (m) => <CalendarPage key={m.app!} app={m.app!} />,
    full: () => true,
  },
  {
    pattern: '/admin/apps/:app/endpoints',
    right: 'operate',
    draw: (m) => <EndpointsPage key={m.app!} app={m.app!} />,
    full: () => true,
  },
  { pattern: '/admin/people', right: 'people', draw: () => <PeoplePage /> },
  {
    pattern: '/admin/apps/:app',
    right: 'design',
    draw: (m) => <EditorPage key={m.app!} app={m.app!} />,
    full: () => true,
  },
  {
    pattern: '/admin/apps/:app/publish',
    right: 'design',
    draw: (m) => <PlanPage key={m.app!} app={m.app!} />,
    full: () => true,
  },
  {
    pattern: '/admin/apps/:app/versions',
    right: 'design',
    draw: (m) => <VersionsPage key={m.app!} app={m.app!} />,
    full: () => true,
  },
];

/** People are also the business of an external organisation's administrator: his own. */
export const may = (right: string) =>
  hasRight(right) || (right === 'people' && (session.value?.me.org_admin ?? false));

function Page() {
  const at = path.value;
  // whoever may only manage people lands there
  if (at === '/admin' && !hasRight('design') && may('people'))
    return <AdminShell children={<PeoplePage />} />;
  for (const r of ROUTES) {
    const m = match(r.pattern, at);
    if (!m) continue;
    if (!may(r.right))
      return (
        <AdminShell>
          <Empty icon="lock" title={t('no_right')} text={t('no_right_text')}>
            <Button href="/">{t('home')}</Button>
          </Empty>
        </AdminShell>
      );
    return <AdminShell full={r.full?.() ?? false} children={r.draw(m)} />;
  }
  return (
    <AdminShell>
      <Empty icon="map" title={t('not_found')} text={t('not_found_text')}>
        <Button href="/admin">{t('apps')}</Button>
      </Empty>
    </AdminShell>
  );
}

export function AdminApp() {
  const who = session.value;
  useEffect(() => {
    document.title = `${t('designer')} – ${t('product')}`;
    if (who === null) location.assign(`/login?to=${encodeURIComponent(address.peek())}`);
  }, [who]);
  return (
    <>
      {who ? <Page /> : <Skeleton title lines={8} label={t('loading')} />}
      <Overlays />
    </>
  );
}
