// mortise eval --via wasm: WASM NOW_US OFFSET_S one EXPR VARS, or WASM NOW_US OFFSET_S - with cases on standard input. The
// program carries this file and wasm.mjs as one text (build/gen/eval_wasm.h); WASM is a file of its own to be removed.
import { readFileSync, unlinkSync, writeSync } from 'node:fs';
import { openWasm } from './wasm.mjs';

const [file, now, offset, mode, expr, vars] = process.argv.slice(1);
const fx = await openWasm(file);
if (/\/mortise-\w{6}$/.test(file)) unlinkSync(file);
fx.now(BigInt(now), Number(offset));
// as runtime/cmd_eval.c: 15 significant digits
const digits = (k, v) => (typeof v === 'number' ? Number(v.toPrecision(15)) : v);
const out = [];
const run = (text, json) => {
  const { text: value, error } = fx.vars(json, text);
  if (error) process.exitCode = 1;
  out.push(error ? JSON.stringify({ error: { column: error.column, message: error.message_en || 'The expression does not compile.' } }) : JSON.stringify(JSON.parse(value, digits)));
};
if (mode === '-') {
  for (const line of readFileSync(0, 'utf8').split('\n')) {
    if (!line.trim()) continue;
    const c = JSON.parse(line);
    run(c.expr, JSON.stringify(c.vars ?? {}));
  }
} else run(expr, vars);
const bytes = Buffer.from(out.length ? `${out.join('\n')}\n` : '');
for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
