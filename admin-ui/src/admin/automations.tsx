import { useEffect, useState } from 'preact/hooks';
import { api, say } from '../api/client';
import { ago, moment } from '../i18n/format';
import { Button, Empty, params, Skeleton, setParams, Tag } from '../kit';
import { adminPath, draftOf } from './draft';
import { OutboxList, type OutboxRow, stateTag } from './outbox';
import { t } from './text';
import { Top } from './top';

/* /admin/apps/{app}/automations?form=&key= : what an app does by itself, when it did it last, and the log of its runs. */

interface Automation {
  form: string;
  form_title: string;
  key: string;
  title: string;
  trigger: string | Record<string, unknown>;
  mode: string;
  enabled: boolean;
  file: string;
  line: number;
  next_at: string | null;
  last: OutboxRow | null;
  counts: Record<string, number>;
  skipped: { why: string; via: string; n: number; last_at: string }[];
}

function when(a: Automation): string {
  const kind =
    typeof a.trigger === 'string'
      ? a.trigger
      : Object.keys(a.trigger).find((k) => k !== 'offset' && k !== 'body')!;
  const what = typeof a.trigger === 'string' ? null : a.trigger[kind];
  const list = Array.isArray(what) ? what.join(', ') : typeof what === 'string' ? what : '';
  const offset = typeof a.trigger === 'string' ? null : a.trigger.offset;
  return `${t(`a_on_${kind}` as 'a_on_create')}${list ? ` ${list}` : ''}${typeof offset === 'string' ? ` ${offset}` : ''}`;
}

function Item(props: { app: string; a: Automation; open: boolean }) {
  const { a, open } = props;
  return (
    <li>
      <span class="col grow">
        <button
          type="button"
          class="row gap2 wrap lnk"
          aria-expanded={open}
          onClick={() => setParams(open ? { form: null, key: null } : { form: a.form, key: a.key })}
        >
          <b>{a.title}</b>
          <span class="mut s12">
            {a.form_title} · {when(a)}
          </span>
          {a.mode === 'in_transaction' ? <Tag>{t('a_in_transaction')}</Tag> : null}
          {a.enabled ? null : <Tag color="amber">{t('a_off')}</Tag>}
          {a.counts.dead ? <Tag color="red">{t('a_dead', { n: a.counts.dead })}</Tag> : null}
        </button>
        <span class="s12 mut row gap2 wrap">
          {a.last ? (
            <>
              {t('a_last')} <time title={moment(a.last.created_at, true)}>{ago(a.last.created_at)}</time>
              {stateTag(a.last)}
            </>
          ) : (
            t('a_never')
          )}
          {a.next_at ? ` · ${t('a_next', { when: moment(a.next_at) })}` : ''}
          {a.skipped.length
            ? ` · ${t('a_skipped', { n: a.skipped.reduce((n, s) => n + s.n, 0), via: [...new Set(a.skipped.map((s) => (s.why === 'endpoint' ? t('a_unconnected') : t(`u_via_${s.via}` as 'u_via_ui'))))].join(t('u_comma')) })}`
            : ''}
        </span>
        {open ? (
          <OutboxList path={`${adminPath(props.app)}/outbox`} filter={{ form: a.form, automation: a.key }} />
        ) : null}
      </span>
      <span class="mono s12 mut">
        {a.file}:{a.line}
      </span>
    </li>
  );
}

export function AutomationsPage(props: { app: string }) {
  const draft = draftOf(props.app);
  const [got, setGot] = useState<Automation[] | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const load = () => {
    setFailed(null);
    api
      .get<{ automations: Automation[] }>(`${adminPath(props.app)}/automations`)
      .then((a) => setGot(a.automations))
      .catch((e) => setFailed(say(e)));
  };
  useEffect(load, [props.app]);
  const p = params.value;
  return (
    <>
      <Top draft={draft} tab="automations" />
      <div class="alist undo">
        <h1>{t('a_title')}</h1>
        <p class="mut">{t('a_text')}</p>
        {failed ? (
          <Empty icon="circle-alert" title={t('failed')} text={failed}>
            <Button onClick={load}>{t('retry')}</Button>
          </Empty>
        ) : !got ? (
          <Skeleton lines={6} label={t('loading')} />
        ) : got.length ? (
          <ul class="undo-l">
            {got.map((a) => (
              <Item
                key={`${a.form}/${a.key}`}
                app={props.app}
                a={a}
                open={p.get('form') === a.form && p.get('key') === a.key}
              />
            ))}
          </ul>
        ) : (
          <Empty icon="zap" title={t('a_none')} text={t('a_none_text')} />
        )}
      </div>
    </>
  );
}
