import { useEffect, useMemo, useState } from 'preact/hooks';
import { api, Problem, say } from '../api/client';
import { forgetForms } from '../api/forms';
import { loadApps } from '../api/session';
import { lang } from '../i18n';
import { number } from '../i18n/format';
import { Button, Empty, Field, Icon, Input, Note, navigate, Skeleton, Textarea, toast } from '../kit';
import { DiffCount, DiffView } from './diffview';
import { adminPath, type Draft, draftOf } from './draft';
import { t } from './text';
import { Top } from './top';
import type { Change, FileDiff, Kind, Plan } from './types';

/* /admin/apps/{app}/publish: what publishing would change, in words and in text; the confirmation; the button. */

const KINDS: Kind[] = ['blocked', 'destructive', 'confirm', 'safe'];
const LOOK: Record<Kind, { icon: string; dot: string; mark: string; text: string }> = {
  blocked: { icon: 'ban', dot: 'd-grey', mark: '', text: '' },
  destructive: { icon: 'trash-2', dot: 'd-red', mark: 'bad', text: 'bad' },
  confirm: { icon: 'replace', dot: 'd-amber', mark: 'warn', text: 'wrn' },
  safe: { icon: 'check', dot: 'd-green', mark: 'ok', text: 'ok' },
};

/** "forms/lead.yaml: fields.phone" in its two parts. */
function place(path: string): { file: string; key: string } {
  const at = path.search(/:(\s|$)/);
  return at < 0 ? { file: path, key: '' } : { file: path.slice(0, at), key: path.slice(at + 1).trim() };
}

function placeText(path: string): string {
  const p = place(path);
  return p.key ? `${p.file}: ${p.key}` : p.file;
}

/** On a phone the details stand below the list. */
function showDetail(): void {
  if (matchMedia('(max-width: 720px)').matches)
    requestAnimationFrame(() => document.querySelector('.pub-m')?.scrollIntoView({ block: 'start' }));
}

function effect(c: Change): string {
  const rows = typeof c.rows === 'number' && c.rows > 0 ? c.rows : 0;
  if (rows && (c.kind === 'destructive' || c.kind === 'confirm'))
    return t(`effect_${c.kind}_rows`, { n: number(rows) });
  return t(`effect_${c.kind}`);
}

/** What has to be typed: the key that goes, or the app's when there are several. */
function wordOf(app: string, plan: Plan): string {
  const lost = plan.changes.filter((c) => c.kind === 'destructive');
  const key = lost.length === 1 ? place(lost[0]!.path).key.split('.').pop() : '';
  return key || app;
}

