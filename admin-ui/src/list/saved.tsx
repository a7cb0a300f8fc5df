import { useEffect, useState } from 'preact/hooks';
import { api, formPath, newKey, say } from '../api/client';
import type { FormDef, Ref } from '../api/types';
import { Button, Check, confirm, Dialog, Field, Input, type MenuItem, Note, setParams, toast } from '../kit';
import { t } from './text';

/* Views that one keeps for oneself, and those that others share. */

export interface SavedView {
  id: string;
  title: string;
  mine: boolean;
  by: Ref | null;
  shared: string[];
  view: string | null;
  filter: string | null;
  sort: string | null;
  search: string | null;
  columns: string[];
  broken: boolean;
}
interface Answer {
  views: SavedView[];
  share_with: { key: string; title: string }[];
}

export function useSaved(def: FormDef) {
  const [got, set] = useState<Answer>({ views: [], share_with: [] });
  const load = () => api.get<Answer>(`${formPath(def.app, def.form)}/views`).then(set, () => undefined);
  useEffect(() => {
    void load();
  }, [def.app, def.form]);
  return { ...got, load };
}

/** What the list shows now, to be kept. */
export interface Now {
  view: string | null;
  filter: string;
  sort: string;
  search: string;
  columns: string[];
}

function body(now: Now) {
  return {
    view: now.view,
    filter: now.filter || null,
    sort: now.sort || null,
    search: now.search || null,
    columns: now.columns,
  };
}

export function savedItems(args: {
  def: FormDef;
  at: SavedView | undefined;
  now: Now;
  load: () => Promise<unknown>;
  onSave: () => void;
}): MenuItem[] {
  const { def, at } = args;
  const path = at ? `${formPath(def.app, def.form)}/views/${at.id}` : '';
  const run = async (what: Promise<unknown>, done: string) => {
    try {
      await what;
      await args.load();
      toast(done);
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
  };
  const items: MenuItem[] = [{ title: t('view_save'), icon: 'save', line: true, onPick: args.onSave }];
  if (at?.mine) {
    items.push({
      title: t('view_update', { title: at.title }),
      icon: 'pencil',
      onPick: () =>
        void run(api.put(path, { title: at.title, shared: at.shared, ...body(args.now) }), t('view_saved')),
    });
    items.push({
      title: t('view_drop', { title: at.title }),
      icon: 'trash-2',
      danger: true,
      onPick: async () => {
        const ok = await confirm({
          title: t('view_drop_title', { title: at.title }),
          ok: t('view_drop_ok'),
          danger: true,
        });
        if (!ok) return;
        setParams({ sv: null });
        await run(api.del(path), t('view_dropped'));
      },
    });
  }
  return items;
}

export function SaveDialog(props: {
  def: FormDef;
  now: Now;
  roles: { key: string; title: string }[];
  onClose: () => void;
  onSaved: (v: SavedView) => void;
}) {
  const [title, setTitle] = useState('');
  const [shared, setShared] = useState<string[]>([]);
  const [error, setError] = useState<string | null>(null);
  const save = async () => {
    if (!title.trim()) return;
    try {
      props.onSaved(
        await api.post<SavedView>(
          `${formPath(props.def.app, props.def.form)}/views`,
          { title: title.trim(), shared, ...body(props.now) },
          { key: newKey() },
        ),
      );
    } catch (e) {
      setError(say(e));
    }
  };
  return (
    <Dialog
      title={t('view_save')}
      onClose={props.onClose}
      onSubmit={() => void save()}
      footer={
        <>
          <Button kind="ghost" onClick={props.onClose}>
            {t('cancel')}
          </Button>
          <Button kind="main" type="submit" disabled={!title.trim()}>
            {t('view_save_ok')}
          </Button>
        </>
      }
    >
      <p class="mut s13">{t('view_save_text')}</p>
      {error ? <Note kind="bad">{error}</Note> : null}
      <Field label={t('view_title')} class="mt3">
        {(f) => <Input {...f} value={title} max={80} onInput={setTitle} autofocus />}
      </Field>
      {props.roles.length ? (
        <fieldset class="col gap1 mt3">
          <legend class="s13 mut">{t('view_share')}</legend>
          {props.roles.map((r) => (
            <Check
              key={r.key}
              checked={shared.includes(r.key)}
              label={r.title}
              onChange={(on) => setShared(on ? [...shared, r.key] : shared.filter((k) => k !== r.key))}
            />
          ))}
        </fieldset>
      ) : null}
    </Dialog>
  );
}
