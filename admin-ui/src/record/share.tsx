import { useEffect, useMemo, useState } from 'preact/hooks';
import { api, Problem, recordPath, say } from '../api/client';
import type { FieldDef, FormDef, Ref } from '../api/types';
import { FormModel } from '../form/model';
import { FieldBox } from '../form/view';
import { moment } from '../i18n/format';
import { Button, Dialog, IconButton, Note } from '../kit';
import { t } from './text';

/* Whom a record is shared with, and sharing it with more. */

interface Share {
  to: Ref;
  can: string[];
  until: string | null;
}

export function ShareDialog({ def, id, onClose }: { def: FormDef; id: string; onClose: () => void }) {
  const path = `${recordPath(def.app, def.form, id)}/share`;
  const [shares, setShares] = useState<Share[]>([]);
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const words = ['read', 'comment', 'history', 'print'] as const;
  const model = useMemo(
    () =>
      new FormModel({
        ...def,
        fields: [
          { key: 'to', type: 'members', title: t('share_to'), required: true, writable: true },
          {
            key: 'can',
            type: 'multiselect',
            title: t('share_can'),
            writable: true,
            default: ['read'],
            options: words.map((w) => ({ key: w, title: t(`can_${w}`) })),
          },
          { key: 'until', type: 'date', title: t('share_until'), writable: true },
        ] as unknown as FieldDef[],
        layout: [],
        views: [],
        checks: [],
        buttons: [],
      }),
    [],
  );
  const load = () =>
    api
      .get<{ shares: Share[] }>(path)
      .then((r) => setShares(r.shares))
      .catch((e) => setFailed(say(e)));
  useEffect(() => {
    void load();
  }, []);
  const go = async () => {
    setFailed(null);
    if (!model.validate()) return;
    setBusy(true);
    try {
      const body = model.body();
      setShares((await api.post<{ shares: Share[] }>(path, { ...body, can: body.can ?? ['read'] })).shares);
    } catch (e) {
      if (e instanceof Problem) model.place(e.errors);
      setFailed(say(e));
    } finally {
      setBusy(false);
    }
  };
  const revoke = async (s: Share) => {
    try {
      await api.del(`${path}/${encodeURIComponent(s.to.id)}`);
    } catch (e) {
      setFailed(say(e));
    }
    await load();
  };
  return (
    <Dialog
      title={t('share')}
      onClose={onClose}
      onSubmit={() => void go()}
      footer={
        <>
          <Button onClick={onClose}>{t('close')}</Button>
          <Button kind="main" type="submit" busy={busy}>
            {t('share')}
          </Button>
        </>
      }
    >
      <p class="mut s13">{t('share_help')}</p>
      {failed ? (
        <Note kind="bad" role="alert">
          {failed}
        </Note>
      ) : null}
      <div class="col col4 mt2">
        {[...model.cells.values()].map((c) => (
          <FieldBox key={c.def.key} cell={c} model={model} span="" form="share-" />
        ))}
      </div>
      {shares.map((s) => (
        <div class="file mt2" key={s.to.id}>
          <span class="cut grow">{s.to.title}</span>
          <span class="dim s12">{s.can.map((c) => t(`can_${c as 'read'}`)).join('、')}</span>
          {s.until ? <span class="dim s12">{moment(s.until)}</span> : null}
          <IconButton
            small
            icon="x"
            label={t('share_revoke', { name: s.to.title ?? '' })}
            onClick={() => void revoke(s)}
          />
        </div>
      ))}
    </Dialog>
  );
}
