import { signal } from '@preact/signals';
import { api, Problem, send } from '../api/client';
import { lang } from '../i18n';
import type { CheckAnswer, DraftFile, FileDiff, Mistake, Plan, PutAnswer } from './types';

/*
 * One app's draft: the files on the server, and what is typed here and not saved yet. It lives as long as the
 * designer, so that going to the plan and back loses nothing; the editor keeps its own state (undo, scroll) in `view`.
 */

export interface Buffer {
  path: string;
  /** the text and the ETag that edits are based on; etag null: a file that is not on the server yet */
  base: string;
  etag: string | null;
  /** the text as typed, when it differs from `base` */
  text: string | null;
  /** what the editor remembers about this file (CodeMirror's EditorState) */
  view?: unknown;
}

export type Opened = { state: 'ok'; buffer: Buffer } | { state: 'removed' } | { state: 'gone' };
export type Saved = { state: 'ok' } | { state: 'conflict'; theirs: string | null; etag: string | null };

export function adminPath(app: string): string {
  return `/admin/apps/${encodeURIComponent(app)}`;
}
const filePath = (app: string, path: string) =>
  `${adminPath(app)}/draft/${path.split('/').map(encodeURIComponent).join('/')}`;

const mime = (path: string) => `${path.endsWith('.yaml') ? 'text/yaml' : 'text/plain'}; charset=utf-8`;

export class Draft {
  readonly app: string;
  readonly files = signal<DraftFile[] | null>(null);
  readonly version = signal<number | null>(null);
  readonly errors = signal<Mistake[]>([]);
  readonly warnings = signal<Mistake[]>([]);
  /** null: not asked yet */
  readonly checked = signal(false);
  readonly checking = signal(false);
  readonly dirty = signal<ReadonlySet<string>>(new Set());
  /** counts the saves, so that a plan knows when it is old */
  readonly saves = signal(0);
  private readonly buffers = new Map<string, Buffer>();

  constructor(app: string) {
    this.app = app;
  }

  async load(): Promise<void> {
    const a = await api.get<{ files: DraftFile[]; version: number | null }>(`${adminPath(this.app)}/draft`);
    this.files.value = a.files;
    this.version.value = a.version;
  }

  async check(): Promise<void> {
    this.checking.value = true;
    try {
      this.take(await api.post<CheckAnswer>(`${adminPath(this.app)}/check`));
    } finally {
      this.checking.value = false;
    }
  }

  private take(a: CheckAnswer): void {
    this.errors.value = a.errors ?? [];
    if (a.warnings) this.warnings.value = a.warnings;
    this.checked.value = true;
  }

  /** The file's buffer, read from the server the first time. */
  async open(path: string): Promise<Opened> {
    const have = this.buffers.get(path);
    if (have?.text != null) return { state: 'ok', buffer: have };
    try {
      const got = await send<string>('GET', filePath(this.app, path), undefined, {
        headers: { Accept: '*/*' },
      });
      // the same text as before keeps the editor's state: undo, scroll, selection
      const buffer: Buffer =
        have && have.base === got.data
          ? Object.assign(have, { etag: got.etag })
          : { path, base: got.data ?? '', etag: got.etag, text: null };
      this.buffers.set(path, buffer);
      return { state: 'ok', buffer };
    } catch (e) {
      if (!(e instanceof Problem) || e.status !== 404) throw e;
      const removed = this.files.peek()?.some((f) => f.path === path && f.change === 'removed');
      return { state: removed ? 'removed' : 'gone' };
    }
  }

  /** The editor says what stands in it now. */
  typed(path: string, text: string): void {
    const b = this.buffers.get(path);
    if (!b) return;
    b.text = text === b.base ? null : text;
    const now = new Set(this.dirty.peek());
    if (b.text === null) now.delete(path);
    else now.add(path);
    if (now.size !== this.dirty.peek().size) this.dirty.value = now;
  }

