import { useEffect, useState } from 'preact/hooks';
import { api, say } from '../api/client';
import { lang } from '../i18n';
import { Button, IconButton, Menu, Note, Skeleton } from '../kit';
import { adminPath, draftOf } from './draft';
import { SetNav } from './setnav';
import { t } from './text';
import { Top } from './top';

/* /admin/apps/{app}/calendar: the working days of a month; a day made a holiday or a working day, in the draft. */

interface Cal {
  workdays: string[] | null;
  cn: boolean;
  holidays: string[];
  make_up: string[];
}
interface Answer {
  year: number;
  cn_until: number;
  cn: { holidays: string[]; make_up: string[] };
  running: Cal;
  draft: Cal;
}
type Kind = 'holiday' | 'make_up' | 'plain';
interface Day {
  iso: string;
  /** whether one works, and why it is not as the week says */
  works: boolean;
  by: 'own' | 'cn' | null;
}

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const iso = (y: number, m: number, d: number) =>
  `${y}-${String(m).padStart(2, '0')}-${String(d).padStart(2, '0')}`;
/** 0 is Monday */
const weekday = (y: number, m: number, d: number) => (new Date(Date.UTC(y, m - 1, d)).getUTCDay() + 6) % 7;
const daysIn = (y: number, m: number) => new Date(Date.UTC(y, m, 0)).getUTCDate();

export function dayOf(c: Cal, cn: Answer['cn'], y: number, m: number, d: number): Day {
  const day = iso(y, m, d);
  const week = (c.workdays ?? WEEK.slice(0, 5)).includes(WEEK[weekday(y, m, d)]!);
  if (c.make_up.includes(day)) return { iso: day, works: true, by: 'own' };
  if (c.holidays.includes(day)) return { iso: day, works: false, by: 'own' };
  if (c.cn && cn.make_up.includes(day)) return { iso: day, works: true, by: week ? null : 'cn' };
  if (c.cn && cn.holidays.includes(day)) return { iso: day, works: false, by: 'cn' };
  return { iso: day, works: week, by: null };
}

function Cell({ d, was, n, pick }: { d: Day; was: Day; n: number; pick: (k: Kind) => void }) {
  const changed = d.works !== was.works;
  const mark = d.by ? t(d.works ? 'cal_on_short' : 'cal_off_short') : '';
  const said = [
    d.iso,
    t(d.works ? 'cal_works' : 'cal_free'),
    d.by === 'cn' ? t('cal_by_cn') : d.by === 'own' ? t('cal_by_own') : '',
    changed ? t('cal_unpublished') : '',
  ].filter(Boolean);
  return (
    <Menu
      label={said.join(t('u_comma'))}
      items={[
        { title: t('cal_make_off'), icon: 'circle-check', onPick: () => pick('holiday') },
        { title: t('cal_make_on'), icon: 'pencil', onPick: () => pick('make_up') },
        ...(d.by === 'own'
          ? [{ title: t('cal_make_plain'), icon: 'undo-2', line: true, onPick: () => pick('plain') }]
          : []),
      ]}
      trigger={(open, toggle) => (
        <button
          type="button"
          class={`cal-d${d.works ? '' : ' is-off'}${d.by ? ` is-${d.by}` : ''}${changed ? ' is-new' : ''}`}
          aria-label={said.join(t('u_comma'))}
          title={said.slice(1).join(t('u_comma'))}
          aria-haspopup="menu"
          aria-expanded={open}
          onClick={toggle}
        >
          <span class="num">{n}</span>
          {mark ? <span class="cal-m">{mark}</span> : null}
        </button>
      )}
    />
  );
}

function Own({ c, drop }: { c: Cal; drop: (day: string) => void }) {
  const rows = [
    ...c.holidays.filter((d) => d !== 'cn').map((day) => ({ day, works: false })),
    ...c.make_up.map((day) => ({ day, works: true })),
  ].sort((a, b) => a.day.localeCompare(b.day));
  if (!rows.length) return <p class="mut s13">{t('cal_none')}</p>;
  return (
    <ul class="set-v card">
      {rows.map((r) => (
        <li key={`${r.day}${r.works}`}>
          <span class="num">{r.day}</span>
          <b>{t(r.works ? 'cal_works' : 'cal_free')}</b>
          <Button size="s" kind="ghost" class="push" onClick={() => drop(r.day)}>
            {t('set_drop')}
          </Button>
        </li>
      ))}
    </ul>
  );
}

