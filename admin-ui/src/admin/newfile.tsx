import { useState } from 'preact/hooks';
import { Problem, say } from '../api/client';
import { Button, Dialog, Field, Input, navigate, Select } from '../kit';
import type { Draft } from './draft';
import { t } from './text';

/* A new file of the draft, begun so that it passes the check. */

type Kind = 'form' | 'dashboard' | 'script' | 'test' | 'other';
const KEY = /^[a-z][a-z0-9_]{0,62}$/;
const PATH = /^(?:[a-z0-9_][a-z0-9_-]*\/){0,3}[A-Za-z0-9_][A-Za-z0-9_.-]*\.(?:yaml|lua|csv|html)$/;

const quoted = (text: string) => (/^[\p{L}\p{N}][\p{L}\p{N} _-]*$/u.test(text) ? text : JSON.stringify(text));

const BEGIN: Record<
  Exclude<Kind, 'other'>,
  { path: (k: string) => string; text: (title: string, key: string) => string }
> = {
  form: {
    path: (k) => `forms/${k}.yaml`,
    text: (title, key) => `form: ${key}
title: ${quoted(title)}
record_title: name
fields:
  name: {type: text, title: 名称, required: true, max: 120}
  note: {type: textarea, title: 备注}
views:
  all: {title: 全部, type: grid, columns: [name, _created_at], sort: [-_created_at]}
permissions:
  everyone: {everyone: true, can: [read, create]}
`,
  },
  dashboard: {
    path: (k) => `dashboards/${k}.yaml`,
    text: (title) => `title: ${quoted(title)}
columns: 12
widgets: {}
`,
  },
  script: {
    path: (k) => `scripts/${k}.lua`,
    text: (title, key) => `-- ${title}
local ${key} = {}

function ${key}.before_create(rec, ctx)
end

return ${key}
`,
  },
  test: {
    path: (k) => `tests/${k}.lua`,
    text: (title) => `-- ${title}
return {
}
`,
  },
};
const KINDS: Kind[] = ['form', 'dashboard', 'script', 'test', 'other'];

export function NewFile(props: { draft: Draft; onClose: () => void }) {
  const { draft } = props;
  const [kind, setKind] = useState<Kind>('form');
  const [key, setKey] = useState('');
  const [title, setTitle] = useState('');
  const [path, setPath] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const at = kind === 'other' ? path.trim() : BEGIN[kind].path(key.trim());
  const bad = (): string | null => {
    if (kind === 'other') {
      if (!PATH.test(at) || at.includes('..')) return t('new_bad_path');
    } else if (!KEY.test(key.trim())) return t('new_bad_key');
    return draft.files.value?.some((f) => f.path === at && f.change !== 'removed') ? t('new_exists') : null;
  };
  const create = async () => {
    const wrong = bad();
    setError(wrong);
    if (wrong || busy) return;
    setBusy(true);
    try {
      await draft.put(
        at,
        kind === 'other' ? '' : BEGIN[kind].text(title.trim() || t('untitled'), key.trim()),
        null,
      );
      props.onClose();
      navigate(`/admin/apps/${encodeURIComponent(draft.app)}?file=${encodeURIComponent(at)}`);
    } catch (e) {
      setError(e instanceof Problem && e.status === 412 ? t('new_exists') : say(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t('new_title')}
      onClose={props.onClose}
      onSubmit={() => void create()}
      footer={
        <>
          <Button onClick={props.onClose}>{t('cancel')}</Button>
          <Button kind="main" type="submit" busy={busy}>
            {t('new_go')}
          </Button>
        </>
      }
    >
      <div class="col col4">
        <Field label={t('new_kind')}>
          {(ids) => (
            <Select
              {...ids}
              value={kind}
              options={KINDS.map((k) => ({ key: k, title: t(`kind_${k}`) }))}
              onChange={(k) => {
                setKind(k ?? 'form');
                setError(null);
              }}
            />
          )}
        </Field>
        {kind === 'other' ? (
          <Field label={t('new_path')} hint={t('new_path_hint')} error={error} required>
            {(ids) => <Input {...ids} value={path} onInput={setPath} max={160} class="mono" />}
          </Field>
        ) : (
          <>
            <Field label={t('new_name')}>
              {(ids) => <Input {...ids} value={title} onInput={setTitle} max={60} />}
            </Field>
            <Field label={t('new_key')} hint={key.trim() ? at : t('new_key_hint')} error={error} required>
              {(ids) => <Input {...ids} value={key} onInput={setKey} max={63} class="mono" />}
            </Field>
          </>
        )}
      </div>
    </Dialog>
  );
}
