// Expressions, native beside WebAssembly in one run: `make bench-formula`. Each number is the best of 200 short rounds on one core.
// Both compile once and evaluate the same record again and again: native in a loop in C over fx_eval(), WebAssembly in a loop in
// JavaScript over fxw_number(), so its figure holds the call from JavaScript into the module and choosing the record, too.
// Limits: 10 M evaluations/s native and 2 us to compile `qty * price * (1 - discount)`, WebAssembly at most 4 times native.
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { openWasm } from '../formula/wasm.mjs';

const EXPR = 'qty * price * (1 - discount)';
const N = 50_000;
const native = execFileSync('build/release/tests/bench/bench_fx', { encoding: 'utf8' });
process.stdout.write(native);
const [, rate, compile] = /M?\s([\d.]+) M evaluations\/s\s+([\d.]+) us compile/.exec(native.split('\n')[0]);

const fx = await openWasm('build/formula.wasm');
fx.schema({ forms: { f: { fields: { qty: { t: 'num' }, price: { t: 'num' }, discount: { t: 'num' } } } } });
fx.row({ qty: 3, price: 19.9, discount: 0.1 });
const { handle } = fx.compile('f', null, EXPR);
const { fxw_number: number, fxw_set: set } = fx.x;
if (Math.abs(number(handle, -1) - 53.73) > 1e-9) throw new Error('wrong value');
const best = (fn) => {
  let s = Infinity;
  for (let round = 0; round < 200; round++) {
    const from = performance.now();
    fn();
    s = Math.min(s, performance.now() - from);
  }
  return (s / N) * 1e6; // ns
};
let sum = 0;
const same = best(() => { for (let i = 0; i < N; i++) sum += number(handle, -1); });
const changed = best(() => { for (let i = 0; i < N; i++) { set(0, i & 1023); sum += number(handle, -1); } });
const ns = 1000 / Number(rate);
const gz = gzipSync(readFileSync('build/formula.wasm'), { level: 9 }).length;
console.log(`${EXPR}: native ${ns.toFixed(1)} ns, wasm ${same.toFixed(1)} ns (${(same / ns).toFixed(2)} x), after a changed input ${changed.toFixed(1)} ns`);
console.log(`formula.wasm: ${gz} bytes gzip, imports ${WebAssembly.Module.imports(new WebAssembly.Module(readFileSync('build/formula.wasm'))).length}`);
const fine = Number(rate) >= 10 && Number(compile) <= 2 && same <= 4 * ns && gz <= 40960 && sum > 0;
console.log(fine ? 'within the limits' : 'OUTSIDE THE LIMITS');
process.exitCode = fine ? 0 : 1;
