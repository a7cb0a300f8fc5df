import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { hasRight } from '../api/session';
import { Button, Check, Combo, confirm, Dialog, Field, Input, Note, type Option, Select } from '../kit';
import { below, departmentOptions, memberOptions, parentOf, useProblems, type World } from './people_kit';
import { t } from './text';
import type { Department } from './types';

/* A department: new, renamed, moved, its head; an external organisation and its administrators; removed. */

export function DepartmentDialog(props: {
  w: World;
  of: Department | null;
  parent?: string | null;
  onClose: () => void;
  onDone: (text: string) => void;
}) {
  const { w, of } = props;
  const [name, setName] = useState(of?.title ?? '');
  const [parent, setParent] = useState<string | null>(of ? parentOf(of) : (props.parent ?? null));
  const [manager, setManager] = useState<string | null>(of?.manager?.id ?? null);
  const [external, setExternal] = useState(of?.external ?? false);
  const [admins, setAdmins] = useState<Option[]>(
    (of?.admins ?? []).map((a) => ({ key: a.id, title: a.title ?? '—' })),
  );
  const [busy, setBusy] = useState(false);
  const p = useProblems();
  const ours = hasRight('people');
  const inside = of ? below(w.departments, of.id) : new Set<string>();
  const org = of?.organisation ?? w.departments.find((d) => d.id === parent)?.organisation ?? null;
  const people = w.members.filter((m) => (m.organisation?.id ?? null) === (external ? (of?.id ?? '?') : org));
  const save = async () => {
    if (!name.trim()) return p.setErrors({ name: t('m_missing', { what: t('d_name') }) });
    setBusy(true);
    p.clear();
    const body = {
      name: name.trim(),
      ...(ours || (of && parentOf(of)) || !of ? { parent } : {}),
      manager,
      ...(ours ? { external } : {}),
      ...(of && external && ours ? { admins: admins.map((a) => a.key) } : {}),
    };
    try {
      if (of) await api.patch(`/admin/departments/${of.id}`, body);
      else await api.post('/admin/departments', body);
      props.onDone(of ? t('d_saved', { name: name.trim() }) : t('d_added', { name: name.trim() }));
    } catch (e) {
      p.take(e);
    } finally {
      setBusy(false);
    }
  };
  const remove = async () => {
    if (
      !of ||
      !(await confirm({
        title: t('d_remove', { name: of.title }),
        body: t('d_remove_text'),
        ok: t('d_remove_ok'),
        danger: true,
      }))
    )
      return;
    try {
      await api.del(`/admin/departments/${of.id}`);
      props.onDone(t('d_removed', { name: of.title }));
    } catch (e) {
      p.take(e);
    }
  };
  return (
    <Dialog
      title={of ? of.title : t('add_department')}
      onClose={props.onClose}
      onSubmit={() => void save()}
      footer={
        <>
          {of ? (
            <Button kind="bad-q" onClick={() => void remove()}>
              {t('d_remove_ok')}
            </Button>
          ) : null}
          <span class="push" />
          <Button onClick={props.onClose}>{t('cancel')}</Button>
          <Button kind="main" type="submit" busy={busy}>
            {t(of ? 'save' : 'm_go')}
          </Button>
        </>
      }
    >
      <div class="col col4">
        {p.other ? <Note kind="bad" title={p.other} role="alert" /> : null}
        <Field label={t('d_name')} error={p.errors.name} required>
          {(ids) => <Input {...ids} value={name} onInput={p.typed('name', setName)} max={120} autofocus />}
        </Field>
        <Field label={t('d_parent')} error={p.errors.parent}>
          {(ids) => (
            <Select
              {...ids}
              clearable
              value={parent}
              options={departmentOptions(w.departments.filter((d) => !inside.has(d.id)))}
              onChange={p.typed('parent', setParent)}
            />
          )}
        </Field>
        <Field label={t('d_manager')} error={p.errors.manager}>
          {(ids) => (
            <Select
              {...ids}
              clearable
              value={manager}
              options={memberOptions(people)}
              onChange={p.typed('manager', setManager)}
            />
          )}
        </Field>
        {ours ? (
          <Field error={p.errors.external} hint={t('d_external_hint')}>
            {() => <Check checked={external} label={t('d_external')} onChange={setExternal} />}
          </Field>
        ) : null}
        {ours && of && external ? (
          <Field label={t('d_admins')} error={p.errors.admins} hint={t('d_admins_hint')}>
            {(ids) => (
              <Combo {...ids} multi options={memberOptions(people)} value={admins} onChange={setAdmins} />
            )}
          </Field>
        ) : null}
      </div>
    </Dialog>
  );
}
