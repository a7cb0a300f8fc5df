// formula.wasm in node: the exports of engine/docs/wasm.md behind plain functions.
import { readFile } from 'node:fs/promises';

const enc = new TextEncoder();
const dec = new TextDecoder();

export async function openWasm(path = 'build/formula.wasm') {
  const module = await WebAssembly.compile(await readFile(path));
  const imports = WebAssembly.Module.imports(module);
  if (imports.length) throw new Error(`formula.wasm imports ${imports.map((i) => i.name)}`);
  const { exports: x } = await WebAssembly.instantiate(module, {});
  x._initialize?.();
  const put = (text) => {
    const bytes = enc.encode(text);
    const p = x.fxw_alloc(bytes.length || 1);
    new Uint8Array(x.memory.buffer, p, bytes.length).set(bytes);
    return [p, bytes.length];
  };
  const text = () => dec.decode(new Uint8Array(x.memory.buffer, x.fxw_result(), x.fxw_result_n()));
  return {
    x,
    schema: (s) => x.fxw_schema(...put(JSON.stringify(s))),
    user: (u) => x.fxw_user(...put(JSON.stringify(u))),
    now: (us, offset) => x.fxw_now(BigInt(us), offset),
    compile(form, parent, expr) {
      const handle = x.fxw_compile(...put(form), ...put(parent ?? ''), ...put(expr));
      return handle >= 0 ? { handle } : JSON.parse(text());
    },
    refs(handle) {
      x.fxw_refs(handle);
      return JSON.parse(text());
    },
    row: (r) => x.fxw_row(...put(JSON.stringify(r))),
    table: (t) => x.fxw_table(...put(t)),
    eval(handle, index = -1) {
      const rc = x.fxw_eval(handle, index);
      return rc === 0 ? JSON.parse(text()) : undefined;
    },
    // one expression over JSON variables: the text of the answer, or the first error
    vars(json, expr) {
      const vars = JSON.parse(json);
      x.fxw_reset();
      x.fxw_schema(...put(JSON.stringify(schemaOf(vars))));
      x.fxw_row(...put(json));
      const handle = x.fxw_compile(...put('vars'), ...put(''), ...put(expr));
      if (handle < 0) return { error: JSON.parse(text()).errors[0] };
      x.fxw_eval(handle, -1);
      return { text: text() };
    },
  };
}

// The types of plain values, as engine/formula/fx_vars.c takes them.
function schemaOf(vars) {
  const forms = {};
  const fieldOf = (path, v) => {
    if (v === null || v === undefined || v === '') return { t: 'blank' };
    if (typeof v === 'number') return { t: 'num' };
    if (typeof v === 'boolean') return { t: 'bool' };
    if (typeof v === 'string') return { t: 'text' };
    if (Array.isArray(v)) {
      if (v.length && v[0] !== null && typeof v[0] === 'object') {
        forms[path] = { fields: fieldsOf(path, v) };
        return { t: 'rows', f: path };
      }
      const { t } = fieldOf(path, v.find((item) => item !== null && item !== ''));
      return { t: { num: 'nums', bool: 'bools', text: 'texts' }[t] ?? 'blanks' };
    }
    forms[path] = { fields: fieldsOf(path, [v]) };
    return { t: 'link', f: path };
  };
  const fieldsOf = (path, rows) => {
    const out = {};
    for (const row of rows)
      for (const [k, v] of Object.entries(row))
        if (!out[k] || out[k].t === 'blank') out[k] = fieldOf(`${path}.${k}`, v);
    return out;
  };
  forms.vars = { fields: fieldsOf('vars', [vars]) };
  return { forms };
}
