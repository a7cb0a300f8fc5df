import type { FieldDef, FormDef, Me } from '../api/types';

/*
 * formula.wasm (engine/docs/wasm.md): the engine's own evaluator in the browser, so that what one sees while typing is
 * what the server will decide. Nothing here knows what an expression means.
 */

interface Exports {
  memory: WebAssembly.Memory;
  _initialize?: () => void;
  fxw_alloc: (n: number) => number;
  fxw_reset: () => void;
  fxw_schema: (p: number, n: number) => number;
  fxw_compile: (f: number, fn: number, pa: number, pn: number, p: number, n: number) => number;
  fxw_refs: (h: number) => void;
  fxw_row: (p: number, n: number) => number;
  fxw_table: (p: number, n: number) => void;
  fxw_eval: (h: number, row: number) => number;
  fxw_number: (h: number, row: number) => number;
  fxw_now: (us: bigint, offset: number) => void;
  fxw_user: (p: number, n: number) => number;
  fxw_result: () => number;
  fxw_result_n: () => number;
}

const STORED = 2;
const SERVER = 4;

export interface Compiled {
  handle: number;
  /** names as written: qty, items.price, customer.level, parent.x */
  refs: string[];
  /** needs rows or functions that only the server has */
  remote: boolean;
  number?: boolean;
}

export interface Formula {
  /** null: does not compile here (a name the caller may not see, a type the page cannot hold) */
  compile(table: string | null, text: string): Compiled | null;
  row(values: unknown): void;
  /** `table`: in which sub-table `row` counts. undefined: this cannot be computed here */
  evaluate(h: Compiled, table: string | null, row: number): unknown;
}

const LETTER: Record<string, string> = {
  number: 'num',
  percent: 'num',
  rating: 'num',
  boolean: 'bool',
  date: 'date',
  datetime: 'datetime',
  time: 'time',
  link: 'link',
  links: 'links',
  member: 'member',
  members: 'members',
  department: 'dept',
  departments: 'depts',
  multiselect: 'texts',
  json: 'json',
  file: 'json',
  image: 'json',
  location: 'json',
  signature: 'json',
};

interface SchemaField {
  t: string;
  s?: number;
  f?: string;
  o?: string[];
}

function schemaField(form: string, f: FieldDef): SchemaField {
  if (f.type === 'table') return { t: 'rows', f: `${form}.${f.key}` };
  const type = ['formula', 'lookup', 'rollup'].includes(f.type) ? (f.result ?? 'number') : f.type;
  const out: SchemaField = { t: LETTER[type] ?? 'text' };
  if (f.scale != null) out.s = f.scale;
  if (f.form && (type === 'link' || type === 'links')) out.f = f.form;
  if (f.options) out.o = f.options.map((o) => o.key);
  return out;
}

/** The form and what its expressions reach, as fxw_schema takes it. */
export function schemaOf(def: FormDef): unknown {
  const forms: Record<string, { fields: Record<string, unknown> }> = {};
  for (const [form, f] of Object.entries(def.linked ?? {})) forms[form] = { fields: { ...f.fields } };
  const own: Record<string, unknown> = {};
  for (const f of def.fields) {
    own[f.key] = schemaField(def.form, f);
    if (f.type === 'table')
      forms[`${def.form}.${f.key}`] = {
        fields: Object.fromEntries(
          (f.fields ?? []).map((c) => [c.key, schemaField(`${def.form}.${f.key}`, c)]),
        ),
      };
    for (const x of [f, ...(f.fields ?? [])]) if (x.form && !forms[x.form]) forms[x.form] = { fields: {} };
  }
  forms[def.form] = { fields: { ...(forms[def.form]?.fields ?? {}), ...own } };
  return { forms, settings: def.settings ?? {}, roles: [] };
}

let binary: Promise<WebAssembly.Module> | null = null;

async function load(): Promise<WebAssembly.Module> {
  const res = await fetch('/assets/formula.wasm');
  if (!res.ok) throw new Error(`formula.wasm: ${res.status}`);
  return WebAssembly.compile(await res.arrayBuffer());
}

/** One evaluator for one form on the screen. Rejects where wasm is missing: the page then asks the server. */
export async function openFormula(def: FormDef, me: Me): Promise<Formula> {
  binary ??= load().catch((e) => {
    binary = null;
    throw e;
  });
  const instance = await WebAssembly.instantiate(await binary, {});
  const x = instance.exports as unknown as Exports;
  x._initialize?.();
  const enc = new TextEncoder();
  const dec = new TextDecoder();
  const put = (text: string): [number, number] => {
    const bytes = enc.encode(text);
    const p = x.fxw_alloc(bytes.length || 1);
    new Uint8Array(x.memory.buffer, p, bytes.length).set(bytes);
    return [p, bytes.length];
  };
  const result = (): unknown => {
    const n = x.fxw_result_n();
    return n ? JSON.parse(dec.decode(new Uint8Array(x.memory.buffer, x.fxw_result(), n))) : null;
  };
  const [sp, sn] = put(JSON.stringify(schemaOf(def)));
  if (x.fxw_schema(sp, sn) !== 0) throw new Error('formula.wasm: schema refused');
  x.fxw_reset();
  const user = {
    id: me.id,
    dept: me.departments[0]?.id ?? null,
    depts: me.departments.map((d) => d.id),
    roles: me.roles.map((r) => r.replace(/^.*:/, '')),
    settings: def.settings ?? {},
  };
  const [up, un] = put(JSON.stringify(user));
  x.fxw_user(up, un);
  x.fxw_reset();
  const offset = def.utc_offset ?? -new Date().getTimezoneOffset() * 60;
  const tick = () => x.fxw_now(BigInt(Date.now()) * 1000n, offset);
  const compiled = new Map<string, Compiled | null>();

  return {
    compile(table, text) {
      const at = `${table ?? ''}/${text}`;
      if (compiled.has(at)) return compiled.get(at)!;
      compiled.set(at, null);
      const [f, fn] = put(table ? `${def.form}.${table}` : def.form);
      const [pa, pn] = put(table ? def.form : '');
      const [p, n] = put(text);
      const handle = x.fxw_compile(f, fn, pa, pn, p, n);
      if (handle < 0) {
        x.fxw_reset();
        return null;
      }
      x.fxw_refs(handle);
      const info = result() as { refs?: string[]; flags?: number; type?: string } | null;
      x.fxw_reset();
      const got = {
        handle,
        refs: info?.refs ?? [],
        remote: ((info?.flags ?? 0) & (STORED | SERVER)) !== 0,
        number: info?.type === 'num',
      };
      compiled.set(at, got);
      return got;
    },
    row(values) {
      tick();
      const [p, n] = put(JSON.stringify(values));
      x.fxw_row(p, n);
    },
    evaluate(h, table, row) {
      if (table !== null) {
        const [p, n] = put(table);
        x.fxw_table(p, n);
      }
      if (h.number) {
        const v = x.fxw_number(h.handle, row);
        return Number.isFinite(v) ? v : Number.isNaN(v) ? null : undefined;
      }
      return x.fxw_eval(h.handle, row) === 0 ? result() : undefined;
    },
  };
}
