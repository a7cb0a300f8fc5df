import { useEffect, useState } from 'preact/hooks';
import { api, say } from '../api/client';
import { forgetForms } from '../api/forms';
import { lang } from '../i18n';
import { ago, moment } from '../i18n/format';
import { Avatar, Button, confirm, Empty, params, Skeleton, setParams, Tag, toast } from '../kit';
import { DiffCount, DiffView } from './diffview';
import { adminPath, type Draft, draftOf } from './draft';
import { t } from './text';
import { Top } from './top';
import type { DiffAnswer, Version } from './types';

/* /admin/apps/{app}/versions?n= : every publish, what it changed, and the way back to it. */

/** Notes the program writes itself, in the reader's language. */
function noteOf(v: Version): string {
  const note = v.note?.trim() ?? '';
  const back = /^rollback to (\d+)$/.exec(note);
  if (back) return t('version_back', { n: back[1]! });
  return note === 'first publish' ? t('version_first') : note;
}

function Item({ app, v, running, current }: { app: string; v: Version; running: boolean; current: boolean }) {
  const by = v.by || t('version_system');
  const note = noteOf(v);
  return (
    <li>
      <a
        class={`chg-i${current ? ' is-cur' : ''}`}
        aria-current={current ? 'true' : undefined}
        href={`/admin/apps/${encodeURIComponent(app)}/versions?n=${v.n}`}
      >
        <Avatar id={by} name={by} />
        <span class="grow">
          <span class="row gap1">
            <span class="m">{t('app_version', { n: v.n })}</span>
            {running ? <Tag color="green">{t('version_running')}</Tag> : null}
          </span>
          <span class="s12 mut blk">
            <time dateTime={v.at} title={moment(v.at, true)}>
              {t('version_by', { by, when: ago(v.at) })}
            </time>
          </span>
          {note ? <span class="s12 dim blk">{note}</span> : null}
        </span>
      </a>
    </li>
  );
}

function Changes({ draft, n }: { draft: Draft; n: number }) {
  const [got, set] = useState<DiffAnswer | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const load = () => {
    set(null);
    setFailed(null);
    api
      .get<DiffAnswer>(`${adminPath(draft.app)}/versions/${n}/diff`)
      .then(set)
      .catch((e) => setFailed(say(e)));
  };
  useEffect(load, [draft, n]);
  if (failed)
    return (
      <Empty icon="circle-alert" title={t('failed')} text={failed}>
        <Button onClick={load}>{t('retry')}</Button>
      </Empty>
    );
  if (!got) return <Skeleton lines={8} label={t('loading')} />;
  const first = !Number(got.from);
  if (!got.files.length) return <p class="s13 dim">{t('version_same')}</p>;
  return (
    <>
      {got.files.map((f) => (
        <section key={f.path}>
          <h3 class="sec-h">
            <span class="mono cut">{f.path}</span>
            <span class="push" />
            <DiffCount was={f.was} is={f.is} />
          </h3>
          {first ? null : <DiffView file={f.path} was={f.was} is={f.is} />}
        </section>
      ))}
    </>
  );
}

export function VersionsPage(props: { app: string }) {
  const draft = draftOf(props.app);
  const [all, setAll] = useState<Version[] | null>(null);
  const [running, setRunning] = useState(0);
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const l = lang.value;
  const load = async () => {
    setFailed(null);
    try {
      const a = await api.get<{ versions: Version[]; running: number }>(`${adminPath(props.app)}/versions`);
      setAll(a.versions);
      setRunning(a.running);
      await draft.load();
    } catch (e) {
      setFailed(say(e));
    }
  };
  useEffect(() => void load(), [draft, l]);
  const asked = Number(params.value.get('n') ?? 0);
  const now = all?.find((v) => v.n === asked) ?? all?.[0] ?? null;

  const rollback = async (v: Version) => {
    const yes = await confirm({
      title: t('rollback_title', { n: v.n }),
      body: t('rollback_text', { n: v.n }),
      ok: t('rollback_ok', { n: v.n }),
      danger: true,
    });
    if (!yes) return;
    setBusy(true);
    try {
      const a = await api.post<{ version: number }>(`${adminPath(props.app)}/rollback`, { to: v.n });
      for (const p of draft.dirty.peek()) draft.forget(p);
      draft.saves.value++;
      forgetForms();
      toast(t('rolled_back', { to: v.n, n: a.version }));
      setParams({ n: String(a.version) });
      await load();
      await draft.check();
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    } finally {
      setBusy(false);
    }
  };

  return (
    <>
      <Top draft={draft} tab="versions" />
      {failed ? (
        <Empty icon="circle-alert" title={t('failed')} text={failed}>
          <Button onClick={() => void load()}>{t('retry')}</Button>
        </Empty>
      ) : !all ? (
        <Skeleton title lines={8} label={t('loading')} />
      ) : !all.length ? (
        <Empty icon="history" title={t('no_versions')} text={t('no_versions_text')} />
      ) : (
        <div class={`pub pub--2${asked ? ' is-open' : ''}`}>
          <section class="pub-l" aria-label={t('versions_title')}>
            <header>
              <h1 class="s16 b">{t('versions_title')}</h1>
              <p class="s12 mut">{t('versions_text')}</p>
            </header>
            <ul class="scroll">
              {all.map((v) => (
                <Item key={v.n} app={props.app} v={v} running={v.n === running} current={v === now} />
              ))}
            </ul>
          </section>
          {now ? (
            <section class="pub-m" aria-label={t('version_diff', { to: now.n })}>
              <header class="row wrap">
                <div class="grow">
                  <h2 class="s16 b">{t('version_diff', { to: now.n })}</h2>
                  <p class="s12 mut">
                    {now.n > 1 ? t('version_since', { from: now.n - 1 }) : t('version_first')}
                    {noteOf(now) && (now.n > 1 || noteOf(now) !== t('version_first')) ? (
                      <>
                        <span class="md" />
                        {noteOf(now)}
                      </>
                    ) : null}
                  </p>
                </div>
                {now.n !== running ? (
                  <Button size="s" icon="history" busy={busy} onClick={() => void rollback(now)}>
                    {t('rollback')}
                  </Button>
                ) : null}
              </header>
              <div
                class="scroll pub-b"
                tabIndex={0}
                role="region"
                aria-label={t('version_diff', { to: now.n })}
              >
                <Changes draft={draft} n={now.n} key={`${now.n}/${l}`} />
              </div>
            </section>
          ) : null}
        </div>
      )}
    </>
  );
}
