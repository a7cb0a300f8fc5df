import { useEffect, useState } from 'preact/hooks';
import { api, say } from '../api/client';
import { ago, moment } from '../i18n/format';
import { Button, Empty, Icon, Note, Skeleton, useTitle } from '../kit';
import { t } from './text';
import { type Notice, type NoticesAnswer, unread } from './unread';

/* What one was told: the page behind the bell. */

const ICONS: Record<string, string> = {
  task: 'list-checks',
  urge: 'clock-alert',
  mention: 'at-sign',
  share: 'share-2',
};
const icon = (kind: string) => ICONS[kind] ?? 'bell';

const href = (n: Notice) => (n.app && n.form && n.record ? `/a/${n.app}/${n.form}/${n.record}` : null);

function One({ n, onRead }: { n: Notice; onRead: () => void }) {
  const to = href(n);
  const inner = (
    <>
      <Icon name={icon(n.kind)} />
      <span class="col col1 grow">
        <span class={n.read_at ? 'mut' : 'm'}>{n.title}</span>
        {n.body ? <span class="s13 mut">{n.body}</span> : null}
        <time class="s12 dim" dateTime={n.at} title={moment(n.at)}>
          {ago(n.at)}
        </time>
      </span>
      {n.read_at ? null : <span class="fdot" role="img" aria-label={t('not_unread')} />}
    </>
  );
  return (
    <li>
      {to ? (
        <a href={to} onClick={onRead}>
          {inner}
        </a>
      ) : (
        <button type="button" class="blk" onClick={onRead}>
          {inner}
        </button>
      )}
    </li>
  );
}

export function NoticesPage() {
  useTitle(t('notices'));
  const [list, setList] = useState<Notice[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const load = async (after?: string) => {
    try {
      const a = await api.get<NoticesAnswer>(`/notices?limit=50${after ? `&after=${after}` : ''}`);
      setList(after ? [...(list ?? []), ...a.notices] : a.notices);
      setNext(a.next);
      unread.value = a.unread;
      setFailed(null);
    } catch (e) {
      setFailed(say(e));
    }
  };
  useEffect(() => void load(), [unread.value]);
  const read = async (n: Notice | null) => {
    if (n?.read_at) return;
    try {
      unread.value = (
        await api.put<{ unread: number }>(n ? `/notices/${n.id}/read` : '/notices/read', {})
      ).unread;
    } catch {
      /* it stays unread */
    }
  };
  return (
    <>
      <header class="bar bar--line">
        <h1>{t('notices')}</h1>
        <span class="push" />
        <Button size="s" icon="check-check" disabled={!unread.value} onClick={() => void read(null)}>
          {t('not_all_read')}
        </Button>
      </header>
      <div class="scroll">
        {failed ? (
          <Note kind="bad" aside={<Button onClick={() => void load()}>{t('retry')}</Button>}>
            {failed}
          </Note>
        ) : null}
        {!list ? (
          failed ? null : (
            <Skeleton lines={6} label={t('loading')} />
          )
        ) : list.length ? (
          <div class="page">
            <ul class="hlist notes">
              {list.map((n) => (
                <One key={n.id} n={n} onRead={() => void read(n)} />
              ))}
            </ul>
            {next ? (
              <p class="mt4">
                <Button onClick={() => void load(next)}>{t('not_more')}</Button>
              </p>
            ) : null}
          </div>
        ) : (
          <Empty icon="bell" title={t('not_none')} text={t('not_none_text')} />
        )}
      </div>
    </>
  );
}
