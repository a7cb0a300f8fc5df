import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { api, boot, newKey, Problem, say } from '../api/client';
import type { FormDef } from '../api/types';
import { LangMenu, ThemeMenu } from '../app/prefs';
import { lang } from '../i18n';
import { Button, Empty, Logo, Skeleton, useTitle } from '../kit';
import { settled, uploads } from './files';
import { openFormula } from './formula';
import { type Cell, FormModel } from './model';
import { t } from './text';
import { ErrorSummary, FormView, focusCell } from './view';

/* A form that anybody with its address may fill in: no session, only the fields that its definition shows. */

interface PublicForm {
  title: string;
  captcha: boolean;
  show: string[];
  form: FormDef;
}

const NOBODY = { id: '', login: '', name: '', roles: [], departments: [] };

export function PublicPage({ token }: { token: string }) {
  const [got, setGot] = useState<PublicForm | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const [turn, setTurn] = useState(0);
  const l = lang.value;
  const path = `/public/${encodeURIComponent(token)}`;
  useEffect(() => {
    uploads.value = `/api/v1${path}/files`;
    return () => {
      uploads.value = '/api/v1/files';
    };
  }, [path]);
  useEffect(() => {
    api.get<PublicForm>(path, { quiet401: true }).then(setGot).catch(setFailed);
  }, [token, l]);
  return (
    <div class="public">
      <header class="row gap3">
        <span class="biglogo">
          <Logo />
        </span>
        <b>{boot.name ?? 'Mortise'}</b>
        <span class="push" />
        <LangMenu />
        <ThemeMenu />
      </header>
      <main class="card" id="main">
        {failed ? (
          <Empty
            icon="map"
            title={t('public_gone')}
            text={failed instanceof Problem && failed.status === 404 ? t('public_gone_text') : say(failed)}
          />
        ) : got ? (
          <PublicForm_ key={turn} got={got} path={path} again={() => setTurn(turn + 1)} />
        ) : (
          <Skeleton title lines={8} />
        )}
      </main>
    </div>
  );
}

function PublicForm_({ got, path, again }: { got: PublicForm; path: string; again: () => void }) {
  useTitle(got.title);
  const def = useMemo((): FormDef => {
    const fields = got.show
      .map((k) => got.form.fields.find((f) => f.key === k))
      .filter((f) => f !== undefined);
    return {
      ...got.form,
      fields: fields.map((f) => ({ ...f, writable: true })),
      layout: [{ columns: 1, fields: fields.map((f) => ({ key: f.key })) }],
      checks: (got.form.checks ?? []).filter((c) => !c.at || got.show.includes(c.at)),
      flow: null,
    };
  }, [got]);
  const model = useMemo(() => new FormModel(def), [def]);
  const [busy, setBusy] = useState(false);
  const [sent, setSent] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const key = useRef(newKey());
  useEffect(() => {
    openFormula(def, NOBODY)
      .catch(() => null)
      .then((f) => model.attach(f, { offline: true }));
  }, [model]);
  if (sent)
    return (
      <Empty icon="circle-check" title={t('public_sent')} text={t('public_sent_text')}>
        <Button onClick={again}>{t('public_again')}</Button>
      </Empty>
    );
  const goTo = (c: Cell) => focusCell(c, model);
  const submit = async () => {
    setFailed(null);
    setBusy(true);
    await settled();
    if (!model.validate()) {
      setBusy(false);
      const first = model.errors()[0];
      if (first) goTo(first.cell);
      return;
    }
    try {
      await api.post(path + location.search, model.body(), { key: key.current, quiet401: true });
      setSent(true);
    } catch (e) {
      if (e instanceof Problem && e.status >= 400 && e.status < 500) key.current = newKey();
      if (e instanceof Problem) model.place(e.errors);
      setFailed(say(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      class="formcol"
      noValidate
      onSubmit={(e) => {
        e.preventDefault();
        void submit();
      }}
    >
      <h1>{got.title}</h1>
      <ErrorSummary model={model} goTo={goTo} failed={failed} />
      <FormView model={model} tab={0} onTab={() => undefined} />
      <Button kind="main" block type="submit" busy={busy}>
        {t('submit')}
      </Button>
    </form>
  );
}
