import './home.css';
import { useEffect, useState } from 'preact/hooks';
import { api, say, session } from '../api/client';
import { apps } from '../api/session';
import type { Box, TaskItem, TasksAnswer } from '../api/types';
import { ago, due, moment } from '../i18n/format';
import { Avatar, Button, Empty, Icon, Skeleton } from '../kit';
import { recents } from './recent';
import { appIcon, counts } from './shell';
import { t } from './text';

const BOXES: Box[] = ['todo', 'started', 'cc', 'done'];
const SHOWN = 6;

function greeting(): 'hello_morning' | 'hello_noon' | 'hello_evening' {
  const h = new Date().getHours();
  return h < 12 ? 'hello_morning' : h < 18 ? 'hello_noon' : 'hello_evening';
}

function Todo() {
  const [tasks, setTasks] = useState<TaskItem[] | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const load = () => {
    setFailed(null);
    api
      .get<TasksAnswer>(`/tasks?box=todo&limit=${SHOWN}`)
      .then((a) => {
        setTasks(a.tasks);
        counts.value = a.counts;
      })
      .catch((e) => setFailed(say(e)));
  };
  useEffect(load, []);
  if (failed)
    return (
      <div class="hlist">
        <Empty icon="circle-alert" title={t('failed')} text={failed}>
          <Button size="s" onClick={load}>
            {t('retry')}
          </Button>
        </Empty>
      </div>
    );
  if (!tasks)
    return (
      <div class="hlist">
        <Skeleton lines={5} label={t('loading')} />
      </div>
    );
  if (!tasks.length)
    return (
      <div class="hlist">
        <Empty icon="check-check" title={t('home_clear')} text={t('home_clear_text')} />
      </div>
    );
  return (
    <ul class="hlist">
      {tasks.map((k) => {
        const left = k.due_at ? due(k.due_at) : null;
        return (
          <li key={k.id}>
            <a href={`/tasks?box=todo&task=${encodeURIComponent(k.id)}`}>
              {k.by ? <Avatar id={k.by.id} name={k.by.title} /> : <Icon name="stamp" />}
              <span class="col col1 grow">
                <span class="m cut">{k.record.title ?? '—'}</span>
                <span class="s12 dim cut">
                  {k.form_title ? `${k.form_title}` : ''}
                  {k.form_title ? <span class="md" /> : null}
                  {k.title}
                </span>
              </span>
              {left ? (
                <span class={`s12 ${left.late ? 'bad' : left.soon ? 'wrn' : 'dim'}`}>{left.text}</span>
              ) : k.since ? (
                <time class="when" dateTime={k.since} title={moment(k.since, true)}>
                  {ago(k.since)}
                </time>
              ) : null}
            </a>
          </li>
        );
      })}
    </ul>
  );
}

function Apps() {
  const all = apps.value;
  if (!all) return <Skeleton lines={3} label={t('loading')} />;
  if (!all.length) {
    // designing an app gives no right to read its data
    const designs = session.value?.me.rights?.includes('design');
    return (
      <Empty
        icon="layout-grid"
        title={t('home_no_apps')}
        text={t(designs ? 'home_no_role_text' : 'home_no_apps_text')}
      >
        {designs ? <Button href="/admin">{t('home_design')}</Button> : null}
      </Empty>
    );
  }
  return (
    <div class="tiles">
      {all.map((a) => (
        <a class="tile" href={`/a/${a.app}`} key={a.app}>
          <Icon name={appIcon(a)} size="l" />
          <span class="col col1 grow">
            <span class="m cut">{a.title}</span>
            <span class="s12 dim cut">{t('home_forms_n', { n: a.forms.length })}</span>
          </span>
          <Icon name="chevron-right" />
        </a>
      ))}
    </div>
  );
}

interface DraftRow {
  app: string;
  form: string;
  form_title: string;
  id: string;
  title: string | null;
  at: string;
  own: boolean;
  record?: string;
}

/** What one has begun to fill in and not handed in. */
function Drafts() {
  const [all, setAll] = useState<DraftRow[]>([]);
  useEffect(() => {
    api.get<{ drafts: DraftRow[] }>('/me/drafts').then(
      (a) => setAll(a.drafts),
      () => undefined,
    );
  }, []);
  if (!all.length) return null;
  const href = (d: DraftRow) =>
    d.record
      ? `/a/${d.app}/${d.form}/${d.record}/edit`
      : d.own
        ? `/a/${d.app}/${d.form}/${d.id}/edit`
        : `/a/${d.app}/${d.form}/new`;
  return (
    <section>
      <h2>{t('home_drafts')}</h2>
      <ul class="hlist">
        {all.slice(0, SHOWN).map((d) => (
          <li key={d.id}>
            <a href={href(d)}>
              <Icon name="pencil" />
              <span class="col col1 grow">
                <span class="cut">{d.title || d.form_title}</span>
                <span class="s12 dim cut">
                  {d.form_title} · {ago(d.at)}
                </span>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Recents({ member }: { member: string }) {
  const all = recents(member);
  if (!all.length) return null;
  return (
    <section>
      <h2>{t('home_recent')}</h2>
      <ul class="hlist">
        {all.slice(0, SHOWN).map((r) => (
          <li key={r.href}>
            <a href={r.href}>
              <Icon name={r.icon} />
              <span class="col col1 grow">
                <span class="cut">{r.title}</span>
                <span class="s12 dim cut">{r.sub}</span>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Home({ appsOnly }: { appsOnly?: boolean }) {
  const me = session.value?.me;
  if (!me) return null;
  if (appsOnly)
    return (
      <div class="scroll">
        <div class="home">
          <h1>{t('home_apps')}</h1>
          <div class="mt4">
            <Apps />
          </div>
        </div>
      </div>
    );
  const n = counts.value;
  return (
    <div class="scroll">
      <div class="home">
        <h1>{t(greeting(), { name: me.name })}</h1>
        <p class="mut mt1">{n ? (n.todo ? t('hello_sub', { n: n.todo }) : t('hello_none')) : '\u00a0'}</p>
        <nav class="boxes" aria-label={t('my_tasks')}>
          {BOXES.map((b) => (
            <a key={b} href={`/tasks?box=${b}`} class={b === 'todo' && n?.todo ? 'hot' : ''}>
              <span>{t(`box_${b}`)}</span>
              <b class="num">{n ? n[b] : '–'}</b>
            </a>
          ))}
        </nav>
        <div class="home-2">
          <section>
            <h2>
              {t('home_todo')}
              <a class="link" href="/tasks">
                {t('home_all')}
              </a>
            </h2>
            <Todo />
          </section>
          <div>
            <Drafts />
            <Recents member={me.id} />
            <section>
              <h2>{t('home_apps')}</h2>
              <Apps />
            </section>
          </div>
        </div>
      </div>
    </div>
  );
}
