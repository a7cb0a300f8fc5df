import { batch, computed, type Signal, signal } from '@preact/signals';
import { api, formPath, recordPath, session } from '../api/client';
import type { FieldDef, FieldProblem, FormDef, Rec, Rule } from '../api/types';
import type { Compiled, Formula } from './formula';
import { problemText, t } from './text';
import { asRef, isBlank, isComputed, isNumeric, isRef, round, same, toServer, type Values } from './values';

/*
 * The state of one form on the screen: one signal per field, so that a key press redraws one field and what depends
 * on it. Rules (value, visible, required, readonly) are recomputed by the engine's own evaluator; what that cannot do
 * here is asked from the server, and the server has the last word when the form is sent.
 */

export interface Cell {
  def: FieldDef;
  /** as the API names it: company, items[2].qty */
  path: () => string;
  value: Signal<unknown>;
  error: Signal<string | null>;
  shown: Signal<boolean>;
  required: Signal<boolean>;
  readonly: Signal<boolean>;
  row: Row | null;
}

export interface Row {
  /** identity on the screen; `id` is the server's */
  nth: number;
  table: string;
  id: string | null;
  cells: Map<string, Cell>;
}

type What = 'value' | 'visible' | 'required' | 'readonly';
interface Node {
  what: What;
  key: string;
  table: string | null;
  def: FieldDef;
  text: string;
  fx: Compiled | null;
  /** absolute names it reads: company, items.qty, items (any), customer (a link) */
  reads: Set<string>;
  /** link fields whose own fields it reads */
  links: string[];
}

type Changes = Map<string, Set<Row> | null>;

function mark(changes: Changes, name: string, row: Row | null = null): void {
  const has = changes.get(name);
  if (row === null || has === null) changes.set(name, null);
  else if (has) has.add(row);
  else changes.set(name, new Set([row]));
}

const MAX_PASSES = 20;
const ASK_AFTER = 250;

