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
    // the text of the answer, or the first error
    vars(json, expr) {
      x.fxw_reset();
      const rc = x.fxw_vars(...put(json), ...put(expr));
      return rc === 0 ? { text: text() } : { error: JSON.parse(text()).errors[0] };
    },
  };
}
