import './list.css';
import { useEffect, useState } from 'preact/hooks';
import { api, formPath, query, recordPath, say } from '../api/client';
import { useForm } from '../api/forms';
import type { FormDef, ListAnswer, Rec } from '../api/types';
import { ago, moment } from '../i18n/format';
import { Button, back, confirm, Empty, Icon, IconButton, Skeleton, toast, useTitle } from '../kit';
import { t } from './text';

/* The recycle bin of a form: what was deleted in the last thirty days, to be brought back or thrown away. */

const PAGE = 50;

export function BinPage({ app, form }: { app: string; form: string }) {
  const def = useForm(app, form);
  if (def.state === 'failed') return <Empty icon="circle-alert" title={t('failed')} text={say(def.error)} />;
  if (def.state === 'loading') return <Skeleton title lines={8} label={t('loading')} />;
  return <Bin def={def.data} />;
}

function Bin({ def }: { def: FormDef }) {
  useTitle(`${t('bin')} · ${def.title}`);
  const [rows, setRows] = useState<Rec[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const list = `/a/${def.app}/${def.form}`;
  const load = async (after: string | null) => {
    try {
      const a = await api.get<ListAnswer>(
        `${formPath(def.app, def.form)}/records${query({ bin: 1, limit: PAGE, after, count: 'none' })}`,
      );
      setRows((r) => (after ? [...(r ?? []), ...a.records] : a.records));
      setNext(a.next);
    } catch (e) {
      setError(e);
    }
  };
  useEffect(() => {
    void load(null);
  }, [def.app, def.form]);
  const gone = (r: Rec) => setRows((all) => (all ?? []).filter((x) => x._id !== r._id));
  const restore = async (r: Rec) => {
    try {
      await api.post(`${recordPath(def.app, def.form, r._id)}/restore`);
      gone(r);
      toast(t('bin_restored', { title: r._title ?? '' }), {
        action: { title: t('bin_open'), run: () => location.assign(`${list}/${r._id}`) },
      });
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
  };
  const purge = async (r: Rec) => {
    const ok = await confirm({
      title: t('bin_purge_title', { title: r._title ?? '' }),
      body: t('bin_purge_text'),
      ok: t('bin_purge'),
      danger: true,
    });
    if (!ok) return;
    try {
      await api.del(`${recordPath(def.app, def.form, r._id)}?purge=1`);
      gone(r);
      toast(t('bin_purged'));
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
  };
  return (
    <>
      <header class="bar bar--line">
        <IconButton icon="chevron-left" label={t('bin_back')} onClick={() => back(list)} />
        <a class="crumb" href={list}>
          {def.title}
          <Icon name="chevron-right" size="s" />
        </a>
        <h1>{t('bin')}</h1>
      </header>
      <div class="binbody">
        {error ? (
          <Empty icon="circle-alert" title={t('failed')} text={say(error)} />
        ) : !rows ? (
          <Skeleton lines={8} label={t('loading')} />
        ) : rows.length === 0 ? (
          <Empty icon="trash-2" title={t('bin_empty')} text={t('bin_text')}>
            <Button href={list}>{t('bin_back')}</Button>
          </Empty>
        ) : (
          <>
            <p class="s13 mut">{t('bin_text')}</p>
            <ul class="binlist">
              {rows.map((r) => (
                <li key={r._id}>
                  <span class="col grow">
                    <b class="cut">{r._title || t('bin_untitled')}</b>
                    {r._updated_at ? (
                      <span class="dim s12" title={moment(String(r._updated_at))}>
                        {t('bin_changed', { when: ago(String(r._updated_at)) })}
                      </span>
                    ) : null}
                  </span>
                  <Button size="s" icon="undo-2" onClick={() => void restore(r)}>
                    {t('bin_restore')}
                  </Button>
                  {def.rights.delete ? (
                    <IconButton icon="trash-2" label={t('bin_purge')} onClick={() => void purge(r)} />
                  ) : null}
                </li>
              ))}
            </ul>
            {next ? <Button onClick={() => void load(next)}>{t('bin_more')}</Button> : null}
          </>
        )}
      </div>
    </>
  );
}
