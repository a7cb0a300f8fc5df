import { useEffect, useRef, useState } from 'preact/hooks';
import { api, formPath, query } from '../api/client';
import type { FormDef, ListAnswer, Rec, ViewDef } from '../api/types';

/* Rows of a list, a page at a time by cursor; old rows stay while new ones are on the way. */

export const PAGE = 50;

export interface ListQuery {
  view: string | null;
  search: string;
  filter: string;
  sort: string;
  fields: string[];
}
export interface ListState {
  rows: Rec[] | null;
  total: number | null;
  atLeast: boolean;
  more: boolean;
  busy: boolean;
  error: unknown;
}

const EMPTY: ListState = { rows: null, total: null, atLeast: false, more: false, busy: true, error: null };

function args(q: ListQuery) {
  return { view: q.view, search: q.search, filter: q.filter, sort: q.sort };
}

export function useList(def: FormDef, q: ListQuery) {
  const [state, set] = useState<ListState>(EMPTY);
  const [turn, setTurn] = useState(0);
  const next = useRef<string | null>(null);
  const loading = useRef(false);
  const path = formPath(def.app, def.form);
  const id = JSON.stringify([def.app, def.form, q]);

  useEffect(() => {
    const stop = new AbortController();
    loading.current = true;
    set((s) => ({ ...s, busy: true, error: null }));
    api
      .get<ListAnswer>(`${path}/records${query({ ...args(q), fields: q.fields.join(','), limit: PAGE })}`, {
        signal: stop.signal,
      })
      .then((a) => {
        loading.current = false;
        next.current = a.next;
        set({
          rows: a.records,
          total: a.total,
          atLeast: a.total_is === 'at_least',
          more: !!a.next,
          busy: false,
          error: null,
        });
      })
      .catch((error) => {
        if ((error as Error).name === 'AbortError') return;
        loading.current = false;
        set((s) => ({ ...s, busy: false, error }));
      });
    return () => stop.abort();
  }, [id, turn]);

  const loadMore = async () => {
    if (loading.current || !next.current) return;
    loading.current = true;
    set((s) => ({ ...s, busy: true }));
    try {
      const a = await api.get<ListAnswer>(
        `${path}/records${query({ ...args(q), fields: q.fields.join(','), limit: PAGE, after: next.current, count: 'none' })}`,
      );
      next.current = a.next;
      set((s) => {
        const seen = new Set(s.rows?.map((r) => r._id));
        return {
          ...s,
          rows: [...(s.rows ?? []), ...a.records.filter((r) => !seen.has(r._id))],
          more: !!a.next,
          busy: false,
        };
      });
    } catch (error) {
      set((s) => ({ ...s, busy: false, error }));
    } finally {
      loading.current = false;
    }
  };
  return { ...state, loadMore, reload: () => setTurn((n) => n + 1) };
}

/** The totals of a view over everything that matches, or null where the server gives none. */
export function useTotals(
  def: FormDef,
  view: ViewDef | undefined,
  q: ListQuery,
  turn: unknown,
): Record<string, number> | null {
  const [got, set] = useState<Record<string, number> | null>(null);
  const totals = Object.entries(view?.totals ?? {}).filter(([k]) => def.fields.some((f) => f.key === k));
  const id = JSON.stringify([def.app, def.form, q.view, q.search, q.filter, totals]);
  useEffect(() => {
    set(null);
    if (!totals.length) return;
    const stop = new AbortController();
    const metrics = totals.map(([k, fn]) => `${fn}(${k})`);
    api
      .get<{ rows: Record<string, number>[] }>(
        `${formPath(def.app, def.form)}/aggregate${query({ metrics: metrics.join(','), view: q.view, search: q.search, filter: q.filter })}`,
        { signal: stop.signal },
      )
      .then((a) => {
        const row = a.rows[0] ?? {};
        set(Object.fromEntries(totals.map(([k], i) => [k, Number(row[metrics[i]!] ?? 0)])));
      })
      .catch(() => undefined);
    return () => stop.abort();
  }, [id, turn]);
  return got;
}
