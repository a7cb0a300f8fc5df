import { useState } from 'preact/hooks';
import { Icon, IconButton, SearchBox, Skeleton } from '../kit';
import type { Draft } from './draft';
import { t } from './text';
import type { DraftFile } from './types';

/* The files of a draft by folder, with what differs from the running version, mistakes and what is not saved. */

const ORDER = [
  '',
  'forms',
  'flows',
  'automations',
  'dashboards',
  'monitors',
  'scripts',
  'prints',
  'i18n',
  'people',
  'data',
  'data/demo',
  'tests',
];
const ICONS: Record<string, string> = {
  lua: 'file-code',
  csv: 'file-spreadsheet',
  html: 'printer',
  yaml: 'file-text',
};
const CLOSED = new Set(['data/demo', 'tests']);

export function folderOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at < 0 ? '' : path.slice(0, at);
}
export function folderTitle(folder: string): string {
  const key = `folder_${folder || 'root'}` as 'folder_root';
  const text = t(key);
  return text ?? folder;
}
const rank = (f: string) => (ORDER.includes(f) ? ORDER.indexOf(f) : ORDER.length);

function groups(files: DraftFile[]): [string, DraftFile[]][] {
  const by = new Map<string, DraftFile[]>();
  for (const f of files) {
    const g = folderOf(f.path);
    by.set(g, [...(by.get(g) ?? []), f]);
  }
  return [...by.entries()].sort((a, b) => rank(a[0]) - rank(b[0]) || (a[0] < b[0] ? -1 : 1));
}

function FileRow({ draft, f, current }: { draft: Draft; f: DraftFile; current: boolean }) {
  const name = f.path.slice(folderOf(f.path).length).replace(/^\//, '');
  const errors = draft.errors.value.filter((e) => e.file === f.path).length;
  const dirty = draft.dirty.value.has(f.path);
  return (
    <li>
      <a
        href={`/admin/apps/${encodeURIComponent(draft.app)}?file=${encodeURIComponent(f.path)}`}
        aria-current={current ? 'page' : undefined}
        class={f.change === 'removed' ? 'is-removed' : ''}
        title={f.path}
      >
        <Icon name={ICONS[name.split('.').pop() ?? ''] ?? 'file-text'} size="s" />
        <span class="cut">{name}</span>
        <span class="push" />
        {dirty ? <span class="fdot" role="img" title={t('unsaved')} aria-label={t('unsaved')} /> : null}
        {errors ? (
          <span class="badge badge--hot" title={t('errors_n', { n: errors })}>
            {errors}
          </span>
        ) : null}
        {f.change ? <span class={`fch fch--${f.change}`}>{t(`change_${f.change}`)}</span> : null}
      </a>
    </li>
  );
}

export function Tree(props: { draft: Draft; file: string | null; onNew: () => void }) {
  const { draft } = props;
  const [q, setQ] = useState('');
  const [shut, setShut] = useState<ReadonlySet<string>>(CLOSED);
  const all = draft.files.value;
  const needle = q.trim().toLowerCase();
  const files = (all ?? []).filter((f) => !needle || f.path.toLowerCase().includes(needle));
  const toggle = (g: string) => {
    const next = new Set(shut);
    if (!next.delete(g)) next.add(g);
    setShut(next);
  };
  const here = props.file ? folderOf(props.file) : null;
  return (
    <nav class="ftree" aria-label={t('files')}>
      <div class="row ftree-h">
        <SearchBox value={q} onInput={setQ} label={t('find_file')} hotkey class="grow" />
        <IconButton icon="file-plus" label={t('new_file')} onClick={props.onNew} />
      </div>
      <div class="scroll">
        {!all ? <Skeleton lines={9} label={t('loading')} /> : null}
        {all && !files.length ? <p class="s13 dim ftree-e">{t('no_match')}</p> : null}
        {groups(files).map(([g, list]) => {
          const open = !!needle || !shut.has(g) || g === here;
          return (
            <section key={g}>
              {g ? (
                <h2>
                  <button type="button" aria-expanded={open} onClick={() => toggle(g)}>
                    <Icon name={open ? 'chevron-down' : 'chevron-right'} size="s" />
                    <span class="cut">{folderTitle(g)}</span>
                    <span class="push cnt">{list.length}</span>
                  </button>
                </h2>
              ) : null}
              {open ? (
                <ul>
                  {list.map((f) => (
                    <FileRow key={f.path} draft={draft} f={f} current={f.path === props.file} />
                  ))}
                </ul>
              ) : null}
            </section>
          );
        })}
      </div>
    </nav>
  );
}
