// What a spreadsheet makes of an Excel formula: fast-formula-parser reads it, @formulajs/formulajs
// computes its functions.  opinion() is a second one, fast-formula-parser's own functions.
// Both are libraries of others, used in tests only.
import { createRequire } from 'node:module';

process.env.TZ = 'UTC'; // formulajs makes local Dates
const require = createRequire(import.meta.url);
const js = require('@formulajs/formulajs');
const Parser = require('fast-formula-parser');
const nzh = require('nzh/cn');
const { FormulaError } = Parser;
const DAY = 86400000;
const EPOCH = Date.UTC(1899, 11, 30);

export const serial = (date) => (date.getTime() - EPOCH) / DAY;

// formulajs compares errors by identity; these are its own.
const jsErrors = Object.fromEntries(
  [js.SQRT(-1), js.QUOTIENT(1, 0), js.FIND('x', 'a'), js.NA()].map((e) => [e.message, e]),
);

const intoJs = (v) =>
  v instanceof FormulaError ? (jsErrors[v.error] ?? jsErrors['#VALUE!'])
  : Array.isArray(v) ? v.map(intoJs)
  : v;

const outOfJs = (v) =>
  v instanceof FormulaError ? v
  : v instanceof Error ? new FormulaError(v.message)
  : v instanceof Date ? serial(v)
  : Array.isArray(v) ? v.map((x) => (Array.isArray(x) ? x.map(outOfJs) : [outOfJs(x)]))
  : v;

const RAW = ['SUMIF', 'INDEX', 'AVERAGEIF', 'IF']; // fast-formula-parser hands these references

function wrap(name, fn = js[name]) {
  const plain = (arg) => (arg && typeof arg === 'object' && 'value' in arg ? arg.value : arg);
  if (!RAW.includes(name)) return (...args) => outOfJs(fn(...args.map((a) => intoJs(plain(a)))));
  return (parser, ...args) =>
    outOfJs(fn(...args.map((a) => intoJs(plain(a && a.ref ? parser.retrieveRef(a) : a)))));
}

// Functions of Excel that neither library has, made of nothing but JavaScript.
const own = {
  RMB: (x) => nzh.toMoney(x.value, { outSymbol: false }),
  TEXTSPLIT: (text, separator) => text.value.split(separator.value).map((s) => [s]),
  REGEX: (text, pattern) => new RegExp(`^(?:${pattern.value})$`, 'u').test(text.value),
};

function parser(functions) {
  let vars;
  let names;
  const p = new Parser({
    functions: { ...functions, ...own },
    onVariable: (name) => {
      const row = names.indexOf(name) + 1;
      if (!row) return null;
      const v = vars[name];
      return Array.isArray(v) ? { from: { row: 1, col: row }, to: { row: v.length, col: row } } : { row: 1, col: row };
    },
    onCell: ({ row, col }) => {
      const v = vars[names[col - 1]];
      return Array.isArray(v) ? v[row - 1] : v;
    },
    onRange: ({ from }) => vars[names[from.col - 1]].map((v) => [v]),
  });
  return (formula, values) => {
    vars = { blank_: null, ...values };
    names = Object.keys(vars);
    const log = console.log;
    const error = console.error;
    console.log = console.error = () => {}; // the number formatter talks
    try {
      const v = p.parse(formula, { row: 99, col: 99 }, true);
      return v instanceof FormulaError ? { error: v.error } : { value: v };
    } catch (e) {
      return { error: e.error ?? '#ERROR!', crash: e.details?.message ?? e.message };
    } finally {
      Object.assign(console, { log, error });
    }
  };
}

const jsNames = Object.keys(js).filter((k) => /^[A-Z0-9]+$/.test(k) && typeof js[k] === 'function');
export const oracle = parser({
  ...Object.fromEntries(jsNames.map((k) => [k, wrap(k)])),
  STDEV: wrap('STDEV', js.STDEV.S),
  RANK: wrap('RANK', js.RANK.EQ),
  UNIQUE: wrap('UNIQUE', (list) => js.UNIQUE(...list.flat())), // formulajs takes arguments, not a range
});
export const opinion = parser({});

// Our text as Excel writes it, outside quotes: lists in braces, BLANK as an empty cell.
export function excelText(text) {
  return text.replace(/("(?:[^"]|"")*")|\[((?:"(?:[^"]|"")*"|[^\]"])*)\]|\bBLANK\b|(\d)e(\d)/g, (m, quoted, items, d, e) =>
    quoted ? m
    : items !== undefined ? `{${items.replace(/("(?:[^"]|"")*")|\([^)]*\)|,/g, (x) => (x === ',' ? ';' : x))}}`
    : m === 'BLANK' ? 'blank_'
    : `${d}e+${e}`,
  );
}

const near = (a, b) => Math.abs(a - b) <= 1e-14 * Math.max(Math.abs(a), Math.abs(b));

// Whether our JSON value is what the spreadsheet says: an error is blank, a day is its serial number.
export function same(ours, { value, error }) {
  if (error || value === null || value === '') return ours === null;
  if (Array.isArray(value)) {
    const flat = value.flat();
    return Array.isArray(ours) ? flat.length === ours.length && flat.every((v, i) => same(ours[i], { value: v })) : flat.length === 1 && same(ours, { value: flat[0] });
  }
  if (typeof value !== 'number' || typeof ours === 'number') return typeof value === 'number' ? near(ours, value) : ours === value;
  const time = /^(\d\d):(\d\d):(\d\d)$/.exec(ours);
  if (time) return Math.abs((+time[1] * 3600 + +time[2] * 60 + +time[3]) / 86400 - value) < 1e-9;
  if (!/^\d{4}-\d\d-\d\d/.test(ours)) return false;
  return Math.abs(serial(new Date(ours)) - value) < 1e-9;
}