/** Names in an expression that was not compiled here: enough to know when to ask the server again. */
function namesIn(text: string): string[] {
  const bare = text.replace(/"(?:[^"]|"")*"/g, ' ');
  return [...bare.matchAll(/[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*(?!\s*\()/gi)].map((m) => m[0]);
}

export class FormModel {
  readonly def: FormDef;
  readonly record: Rec | null;
  readonly cells = new Map<string, Cell>();
  readonly dirty = signal(false);
  /** grows with each change, for whoever keeps the draft */
  readonly changes = signal(0);
  readonly general = signal<string[]>([]);
  /** how much is wrong */
  readonly problems = computed(() => this.errors().length + this.general.value.length);
  private readonly base: Values;
  private nodes: Node[] = [];
  private formula: Formula | null = null;
  private attached = false;
  /** a visitor: nothing may be asked from the server */
  private offline = false;
  /** what changed since the last computation: names, and of a column the rows (null: all) */
  private changed: Changes = new Map();
  private scheduled = false;
  private lastNth = 0;
  private known = new Map<string, Values>();
  private asked = new Map<string, number>();
  private timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** rights that narrow the form's own: from the record or the flow node */
  private readonly rights: Record<string, string>;
  /** only these may be written (an approval node), or everything */
  private readonly only: Set<string> | null;

  constructor(
    def: FormDef,
    opts: { record?: Rec | null; copy?: Rec | null; only?: string[]; rights?: Record<string, string> } = {},
  ) {
    this.def = def;
    this.record = opts.record ?? null;
    this.rights = { ...(this.record?._fields ?? {}), ...opts.rights };
    this.only = opts.only ? new Set(opts.only) : null;
    this.base = {};
    for (const f of def.fields) {
      const v = this.record
        ? (this.record[f.key] ?? null)
        : opts.copy
          ? copied(f, opts.copy)
          : literalDefault(f);
      this.cells.set(f.key, this.makeCell(f, v, null, null));
      this.base[f.key] = this.record ? v : null;
    }
    this.nodes = this.collectNodes();
  }

  cell(key: string): Cell | undefined {
    return this.cells.get(key);
  }

  rows(key: string): Row[] {
    return (this.cells.get(key)?.value.value as Row[] | undefined) ?? [];
  }

  private locked(f: FieldDef, table: FieldDef | null): boolean {
    const right = this.rights[f.key];
    if (isComputed(f) || f.writable === false || (table && table.writable === false)) return true;
    if (right && right !== 'write') return true;
    if (this.only && !this.only.has(table ? table.key : f.key)) return true;
    return f.readonly === true;
  }

  private makeCell(f: FieldDef, v: unknown, row: Row | null, table: FieldDef | null): Cell {
    const cell: Cell = {
      def: f,
      path: () => (row && table ? `${table.key}[${this.rows(table.key).indexOf(row)}].${f.key}` : f.key),
      value: signal<unknown>(v),
      error: signal<string | null>(null),
      shown: signal(typeof f.visible !== 'string' && f.visible !== false),
      required: signal(f.required === true),
      readonly: signal(this.locked(f, table)),
      row,
    };
    if (f.type === 'table')
      cell.value.value = (Array.isArray(v) ? v : []).map((r) => this.makeRow(f, r as Values));
    return cell;
  }

  private makeRow(table: FieldDef, from: Values | null): Row {
    const row: Row = {
      nth: ++this.lastNth,
      table: table.key,
      id: (from?._id as string | undefined) ?? null,
      cells: new Map(),
    };
    for (const f of table.fields ?? []) {
      const v = from ? (from[f.key] ?? null) : literalDefault(f);
      row.cells.set(f.key, this.makeCell(f, v, row, table));
    }
    return row;
  }

  // ---- changes -------------------------------------------------------------------------------------------------

  set(cell: Cell, v: unknown): void {
    if (same(cell.value.peek(), v) && !isRef(v)) {
      cell.value.value = v;
      return;
    }
    cell.value.value = v;
    cell.error.value = null;
    this.touch(this.absolute(cell), cell.row);
    if (cell.def.type === 'link' && cell.def.form) this.follow(cell, asRef(v)?.id ?? null);
  }

  /** What comes with a chosen row: fields to fill (选择数据) and lookups through this link. */
  private follow(cell: Cell, id: string | null): void {
    const copy = Object.entries(cell.def.fill ?? {});
    const shown: [string, string][] = [];
    for (const c of (cell.row?.cells ?? this.cells).values()) {
      if (c.def.type !== 'lookup' || !c.def.value) continue;
      const [head, field, ...deeper] = c.def.value.split('.');
      if (head === cell.def.key && field && deeper.length === 0) shown.push([c.def.key, field]);
    }
    if (id === null) {
      for (const [to] of shown) this.show(cell, to, null);
      return;
    }
    if (copy.length + shown.length > 0) void this.bring(cell, id, copy, shown);
  }

  private show(beside: Cell, key: string, v: unknown): void {
    const dest = (beside.row?.cells ?? this.cells).get(key);
    if (!dest || same(dest.value.peek(), v)) return;
    dest.value.value = v;
    mark(this.changed, this.absolute(dest), dest.row);
    this.schedule();
  }

  private absolute(cell: Cell): string {
    return cell.row ? `${cell.row.table}.${cell.def.key}` : cell.def.key;
  }

  private touch(name: string, row: Row | null = null): void {
    mark(this.changed, name, row);
    this.dirty.value = true;
    this.changes.value++;
    this.schedule();
  }

  addRow(key: string, from: Values | null = null): Row | null {
    const cell = this.cells.get(key);
    if (!cell) return null;
    const row = this.makeRow(cell.def, from);
    cell.value.value = [...(cell.value.peek() as Row[]), row];
    cell.error.value = null;
    this.touch(key);
    return row;
  }

  removeRow(key: string, row: Row): void {
    const cell = this.cells.get(key);
    if (!cell) return;
    cell.value.value = (cell.value.peek() as Row[]).filter((r) => r !== row);
    this.touch(key);
  }

  copyRow(key: string, row: Row): void {
    const cell = this.cells.get(key);
    if (!cell) return;
    const all = cell.value.peek() as Row[];
    const copy = this.makeRow(cell.def, { ...this.rowValues(row), _id: undefined });
    const at = all.indexOf(row) + 1;
    cell.value.value = [...all.slice(0, at), copy, ...all.slice(at)];
    this.touch(key);
  }

  private async bring(
    cell: Cell,
    id: string,
    copy: [string, string][],
    shown: [string, string][],
  ): Promise<void> {
    const got = await this.know(
      cell.def.form!,
      id,
      [...copy, ...shown].map(([, from]) => from),
    );
    if (!got || asRef(cell.value.peek())?.id !== id) return;
    for (const [to, from] of copy) {
      const dest = (cell.row?.cells ?? this.cells).get(to);
      if (dest && from in got && !isBlank(got[from])) this.set(dest, got[from]);
    }
    for (const [to, from] of shown) this.show(cell, to, got[from] ?? null);
  }

  /** Fields of a linked row, read once; null where the caller may not read it. */
  private async know(form: string, id: string, fields: string[]): Promise<Values | null> {
    const at = `${form}/${id}`;
    const has = this.known.get(at);
    if (has && fields.every((f) => f in has)) return has;
    try {
      const want = [...new Set([...fields, ...Object.keys(this.def.linked?.[form]?.fields ?? {})])];
      const rec = await api.get<Rec>(`${recordPath(this.def.app, form, id)}?fields=${want.join(',')}`);
      const got: Values = { ...has };
      for (const f of want) got[f] = rec[f] ?? null;
      this.known.set(at, got);
      return got;
    } catch {
      this.known.set(at, { ...has });
      return null;
    }
  }

  // ---- rules ---------------------------------------------------------------------------------------------------

  private collectNodes(): Node[] {
    const out: Node[] = [];
    const add = (f: FieldDef, table: string | null, what: What, rule: Rule) => {
      if (typeof rule !== 'string' || rule === '') return;
      out.push({ what, key: f.key, table, def: f, text: rule, fx: null, reads: new Set(), links: [] });
    };
    const each = (f: FieldDef, table: string | null) => {
      if (f.type === 'formula' && f.stored !== true) add(f, table, 'value', f.value);
      add(f, table, 'visible', f.visible);
      add(f, table, 'required', f.required);
      add(f, table, 'readonly', f.readonly);
    };
    for (const f of this.def.fields) {
      for (const c of f.fields ?? []) each(c, f.key);
      each(f, null);
    }
    for (const n of out) this.bindNames(n, namesIn(n.text));
    return out;
  }

  private bindNames(n: Node, names: string[]): void {
    n.reads.clear();
    n.links = [];
    const table = n.table ? this.def.fields.find((f) => f.key === n.table) : null;
    for (const name of names) {
      const [head, ...rest] = name.split('.') as [string, ...string[]];
      if (head.toLowerCase() === 'parent') {
        if (rest[0]) this.bindOne(n, rest[0], rest.slice(1), null);
      } else if (table?.fields?.some((f) => f.key === head)) this.bindOne(n, head, rest, table);
      else this.bindOne(n, head, rest, null);
    }
  }

  private bindOne(n: Node, head: string, rest: string[], table: FieldDef | null): void {
    const f = (table ? table.fields : this.def.fields)?.find((x) => x.key === head);
    if (!f) return;
    const abs = table ? `${table.key}.${head}` : head;
    if (f.type === 'table' && rest[0]) n.reads.add(`${head}.${rest[0]}`);
    n.reads.add(abs);
    if (f.type === 'link' && rest.length) n.links.push(abs);
  }

  /** Gives the model its evaluator (null: none, the server computes) and computes everything once. */
  attach(formula: Formula | null, opts: { offline?: boolean } = {}): void {
    this.formula = formula;
    this.attached = true;
    this.offline = !!opts.offline;
    if (formula)
      for (const n of this.nodes) {
        const fx = formula.compile(n.table, n.text);
        n.fx = fx && !fx.remote ? fx : null;
        if (fx) this.bindNames(n, fx.refs.length ? fx.refs : namesIn(n.text));
      }
    this.defaults();
    mark(this.changed, '*');
    this.run();
  }

  private defaults(): void {
    if (this.record) return;
    for (const cell of this.cells.values()) {
      const d = cell.def.default as { expr?: string } | null | undefined;
      if (!d || typeof d !== 'object' || typeof d.expr !== 'string' || !isBlank(cell.value.peek())) continue;
      const fx = this.formula?.compile(null, d.expr) ?? null;
      if (fx && !fx.remote && this.formula) {
        this.formula.row(this.values());
        cell.value.value = this.fit(cell.def, this.formula.evaluate(fx, null, -1));
      } else
        this.ask({ expr: d.expr }, (v) => {
          if (isBlank(cell.value.peek()) && !isBlank(v)) {
            cell.value.value = this.fit(cell.def, v);
            mark(this.changed, cell.def.key);
            this.schedule();
          }
        });
    }
  }

  /** A computed value in the shape its field has. */
  private fit(f: FieldDef, v: unknown): unknown {
    if (isBlank(v)) return null;
    if (typeof v === 'number' && f.scale != null && isNumeric(f)) return round(v, f.scale);
    const me = session.peek()?.me;
    if (typeof v === 'string' && (f.type === 'member' || f.result === 'member') && me?.id === v)
      return { id: v, title: me.name };
    if (isRef(v) && !v.title && me?.id === v.id) return { id: v.id, title: me.name };
    if (typeof v === 'string' && (f.type === 'link' || f.type === 'member')) return { id: v, title: v };
    return v;
  }

  private schedule(): void {
    if (this.scheduled || !this.attached) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      this.run();
    });
  }

  /** The rows that a node has to be computed for; null: all (or the record), undefined: nothing it reads changed. */
  private touched(n: Node, changes: Changes): Set<Row> | null | undefined {
    if (changes.has('*')) return null;
    const rows = new Set<Row>();
    let any = false;
    const look = (name: string): boolean => {
      const of = changes.get(name);
      if (of === undefined) return true;
      any = true;
      if (of === null || n.table === null || !name.startsWith(`${n.table}.`)) return false; // everything
      for (const r of of) rows.add(r);
      return true;
    };
    for (const r of n.reads) {
      if (!look(r)) return null;
      const dot = r.indexOf('.');
      if (dot > 0 && !look(r.slice(0, dot))) return null;
    }
    if (n.table !== null && !look(n.table)) return null; // a new row has everything to compute
    return any ? rows : undefined;
  }

  private run(): void {
    batch(() => {
      for (let pass = 0; this.changed.size > 0 && pass < MAX_PASSES; pass++) this.pass();
    });
    this.changed.clear();
  }

  private pass(): void {
    const changes = this.changed;
    this.changed = new Map();
    let fresh = false;
    for (const n of this.nodes) {
      const rows = this.touched(n, changes);
      if (rows === undefined || !this.ready(n)) continue;
      if (!n.fx || !this.formula) {
        this.askNode(n);
        continue;
      }
      if (!fresh) {
        this.formula.row(this.values());
        fresh = true;
      }
      this.compute(n, n.fx, rows);
    }
  }

  private compute(n: Node, fx: Compiled, only: Set<Row> | null): void {
    if (n.table) {
      const rows = this.rows(n.table);
      rows.forEach((row, i) => {
        const cell = only && !only.has(row) ? undefined : row.cells.get(n.key);
        if (cell) this.apply(n, cell, this.formula!.evaluate(fx, n.table, i));
      });
    } else {
      const cell = this.cells.get(n.key);
      if (cell) this.apply(n, cell, this.formula!.evaluate(fx, null, -1));
    }
  }

  private apply(n: Node, cell: Cell, v: unknown): void {
    if (v === undefined) {
      this.askNode(n);
      return;
    }
    if (n.what === 'visible') cell.shown.value = v === true;
    else if (n.what === 'required') cell.required.value = v === true;
    else if (n.what === 'readonly') cell.readonly.value = v === true || this.locked(n.def, null);
    else {
      const next = this.fit(n.def, v);
      if (same(cell.value.peek(), next)) return;
      cell.value.value = next;
      mark(this.changed, n.table ? `${n.table}.${n.key}` : n.key, cell.row);
    }
  }

  /** Whether the linked rows that an expression looks into are known; asks for them when not. */
  private ready(n: Node): boolean {
    let ok = true;
    for (const abs of n.links) {
      const [head, inner] = abs.split('.') as [string, string | undefined];
      const cells = inner ? this.rows(head).map((r) => r.cells.get(inner)) : [this.cells.get(head)];
      for (const c of cells) {
        const to = asRef(c?.value.peek());
        if (!c || !to || !c.def.form) continue;
        const form = c.def.form;
        if (this.known.has(`${form}/${to.id}`)) continue;
        ok = false;
        if (this.record && !this.dirty.peek()) continue; // an untouched record came with its values
        this.know(form, to.id, []).then(() => {
          mark(this.changed, abs);
          this.schedule();
        });
      }
    }
    return ok;
  }

  // ---- the server's help ---------------------------------------------------------------------------------------

  private ask(body: { expr?: string; field?: string }, done: (v: unknown) => void): void {
    if (this.offline) return;
    api
      .post<{ value: unknown }>(`${formPath(this.def.app, this.def.form)}/eval`, {
        values: this.bodyValues(),
        ...body,
      })
      .then((a) => done(a.value))
      .catch(() => undefined); // what cannot be computed here is computed when the form is sent
  }

  private askNode(n: Node): void {
    if (n.table) return; // computed by the server on submit
    const cell = this.cells.get(n.key);
    if (!cell) return;
    const at = `${n.what}/${n.key}`;
    const turn = (this.asked.get(at) ?? 0) + 1;
    this.asked.set(at, turn);
    clearTimeout(this.timers.get(at));
    if (this.record && !this.dirty.peek() && n.what === 'value') return;
    this.timers.set(
      at,
      setTimeout(() => {
        this.ask(n.what === 'value' ? { field: n.key } : { expr: n.text }, (v) => {
          if (this.asked.get(at) !== turn) return;
          this.apply(n, cell, v);
          this.schedule();
        });
      }, ASK_AFTER),
    );
  }

  // ---- values --------------------------------------------------------------------------------------------------

  private rowValues(row: Row): Values {
    const out: Values = { _id: row.id };
    for (const [k, c] of row.cells) out[k] = c.value.peek();
    return out;
  }

  /** Everything as the evaluator sees it; links carry the fields that are known of them. */
  private values(): Values {
    const out: Values = {};
    if (this.record) for (const k of Object.keys(this.record)) if (k.startsWith('_')) out[k] = this.record[k];
    const deep = (c: Cell): unknown => {
      const v = c.value.peek();
      if (c.def.type === 'table')
        return (v as Row[]).map((r) => Object.fromEntries([...r.cells].map(([k, x]) => [k, deep(x)])));
      if (isRef(v) && c.def.form)
        return { ...this.known.get(`${c.def.form}/${v.id}`), id: v.id, title: v.title };
      return v ?? null;
    };
    for (const [k, c] of this.cells) out[k] = deep(c);
    return out;
  }

  private bodyOf(c: Cell): unknown {
    if (c.def.type !== 'table') return toServer(c.def, c.value.peek());
    return (c.value.peek() as Row[]).map((row) => {
      const out: Values = row.id ? { _id: row.id } : {};
      for (const [k, x] of row.cells)
        if (!isComputed(x.def) && x.def.writable !== false) out[k] = toServer(x.def, x.value.peek());
      return out;
    });
  }

  private bodyValues(): Values {
    const out: Values = {};
    for (const [k, c] of this.cells) if (!isComputed(c.def)) out[k] = this.bodyOf(c);
    return out;
  }

  private changedFromBase(c: Cell): boolean {
    if (c.def.type === 'table') {
      const now = this.bodyOf(c) as Values[];
      const was = (this.base[c.def.key] as Values[] | null) ?? [];
      if (now.length !== was.length) return true;
      return now.some((r, i) =>
        Object.keys(r).some((k) => !same(r[k], k === '_id' ? was[i]?._id : stored(was[i]?.[k]))),
      );
    }
    return !same(toServer(c.def, c.value.peek()), stored(this.base[c.def.key]));
  }

  /** What a create or an update sends: writable, shown fields; of a record only those that changed. */
  body(): Values {
    const out: Values = {};
    for (const [k, c] of this.cells) {
      if (isComputed(c.def) || c.def.writable === false) continue;
      if (!c.shown.peek() || (c.readonly.peek() && (this.record || isBlank(this.bodyOf(c))))) continue;
      if (c.readonly.peek() && this.locked(c.def, null)) continue;
      if (this.record ? this.changedFromBase(c) : !isBlank(this.bodyOf(c))) out[k] = this.bodyOf(c);
    }
    return out;
  }

  /** Plain values for the draft that is kept in this browser. */
  snapshot(): Values {
    const out: Values = {};
    for (const [k, c] of this.cells) {
      if (isComputed(c.def)) continue;
      out[k] =
        c.def.type === 'table' ? (c.value.peek() as Row[]).map((r) => this.rowValues(r)) : c.value.peek();
    }
    return out;
  }

  restore(values: Values): void {
    for (const [k, v] of Object.entries(values)) {
      const c = this.cells.get(k);
      if (!c || isComputed(c.def) || c.readonly.peek()) continue;
      if (c.def.type === 'table')
        c.value.value = (Array.isArray(v) ? v : []).map((r) => this.makeRow(c.def, r as Values));
      else c.value.value = v;
      mark(this.changed, k);
    }
    this.dirty.value = true;
    this.schedule();
  }

  // ---- checking ------------------------------------------------------------------------------------------------

  private *live(): Generator<Cell> {
    for (const c of this.cells.values()) {
      if (!c.shown.peek()) continue;
      yield c;
      if (c.def.type === 'table')
        for (const row of c.value.peek() as Row[])
          for (const x of row.cells.values()) if (x.shown.peek()) yield x;
    }
  }

  /** Checks what the page can check; false when something is wrong. Errors stand beside their fields. */
  validate(): boolean {
    let ok = true;
    this.general.value = [];
    for (const c of this.live()) {
      if (c.error.peek() && c.error.peek() === t('not_number')) {
        ok = false;
        continue;
      }
      const bad =
        c.readonly.peek() || isComputed(c.def) ? null : problemText(c.def, c.value.peek(), c.required.peek());
      c.error.value = bad;
      if (bad) ok = false;
    }
    return this.checks() && ok;
  }

  private checks(): boolean {
    if (!this.formula) return true;
    let ok = true;
    this.formula.row(this.values());
    const all = [
      ...(this.def.checks ?? []),
      ...this.def.fields
        .filter((f) => f.check)
        .map((f) => ({
          expr: f.check!,
          message: f.message ?? t('check_failed', { title: f.title }),
          at: f.key,
        })),
    ];
    for (const check of all) {
      const fx = this.formula.compile(null, check.expr);
      if (!fx || fx.remote || this.looksFar(fx)) continue;
      const holds = this.formula.evaluate(fx, null, -1);
      if (holds === true || holds === undefined) continue;
      const at = check.at ? this.cells.get(check.at) : undefined;
      if (at && !at.shown.peek()) continue;
      if (at) at.error.value ??= check.message;
      else this.general.value = [...this.general.peek(), check.message];
      ok = false;
    }
    return ok;
  }

  /** Reads a linked row that is not known here, or nothing the page has: the server checks that. */
  private looksFar(fx: Compiled): boolean {
    return fx.refs.some((r) => {
      const [head, ...rest] = r.split('.') as [string, ...string[]];
      if (head.startsWith('_') && !(this.record && head in this.record)) return true;
      const c = this.cells.get(head);
      const to = asRef(c?.value.peek());
      return (
        c?.def.type === 'link' && rest.length > 0 && to !== null && !this.known.has(`${c.def.form}/${to.id}`)
      );
    });
  }

  /** Puts the server's errors beside their fields; what has no field on the screen goes to the summary. */
  place(errors: FieldProblem[]): void {
    for (const e of errors) {
      const cell = this.find(e.field);
      if (cell && (cell.row || cell.shown.peek())) cell.error.value = e.message;
      else this.general.value = [...this.general.peek(), e.message];
    }
  }

  find(path: string): Cell | undefined {
    const m = /^([a-z][a-z0-9_]*)(?:\[(\d+)\])?(?:\.([a-z][a-z0-9_]*))?$/.exec(path ?? '');
    if (!m) return undefined;
    const top = this.cells.get(m[1]!);
    if (m[2] === undefined || !top) return top;
    const row = (top.value.peek() as Row[] | undefined)?.[Number(m[2])];
    return (m[3] ? row?.cells.get(m[3]) : undefined) ?? top;
  }

  /** Every field with an error, in reading order, for the summary. */
  errors(): { cell: Cell; text: string; label: string }[] {
    const out: { cell: Cell; text: string; label: string }[] = [];
    for (const c of this.cells.values()) {
      if (c.error.value) out.push({ cell: c, text: c.error.value, label: c.def.title });
      if (c.def.type === 'table')
        (c.value.value as Row[]).forEach((row, i) => {
          for (const x of row.cells.values())
            if (x.error.value)
              out.push({
                cell: x,
                text: x.error.value,
                label: t('row_of', { table: c.def.title, n: i + 1, title: x.def.title }),
              });
        });
    }
    return out;
  }
}

/** What a copy starts with: values that a person may give, rows without their ids. */
function copied(f: FieldDef, from: Rec): unknown {
  const v = from[f.key];
  if (isComputed(f) || f.readonly === true || f.writable === false || isBlank(v)) return literalDefault(f);
  return f.type === 'table' ? (v as Values[]).map((r) => ({ ...r, _id: undefined })) : v;
}

function stored(v: unknown): unknown {
  if (Array.isArray(v)) return v.map((x) => (isRef(x) ? x.id : x));
  return isRef(v) ? v.id : v;
}

function literalDefault(f: FieldDef): unknown {
  const d = f.default;
  if (d === undefined || d === null || (typeof d === 'object' && !Array.isArray(d) && 'expr' in d))
    return f.type === 'table' ? [] : null;
  return d;
}
