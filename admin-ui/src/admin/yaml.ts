/*
 * Where the cursor stands in a definition file: the path of keys, whether a key or a value is being written. A reader of
 * indentation and of flow collections on one line, made for text that is not finished; the server's parser decides.
 */

export interface Spot {
  /** keys from the root; "[]" is an item of a list */
  path: string[];
  at: 'key' | 'value';
  /** what is typed of it so far, and where that begins in the line */
  word: string;
  from: number;
  /** keys that stand beside it already, on this line */
  beside: string[];
}

interface Frame {
  kind: 'block' | 'map' | 'seq';
  key: string | null;
  value: boolean;
  keys: string[];
  /** where the token being written begins */
  from: number;
}

const KEY = /^(\s*(?:- +)*)("[^"]*"|'[^']*'|[^\s#:{}[\],"'][^:{}[\],]*?)\s*:(?=\s|$)/;
const bare = (key: string) => key.replace(/^["']|["']$/g, '');
const indentOf = (line: string) => line.length - line.trimStart().length;

/** Column where what follows the dashes begins. */
function inner(line: string): number {
  const m = /^\s*(?:- +)*/.exec(line);
  return m ? m[0].length : 0;
}

function dashes(line: string): number {
  return /^\s*((?:- +)*(?:-$)?)/.exec(line)?.[1]?.match(/-/g)?.length ?? 0;
}

/** Keys above a line that begins at column `col`; `lines` are those before it. */
function above(lines: string[], col: number, item: boolean): string[] {
  const path: string[] = [];
  let want = col;
  let inList = item;
  for (let i = lines.length - 1; i >= 0 && want >= 0; i--) {
    const line = lines[i]!;
    const text = line.trim();
    if (!text || text.startsWith('#')) continue;
    const at = indentOf(line);
    const list = dashes(line) > 0;
    const from = inner(line);
    if (list && at < want) {
      // the line that opens the item we are in, or a key inside an item
      if (from < want) {
        const m = KEY.exec(line);
        if (m) path.unshift(bare(m[2]!));
      }
      for (let n = dashes(line); n > 0; n--) path.unshift('[]');
      want = at;
      inList = true;
      continue;
    }
    if (list || (inList ? at > want : at >= want)) continue;
    const m = KEY.exec(line);
    if (!m) continue;
    path.unshift(bare(m[2]!));
    want = at;
    inList = false;
    if (at === 0) break;
  }
  return path;
}

/** Reads the line up to the cursor; null inside a comment or a quoted text. */
function within(line: string): { frames: Frame[]; items: number } | null {
  const start = inner(line);
  const frames: Frame[] = [{ kind: 'block', key: null, value: false, keys: [], from: start }];
  let quote = '';
  for (let i = start; i < line.length; i++) {
    const f = frames[frames.length - 1]!;
    const c = line[i]!;
    if (quote) {
      if (c === quote) quote = '';
      continue;
    }
    const begun = line.slice(f.from, i).trim() !== '';
    if ((c === '"' || c === "'") && !begun) {
      quote = c;
    } else if (c === '#' && (i === 0 || /\s/.test(line[i - 1]!))) {
      return null;
    } else if ((c === '{' || c === '[') && !begun) {
      frames.push({ kind: c === '{' ? 'map' : 'seq', key: null, value: c === '[', keys: [], from: i + 1 });
    } else if ((c === '}' && f.kind === 'map') || (c === ']' && f.kind === 'seq')) {
      frames.pop();
      const up = frames[frames.length - 1]!;
      up.from = i + 1;
    } else if (c === ',' && f.kind !== 'block') {
      f.from = i + 1;
      if (f.kind === 'map') {
        f.key = null;
        f.value = false;
      }
    } else if (c === ':' && !f.value && f.kind !== 'seq' && /\s|^$/.test(line[i + 1] ?? '')) {
      f.key = bare(line.slice(f.from, i).trim());
      f.keys.push(f.key);
      f.value = true;
      f.from = i + 1;
    }
  }
  return quote ? null : { frames, items: dashes(line) };
}

/** `before` is the whole text up to the cursor. */
export function spot(before: string): Spot | null {
  const lines = before.split('\n');
  const line = lines.pop() ?? '';
  const got = within(line);
  if (!got) return null;
  const path = above(lines, indentOf(line), got.items > 0);
  for (let n = got.items; n > 0; n--) path.push('[]');
  const last = got.frames[got.frames.length - 1]!;
  for (const f of got.frames.slice(0, -1)) {
    if (f.key !== null) path.push(f.key);
    if (f.kind === 'seq') path.push('[]');
  }
  if (last.kind === 'seq') path.push('[]');
  else if (last.value && last.key !== null) path.push(last.key);
  const rest = line.slice(last.from);
  const word = rest.trimStart();
  return {
    path,
    at: last.value ? 'value' : 'key',
    word,
    from: line.length - word.length,
    beside: last.keys,
  };
}

/** Keys of the fields that the text defines. */
export function fieldsOf(text: string): { key: string; title: string }[] {
  const out: { key: string; title: string }[] = [];
  let inside = false;
  for (const line of text.split('\n')) {
    if (/^\S/.test(line)) inside = /^fields:/.test(line);
    const m = inside ? /^ {2}([a-z]\w*):(.*)$/.exec(line) : null;
    if (m) out.push({ key: m[1]!, title: /title: *([^,}]+)/.exec(m[2]!)?.[1]?.trim() ?? '' });
    const t = inside ? /^ {4}title: *(.+)$/.exec(line) : null;
    const now = out[out.length - 1];
    if (t && now && !now.title) now.title = t[1]!.trim();
  }
  return out;
}
