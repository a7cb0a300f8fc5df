import { hasRight } from '../api/session';
import { adminPath } from './draft';
import { t } from './text';

/* What stands side by side under "settings": values, the working calendar, addresses outside. */

export function SetNav({ app, at }: { app: string; at: 'settings' | 'calendar' | 'endpoints' }) {
  const items = [
    { key: 'settings', title: t('set_values') },
    { key: 'calendar', title: t('cal_title') },
    ...(hasRight('operate') ? [{ key: 'endpoints', title: t('end_title') }] : []),
  ];
  return (
    <nav class="tabs setnav" aria-label={t('tab_settings')}>
      {items.map((x) => (
        <a key={x.key} href={`${adminPath(app)}/${x.key}`} aria-current={x.key === at ? 'page' : undefined}>
          {x.title}
        </a>
      ))}
    </nav>
  );
}