function Changes(props: { plan: Plan; at: Change | null; pick: (c: Change) => void }) {
  return (
    <div class="scroll">
      {KINDS.map((k) => {
        const list = props.plan.changes.filter((c) => c.kind === k);
        if (!list.length) return null;
        return (
          <section key={k}>
            <h2 class={`ghd ${LOOK[k].text}`}>
              <span>{t(`kind_n_${k}`)}</span>
              <span class="cnt">{t(`kind_h_${k}`)}</span>
            </h2>
            <ul>
              {list.map((c) => (
                <li key={`${c.path}/${c.text}`}>
                  <button
                    type="button"
                    class={`chg-i${c === props.at ? ' is-cur' : ''}`}
                    aria-current={c === props.at ? 'true' : undefined}
                    onClick={() => props.pick(c)}
                  >
                    <span class={`tl-i${LOOK[k].mark ? ` tl-i--${LOOK[k].mark}` : ''}`}>
                      <Icon name={LOOK[k].icon} />
                    </span>
                    <span class="grow">
                      <span class="m blk">{c.text}</span>
                      <span class="s12 dim blk mono cut">{placeText(c.path)}</span>
                    </span>
                    {c.rows ? (
                      <span class="s12 dim num nowrap">{t('rows_n', { n: number(c.rows) })}</span>
                    ) : null}
                  </button>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}

function Detail(props: { draft: Draft; c: Change; diffs: FileDiff[]; onUndone: () => void }) {
  const { draft, c } = props;
  const [busy, setBusy] = useState(false);
  const { file } = place(c.path);
  const d = props.diffs.find((x) => x.path === file);
  const undo = async () => {
    setBusy(true);
    try {
      await draft.revert(file);
      toast(t('undone_file', { file }));
      props.onUndone();
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <header class="row wrap">
        <span class={`tl-i${LOOK[c.kind].mark ? ` tl-i--${LOOK[c.kind].mark}` : ''}`}>
          <Icon name={LOOK[c.kind].icon} />
        </span>
        <div class="grow">
          <h2 class="s16 b">{c.text}</h2>
          <p class="s12 dim mono">{placeText(c.path)}</p>
        </div>
        {d ? (
          <Button size="s" icon="undo-2" busy={busy} onClick={() => void undo()}>
            {t('undo_file')}
          </Button>
        ) : null}
      </header>
      <div class="scroll pub-b" tabIndex={0} role="region" aria-label={c.text}>
        <section>
          <h3 class="sec-h">{t('words')}</h3>
          <p class="s13">{effect(c)}</p>
        </section>
        <section>
          <h3 class="sec-h">
            {t('file_diff')} <span class="mono cnt">{file}</span>
            <span class="push" />
            {d ? <DiffCount was={d.was} is={d.is} /> : null}
          </h3>
          {d ? (
            <DiffView key={file} file={file} was={d.was} is={d.is} />
          ) : (
            <p class="s13 dim">{t('no_file_diff')}</p>
          )}
          {d?.is != null ? (
            <p class="mt2">
              <a
                class="link s13"
                href={`/admin/apps/${encodeURIComponent(draft.app)}?file=${encodeURIComponent(file)}`}
              >
                {t('goto_file')}
              </a>
            </p>
          ) : null}
        </section>
      </div>
    </>
  );
}

function Side(props: {
  draft: Draft;
  plan: Plan;
  typed: string;
  setTyped: (v: string) => void;
  note: string;
  setNote: (v: string) => void;
  busy: boolean;
  onPublish: () => void;
}) {
  const { draft, plan } = props;
  const word = wordOf(draft.app, plan);
  const blocked = plan.changes.filter((c) => c.kind === 'blocked').length;
  const lost = plan.changes.filter((c) => c.kind === 'destructive').length;
  const errors = plan.errors.length;
  const open = draft.dirty.value.size;
  const unsure = plan.data_loss && props.typed.trim() !== word;
  const why = errors
    ? t('why_errors', { n: errors })
    : blocked
      ? t('why_blocked', { n: blocked })
      : unsure
        ? t('why_confirm')
        : null;
  return (
    <aside class="pub-r" aria-label={t('tab_publish')}>
      <section>
        <h2 class="sec-h">{t('check')}</h2>
        <ul class="chk">
          <li>
            <Icon name={errors ? 'circle-x' : 'circle-check'} class={errors ? 'bad' : 'ok'} />
            <span>{errors ? t('errors_n', { n: errors }) : t('check_ok')}</span>
          </li>
          {blocked ? (
            <li>
              <Icon name="circle-x" class="bad" />
              <span>{t('why_blocked', { n: blocked })}</span>
            </li>
          ) : null}
          {open ? (
            <li>
              <Icon name="triangle-alert" class="wrn" />
              <span>{t('why_unsaved', { n: open })}</span>
            </li>
          ) : null}
        </ul>
      </section>
      {plan.data_loss ? (
        <section>
          <h2 class="sec-h">{t('confirm_loss')}</h2>
          <p class="s13 mut">{t('confirm_loss_text', { n: Math.max(1, lost), word })}</p>
          <div class="mt2">
            <Input
              class="mono"
              label={t('confirm_loss_label', { word })}
              placeholder={word}
              value={props.typed}
              onInput={props.setTyped}
            />
          </div>
        </section>
      ) : null}
      <section>
        <Field label={t('note')}>
          {(ids) => (
            <Textarea
              {...ids}
              value={props.note}
              onInput={props.setNote}
              placeholder={t('note_ph')}
              max={500}
            />
          )}
        </Field>
      </section>
      <footer>
        <p class="s12 dim">{plan.from ? t('publish_hint', { n: plan.from }) : t('publish_hint_first')}</p>
        <Button
          kind={plan.data_loss ? 'bad' : 'main'}
          block
          icon="rocket"
          busy={props.busy}
          disabled={!!why || !plan.plan_hash}
          onClick={props.onPublish}
        >
          {t('publish_n', { n: plan.from + 1 })}
        </Button>
        {why ? (
          <p class="s12 bad row gap1">
            <Icon name="circle-alert" size="s" />
            {why}
          </p>
        ) : null}
      </footer>
    </aside>
  );
}

export function PlanPage(props: { app: string }) {
  const draft = draftOf(props.app);
  const [plan, setPlan] = useState<Plan | null>(null);
  const [diffs, setDiffs] = useState<FileDiff[]>([]);
  const [failed, setFailed] = useState<string | null>(null);
  const [at, setAt] = useState<string | null>(null);
  const [typed, setTyped] = useState('');
  const [note, setNote] = useState('');
  const [busy, setBusy] = useState(false);
  const l = lang.value;

  const load = async () => {
    setFailed(null);
    try {
      const p = await draft.plan();
      await draft.load();
      setDiffs(p.from ? await draft.diff(p.from) : []);
      setPlan(p);
      draft.errors.value = p.errors;
    } catch (e) {
      setFailed(say(e));
    }
  };
  useEffect(() => void load(), [draft, l]);
  useEffect(() => {
    if (!plan?.backfill) return;
    const timer = setTimeout(() => void load(), 2000);
    return () => clearTimeout(timer);
  }, [plan]);

  const sorted = useMemo(
    () => (plan ? [...plan.changes].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind)) : []),
    [plan],
  );
  const idOf = (c: Change) => `${c.path}/${c.text}`;
  const now = sorted.find((c) => idOf(c) === at) ?? sorted[0] ?? null;

  const publish = async () => {
    if (!plan?.plan_hash) return;
    setBusy(true);
    try {
      const body = {
        plan_hash: plan.plan_hash,
        allow_data_loss: plan.data_loss,
        ...(note.trim() ? { note: note.trim() } : {}),
      };
      const a = await api.post<{ version: number }>(`${adminPath(props.app)}/publish`, body);
      forgetForms();
      loadApps(true).catch(() => undefined);
      setTyped('');
      setNote('');
      toast(t('published', { n: a.version }), {
        action: {
          title: t('tab_versions'),
          run: () => void navigate(`/admin/apps/${encodeURIComponent(props.app)}/versions`),
        },
      });
    } catch (e) {
      if (e instanceof Problem && e.code === 'plan_changed') toast(t('plan_changed'), { kind: 'info' });
      else toast(say(e), { kind: 'bad' });
    } finally {
      setBusy(false);
      await load();
    }
  };

  const counts = KINDS.slice()
    .reverse()
    .map((k) => ({ k, n: plan?.changes.filter((c) => c.kind === k).length ?? 0 }))
    .filter((x) => x.n);
  return (
    <>
      <Top draft={draft} tab="publish">
        <Button
          size="s"
          kind="ghost"
          icon="scan-search"
          title={t('sim_title')}
          href={`/admin/apps/${encodeURIComponent(props.app)}/simulate`}
        >
          <span class="dk">{t('sim_short')}</span>
        </Button>
        <Button size="s" kind="ghost" icon="refresh-cw" title={t('refresh_plan')} onClick={() => void load()}>
          <span class="dk">{t('refresh_plan')}</span>
        </Button>
      </Top>
      {plan?.backfill ? (
        <p class="row gap1 s13 mut pub-fill" role="status">
          <Icon name="refresh-cw" />
          {t('filling', { done: number(plan.backfill.done), total: number(plan.backfill.total) })}
        </p>
      ) : null}
      {failed ? (
        <Empty icon="circle-alert" title={t('failed')} text={failed}>
          <Button onClick={() => void load()}>{t('retry')}</Button>
        </Empty>
      ) : !plan ? (
        <Skeleton title lines={8} label={t('loading')} />
      ) : !plan.changes.length && !plan.errors.length ? (
        <Empty icon="check-check" title={t('plan_none')} text={t('plan_none_text', { n: plan.from })}>
          <Button href={`/admin/apps/${encodeURIComponent(props.app)}`}>{t('tab_files')}</Button>
        </Empty>
      ) : (
        <div class="pub">
          <section class="pub-l" aria-label={t('plan_title')}>
            <header>
              <h1 class="s16 b">{t('plan_next', { n: plan.from + 1 })}</h1>
              <p class="s12 mut">{plan.from ? t('plan_from', { n: plan.from }) : t('plan_first')}</p>
              <ul class="psum">
                {counts.map(({ k, n }) => (
                  <li key={k}>
                    <span class={`dot ${LOOK[k].dot}`} aria-hidden="true" />
                    {t(`kind_n_${k}`)} <b class="num">{n}</b>
                  </li>
                ))}
              </ul>
            </header>
            {plan.changes.length ? null : <p class="s13 dim pub-w">{t('plan_wait')}</p>}
            <Changes
              plan={plan}
              at={now}
              pick={(c) => {
                setAt(idOf(c));
                showDetail();
              }}
            />
          </section>
          <section class="pub-m" aria-label={now?.text ?? t('problems')}>
            {plan.errors.length ? (
              <div class="pub-e">
                <Note kind="bad" title={t('plan_errors', { n: plan.errors.length })} role="alert">
                  <ul class="col col1 mt1">
                    {plan.errors.slice(0, 20).map((m) => (
                      <li key={`${m.file}:${m.line}:${m.message}`}>
                        <a
                          href={`/admin/apps/${encodeURIComponent(props.app)}?file=${encodeURIComponent(m.file)}&line=${m.line}&col=${m.column}`}
                        >
                          <span class="mono">
                            {m.file}:{m.line}
                          </span>{' '}
                          {m.message}
                        </a>
                      </li>
                    ))}
                  </ul>
                </Note>
              </div>
            ) : null}
            {now ? (
              <Detail key={idOf(now)} draft={draft} c={now} diffs={diffs} onUndone={() => void load()} />
            ) : null}
          </section>
          <Side
            draft={draft}
            plan={plan}
            typed={typed}
            setTyped={setTyped}
            note={note}
            setNote={setNote}
            busy={busy}
            onPublish={() => void publish()}
          />
        </div>
      )}
    </>
  );
}
