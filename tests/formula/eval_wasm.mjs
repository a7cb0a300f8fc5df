// mortise eval --via wasm: NOW_US OFFSET_S one EXPR VARS, or NOW_US OFFSET_S - with cases on standard input.
import { readFileSync, writeSync } from 'node:fs';
import { openWasm } from './wasm.mjs';

const [now, offset, mode, expr, vars] = process.argv.slice(2);
const fx = await openWasm('build/formula-full.wasm');
fx.now(BigInt(now), Number(offset));
// as runtime/cmd_eval.c: 15 significant digits
const digits = (k, v) => (typeof v === 'number' ? Number(v.toPrecision(15)) : v);
const out = [];
const run = (text, json) => {
  const { text: value, error } = fx.vars(json, text);
  if (error) process.exitCode = 1;
  out.push(error ? JSON.stringify({ error: { column: error.column, message: error.message_en } }) : JSON.stringify(JSON.parse(value, digits)));
};
if (mode === '-') {
  for (const line of readFileSync(0, 'utf8').split('\n')) {
    if (!line.trim()) continue;
    const c = JSON.parse(line);
    run(c.expr, JSON.stringify(c.vars ?? {}));
  }
} else run(expr, vars);
writeSync(1, out.length ? `${out.join('\n')}\n` : '');
