/* Lines of two texts compared (Myers), folded to what changed with a few lines around. */

export interface DiffLine {
  kind: 'same' | 'add' | 'del' | 'gap';
  /** line numbers in the old and the new text */
  a?: number;
  b?: number;
  text: string;
  /** of a gap: how many lines it hides */
  n?: number;
}
export interface Diff {
  lines: DiffLine[];
  added: number;
  removed: number;
  /** too large to compare */
  big: boolean;
}

const AROUND = 3;
const MAX_LINES = 4000;
const MAX_EDITS = 1500;

const split = (text: string | null): string[] => {
  if (text === null || text === '') return [];
  const lines = text.split('\n');
  if (lines[lines.length - 1] === '') lines.pop();
  return lines;
};

type Op = '=' | '-' | '+';

/** The shortest list of deletions and insertions; null when there are too many. */
function myers(a: string[], b: string[]): Op[] | null {
  const max = Math.min(a.length + b.length, MAX_EDITS);
  const off = max + 1;
  const v = new Int32Array(2 * max + 3);
  const trace: Int32Array[] = [];
  for (let d = 0; d <= max; d++) {
    trace.push(v.slice());
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && v[off + k - 1]! < v[off + k + 1]!);
      let x = down ? v[off + k + 1]! : v[off + k - 1]! + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      v[off + k] = x;
      if (x >= a.length && x - k >= b.length) return back(trace, off, a.length, b.length);
    }
  }
  return null;
}

/** Walks the recorded rounds back from the end of both texts. */
function back(trace: Int32Array[], off: number, n: number, m: number): Op[] {
  const out: Op[] = [];
  let [x, y] = [n, m];
  for (let d = trace.length - 1; d > 0; d--) {
    const v = trace[d]!;
    const k = x - y;
    const from = k === -d || (k !== d && v[off + k - 1]! < v[off + k + 1]!) ? k + 1 : k - 1;
    const px = v[off + from]!;
    const py = px - from;
    for (; x > px && y > py; x--, y--) out.push('=');
    out.push(x === px ? '+' : '-');
    [x, y] = [px, py];
  }
  for (; x > 0; x--) out.push('=');
  return out.reverse();
}

function fold(all: DiffLine[]): DiffLine[] {
  const keep = new Uint8Array(all.length);
  all.forEach((l, i) => {
    if (l.kind !== 'same')
      for (let k = Math.max(0, i - AROUND); k <= Math.min(all.length - 1, i + AROUND); k++) keep[k] = 1;
  });
  const out: DiffLine[] = [];
  for (let i = 0; i < all.length; ) {
    if (keep[i]) {
      out.push(all[i++]!);
      continue;
    }
    let n = 0;
    while (i < all.length && !keep[i]) {
      n++;
      i++;
    }
    if (n === 1) out.push(all[i - 1]!);
    else out.push({ kind: 'gap', text: '', n });
  }
  return out;
}

export function diffLines(was: string | null, is: string | null): Diff {
  const a = split(was);
  const b = split(is);
  const none: Diff = { lines: [], added: b.length, removed: a.length, big: true };
  if (a.length + b.length > 2 * MAX_LINES) return none;
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (
    tail < a.length - head &&
    tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  )
    tail++;
  const ops = myers(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  if (!ops) return none;
  const all: DiffLine[] = [];
  let x = 0;
  let y = 0;
  let added = 0;
  let removed = 0;
  for (const op of [...Array<Op>(head).fill('='), ...ops, ...Array<Op>(tail).fill('=')]) {
    if (op === '=') all.push({ kind: 'same', a: ++x, b: ++y, text: a[x - 1]! });
    else if (op === '-') {
      removed++;
      all.push({ kind: 'del', a: ++x, text: a[x - 1]! });
    } else {
      added++;
      all.push({ kind: 'add', b: ++y, text: b[y - 1]! });
    }
  }
  return { lines: fold(all), added, removed, big: false };
}