  forget(path: string): void {
    this.buffers.delete(path);
    const now = new Set(this.dirty.peek());
    if (now.delete(path)) this.dirty.value = now;
  }

  /** Writes the buffer when the server's file is still the one it is based on. */
  async save(path: string): Promise<Saved> {
    const b = this.buffers.get(path);
    if (!b || b.text === null) return { state: 'ok' };
    const text = b.text;
    try {
      await this.put(path, text, b.etag);
      return { state: 'ok' };
    } catch (e) {
      if (!(e instanceof Problem) || e.status !== 412) throw e;
      try {
        const got = await send<string>('GET', filePath(this.app, path), undefined, {
          headers: { Accept: '*/*' },
        });
        return { state: 'conflict', theirs: got.data ?? '', etag: got.etag };
      } catch {
        return { state: 'conflict', theirs: null, etag: null };
      }
    }
  }

  /** After a conflict: mine over theirs. */
  async overwrite(path: string, etag: string | null): Promise<void> {
    const b = this.buffers.get(path);
    if (b?.text != null) await this.put(path, b.text, etag);
  }

  /** Writes a text; etag null makes a new file. */
  async put(path: string, text: string, etag: string | null): Promise<void> {
    const headers: Record<string, string> = { 'Content-Type': mime(path) };
    if (etag) headers['If-Match'] = etag;
    else headers['If-None-Match'] = '*';
    const a = await api.put<PutAnswer>(filePath(this.app, path), undefined, { raw: text, headers });
    const b = this.buffers.get(path);
    if (b) {
      const later = b.text !== null && b.text !== text ? b.text : null; // typed while saving
      Object.assign(b, { base: text, etag: a.etag, text: text });
      this.typed(path, later ?? text);
    }
    this.take(a);
    this.saves.value++;
    await this.load().catch(() => undefined);
  }

  /** Takes the file out of the draft; answers its text, so that it can be put back. */
  async remove(path: string): Promise<string> {
    const got = await send<string>('GET', filePath(this.app, path), undefined, {
      headers: { Accept: '*/*' },
    });
    await api.del(filePath(this.app, path), got.etag ? { ifMatch: got.etag } : {});
    this.forget(path);
    this.saves.value++;
    await Promise.all([this.load(), this.check()]);
    return got.data ?? '';
  }

  /** What differs between the running version (or `from`) and the draft. */
  async diff(from?: number): Promise<FileDiff[]> {
    const v = from ?? this.version.peek();
    if (!v) return [];
    const a = await api.get<{ files: FileDiff[] }>(`${adminPath(this.app)}/versions/${v}/diff?to=draft`);
    return a.files;
  }

  /** Makes one file as it is in the running version. */
  async revert(path: string): Promise<void> {
    const d = (await this.diff()).find((f) => f.path === path);
    this.forget(path);
    if (!d) return;
    if (d.was === null) await this.remove(path);
    else {
      await this.load(); // the ETag as it is now: this is not an edit of an older text
      const etag = this.files.peek()?.find((f) => f.path === path && f.change !== 'removed')?.etag ?? null;
      await this.put(path, d.was, d.is === null ? null : etag);
    }
  }

  plan(): Promise<Plan> {
    return api.post<Plan>(`${adminPath(this.app)}/plan`);
  }
}

const drafts = new Map<string, Draft>();

export function draftOf(app: string): Draft {
  let d = drafts.get(app);
  if (!d) {
    d = new Draft(app);
    drafts.set(app, d);
  }
  return d;
}

/** Everything typed and not saved, over all apps. */
export function unsaved(): number {
  let n = 0;
  for (const d of drafts.values()) n += d.dirty.value.size;
  return n;
}

addEventListener('beforeunload', (e) => {
  if (unsaved() > 0) e.preventDefault();
});

// what the server says is in the old language: ask again
lang.subscribe(() => {
  for (const d of drafts.values()) if (d.checked.peek()) d.check().catch(() => undefined);
});
