import { useEffect, useState } from 'preact/hooks';
import { api, say } from '../api/client';
import { lang } from '../i18n';
import { ago, before, moment } from '../i18n/format';
import { Button, Empty, Icon, Skeleton, Tag } from '../kit';
import { t } from './text';
import type { AdminApp } from './types';

/* /admin: every app with what runs and whether its folder differs. */

function Row({ a }: { a: AdminApp }) {
  const never = a.version === null || a.version === undefined;
  return (
    <a class="tile atile" href={`/admin/apps/${encodeURIComponent(a.app)}`}>
      <Icon name="layout-grid" size="l" />
      <span class="col col1 grow">
        <span class="row gap1">
          <span class="m cut">{a.title}</span>
          <span class="mono dim">{a.app}</span>
        </span>
        <span class="s12 dim cut">
          {never ? t('app_never_text') : t('app_forms', { n: a.forms ?? 0 })}
          {a.published_at ? (
            <>
              <span class="md" />
              <time dateTime={a.published_at} title={moment(a.published_at, true)}>
                {t('app_published', { when: before(ago(a.published_at)) })}
              </time>
            </>
          ) : null}
        </span>
      </span>
      {never ? (
        <Tag color="red">{t('app_never')}</Tag>
      ) : (
        <>
          {a.draft ? <Tag color="amber">{t('app_draft')}</Tag> : null}
          <Tag>{t('app_version', { n: a.version ?? 0 })}</Tag>
        </>
      )}
      <Icon name="chevron-right" />
    </a>
  );
}

export function AppsPage() {
  const [got, set] = useState<AdminApp[] | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const l = lang.value;
  const load = () => {
    setFailed(null);
    api
      .get<{ apps: AdminApp[] }>('/admin/apps')
      .then((a) => set(a.apps))
      .catch((e) => setFailed(say(e)));
  };
  useEffect(load, [l]);
  return (
    <div class="scroll">
      <div class="alist">
        <h1>{t('apps')}</h1>
        <p class="mut mt1">{t('apps_text')}</p>
        {failed ? (
          <Empty icon="circle-alert" title={t('failed')} text={failed}>
            <Button onClick={load}>{t('retry')}</Button>
          </Empty>
        ) : !got ? (
          <Skeleton lines={6} label={t('loading')} />
        ) : !got.length ? (
          <Empty icon="layout-grid" title={t('apps_none')} text={t('apps_none_text')}>
            <Button onClick={load}>{t('retry')}</Button>
          </Empty>
        ) : (
          <div class="atiles">
            {got.map((a) => (
              <Row a={a} key={a.app} />
            ))}
          </div>
        )}
      </div>
    </div>
  );
}
