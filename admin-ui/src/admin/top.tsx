import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api/client';
import { Icon, Menu } from '../kit';
import type { Draft } from './draft';
import { t } from './text';
import type { AdminApp } from './types';

/* The bar over every page of one app: which app, which page, what is not saved. */

let known: AdminApp[] | null = null;

export type Tab = 'files' | 'publish' | 'versions' | 'automations' | 'settings';

export function Top(props: { draft: Draft; tab: Tab; children?: ComponentChildren }) {
  const { draft } = props;
  const [all, setAll] = useState<AdminApp[]>(known ?? []);
  const base = `/admin/apps/${encodeURIComponent(draft.app)}`;
  useEffect(() => {
    api
      .get<{ apps: AdminApp[] }>('/admin/apps')
      .then((a) => {
        known = a.apps;
        setAll(a.apps);
      })
      .catch(() => undefined);
  }, [draft]);
  const title = all.find((a) => a.app === draft.app)?.title ?? draft.app;
  const changed = draft.files.value?.filter((f) => f.change).length ?? 0;
  const tabs: { key: Tab; title: string; href: string; n?: number }[] = [
    { key: 'files', title: t('tab_files'), href: base },
    { key: 'publish', title: t('tab_publish'), href: `${base}/publish`, n: changed },
    { key: 'versions', title: t('tab_versions'), href: `${base}/versions` },
    { key: 'automations', title: t('tab_automations'), href: `${base}/automations` },
    { key: 'settings', title: t('tab_settings'), href: `${base}/settings` },
  ];
  return (
    <header class="bar bar--line dtop">
      <Menu
        label={t('switch_app')}
        end={false}
        items={[
          ...all.map((a) => ({
            title: a.title,
            sub: a.app,
            icon: 'layout-grid',
            href: `/admin/apps/${encodeURIComponent(a.app)}`,
          })),
          { title: t('apps'), icon: 'chevron-left', href: '/admin', line: true },
        ]}
        trigger={(open, toggle) => (
          <button
            type="button"
            class="row gap1 dsel"
            aria-haspopup="menu"
            aria-expanded={open}
            onClick={toggle}
          >
            <b class="cut">{title}</b>
            <Icon name="chevrons-up-down" size="s" />
          </button>
        )}
      />
      <nav class="dtabs" aria-label={title}>
        {tabs.map((x) => (
          <a key={x.key} href={x.href} aria-current={x.key === props.tab ? 'page' : undefined}>
            {x.title}
            {x.n ? <span class="badge badge--acc">{x.n}</span> : null}
          </a>
        ))}
      </nav>
      <span class="push" />
      {props.children}
    </header>
  );
}