export function CalendarPage({ app }: { app: string }) {
  const draft = draftOf(app);
  const now = new Date();
  const [at, setAt] = useState({ y: now.getFullYear(), m: now.getMonth() + 1 });
  const [got, setGot] = useState<Answer | null>(null);
  const [error, setError] = useState<string | null>(null);
  const path = `${adminPath(app)}/calendar`;
  useEffect(() => {
    api.get<Answer>(`${path}?year=${at.y}`).then(setGot, (e) => setError(say(e)));
  }, [app, at.y]);
  const put = async (day: string, kind: Kind) => {
    try {
      setGot(await api.put<Answer>(`${path}?year=${at.y}`, { day, kind }));
      setError(null);
      draft.saves.value += 1;
      void draft.load();
    } catch (e) {
      setError(say(e));
    }
  };
  const go = (by: number) => {
    const m = at.m - 1 + by;
    setAt({ y: at.y + Math.floor(m / 12), m: (((m % 12) + 12) % 12) + 1 });
  };
  const title = new Date(Date.UTC(at.y, at.m - 1, 1)).toLocaleDateString(lang.value, {
    year: 'numeric',
    month: 'long',
    timeZone: 'UTC',
  });
  const dayNames = Array.from({ length: 7 }, (_, i) =>
    new Date(Date.UTC(2024, 0, 1 + i)).toLocaleDateString(lang.value, { weekday: 'short', timeZone: 'UTC' }),
  );
  const changed = got && JSON.stringify(got.running) !== JSON.stringify(got.draft);
  return (
    <>
      <Top draft={draft} tab="settings" />
      <SetNav app={app} at="calendar" />
      <div class="scroll set">
        {error ? (
          <Note kind="bad" role="alert">
            {error}
          </Note>
        ) : null}
        {changed ? (
          <Note
            kind="acc"
            aside={
              <Button size="s" kind="main" href={`${adminPath(app)}/publish`}>
                {t('tab_publish')}
              </Button>
            }
          >
            {t('cal_draft')}
          </Note>
        ) : null}
        {!got && !error ? <Skeleton lines={6} label={t('loading')} /> : null}
        {got ? (
          <div class="cal-2">
            <section class="card cal">
              <header class="row">
                <IconButton icon="chevron-left" label={t('cal_before')} onClick={() => go(-1)} />
                <h2 class="s16 push cal-t" aria-live="polite">
                  {title}
                </h2>
                <IconButton icon="chevron-right" label={t('cal_after')} onClick={() => go(1)} />
              </header>
              <div class="cal-g" role="group" aria-label={title}>
                {dayNames.map((n) => (
                  <span class="cal-h" key={n}>
                    {n}
                  </span>
                ))}
                {Array.from({ length: weekday(at.y, at.m, 1) }, (_, i) => (
                  <span key={`b${i}`} />
                ))}
                {Array.from({ length: daysIn(at.y, at.m) }, (_, i) => {
                  const d = dayOf(got.draft, got.cn, at.y, at.m, i + 1);
                  return (
                    <Cell
                      key={d.iso}
                      d={d}
                      n={i + 1}
                      was={dayOf(got.running, got.cn, at.y, at.m, i + 1)}
                      pick={(k) => void put(d.iso, k)}
                    />
                  );
                })}
              </div>
              <p class="mut s12 cal-k">
                {got.draft.cn
                  ? t(at.y > got.cn_until ? 'cal_cn_late' : 'cal_cn', { year: got.cn_until })
                  : t('cal_no_cn')}
              </p>
            </section>
            <section class="col gap3">
              <h2 class="s16">{t('cal_own')}</h2>
              <Own c={got.draft} drop={(d) => void put(d, 'plain')} />
            </section>
          </div>
        ) : null}
      </div>
    </>
  );
}
