import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { api } from '../api/client';
import { lang } from '../i18n';
import { fieldsOf, type Spot, spot } from './yaml';

/* What may stand at the cursor of a definition file, from the one JSON Schema that also checks it. */

interface Node {
  $ref?: string;
  allOf?: Node[];
  anyOf?: Node[];
  type?: string | string[];
  enum?: unknown[];
  properties?: Record<string, Node>;
  patternProperties?: Record<string, Node | boolean>;
  items?: Node;
  description?: string;
  required?: string[];
  'x-zh'?: string;
  'x-holds'?: string;
}
export interface Schema {
  $defs: Record<string, Node>;
  'x-types'?: { type: string; en: string; zh: string }[];
  'x-functions'?: { name: string; signature: string; en: string; zh: string }[];
}

let schema: Promise<Schema | null> | null = null;

/** Read once; without it the editor just offers nothing. */
export function loadSchema(): Promise<Schema | null> {
  schema ??= api.get<Schema>('/admin/schema').catch(() => null);
  return schema;
}

const FILES: [RegExp, string][] = [
  [/^app\.yaml$/, 'app'],
  [/^forms\//, 'form'],
  [/^dashboards\//, 'dashboard'],
  [/^monitors/, 'monitors'],
  [/^people\//, 'people'],
];
/** Keys whose values name fields of the form in this file. */
const NAMES_FIELDS = new Set([
  'columns',
  'card',
  'sort',
  'fields',
  'unique',
  'by',
  'start',
  'end',
  'require',
  'title_field',
  'at',
]);

/** Every plain schema behind references and alternatives. */
function flat(s: Schema, node: Node | undefined, depth = 0): Node[] {
  if (!node || depth > 12) return [];
  const out: Node[] = [];
  if (node.$ref) out.push(...flat(s, s.$defs[node.$ref.replace('#/$defs/', '')], depth + 1));
  for (const n of [...(node.allOf ?? []), ...(node.anyOf ?? [])]) out.push(...flat(s, n, depth + 1));
  out.push(node);
  return out;
}

function step(s: Schema, nodes: Node[], key: string): Node[] {
  const out: Node[] = [];
  for (const n of nodes) {
    if (key === '[]') {
      out.push(...flat(s, n.items));
      continue;
    }
    const own = n.properties?.[key];
    if (own) {
      out.push(...flat(s, own));
      continue;
    }
    for (const [pattern, sub] of Object.entries(n.patternProperties ?? {}))
      if (typeof sub === 'object' && pattern !== '^x-' && new RegExp(pattern, 'u').test(key))
        out.push(...flat(s, sub));
  }
  return out;
}

const words = (n: Node) => (lang.peek() === 'zh-CN' ? (n['x-zh'] ?? n.description) : n.description) ?? '';

function keys(nodes: Node[], at: Spot): Completion[] {
  const out = new Map<string, Completion>();
  for (const n of nodes)
    for (const [key, sub] of Object.entries(n.properties ?? {}))
      if (!at.beside.includes(key) && !out.has(key))
        out.set(key, {
          label: key,
          detail: words(sub),
          type: 'property',
          apply: `${key}: `,
          boost: n.required?.includes(key) ? 2 : key === 'type' || key === 'title' ? 1 : 0,
        });
  return [...out.values()];
}

function expression(s: Schema, text: string): Completion[] {
  const zh = lang.peek() === 'zh-CN';
  return [
    ...fieldsOf(text).map((f) => ({ label: f.key, detail: f.title, type: 'variable', boost: 2 })),
    ...(s['x-functions'] ?? []).map((f) => ({
      label: f.name,
      detail: zh ? f.zh : f.en,
      info: f.signature,
      apply: `${f.name}(`,
      type: 'function',
    })),
  ];
}

function values(s: Schema, nodes: Node[], at: Spot, text: string, forms: string[]): Completion[] {
  const key = [...at.path].reverse().find((k) => k !== '[]') ?? '';
  const zh = lang.peek() === 'zh-CN';
  const out: Completion[] = [];
  for (const n of nodes) {
    for (const v of n.enum ?? []) {
      const type = key === 'type' ? s['x-types']?.find((x) => x.type === v) : undefined;
      out.push({ label: String(v), detail: type ? (zh ? type.zh : type.en) : '', type: 'constant' });
    }
    if (n.type === 'boolean')
      out.push({ label: 'true', type: 'constant' }, { label: 'false', type: 'constant' });
  }
  if (key === 'form') out.push(...forms.map((f) => ({ label: f, type: 'class' })));
  else if (nodes.some((n) => n['x-holds'] === 'expression')) out.push(...expression(s, text));
  else if (NAMES_FIELDS.has(key) && !nodes.some((n) => n.properties))
    out.push(...fieldsOf(text).map((f) => ({ label: f.key, detail: f.title, type: 'variable' })));
  const seen = new Set<string>();
  return out.filter((o) => !seen.has(o.label) && seen.add(o.label));
}

/** The completions at the end of `before`, and where the word that they replace begins in its line. */
export function complete(
  s: Schema,
  file: string,
  before: string,
  text: string,
  forms: string[],
): { from: number; options: Completion[]; ask?: Ask } | null {
  const root = FILES.find(([r]) => r.test(file))?.[1];
  const at = root ? spot(before) : null;
  if (!root || !at) return null;
  let nodes = flat(s, s.$defs[root]);
  for (const key of at.path) nodes = step(s, nodes, key);
  const tail = /[\p{L}\p{N}_-]*$/u.exec(at.word)?.[0] ?? '';
  // a key is one word; in a value, an expression may have several
  if (at.at === 'key' && at.word !== tail) return null;
  const options = at.at === 'key' ? keys(nodes, at) : values(s, nodes, at, text, forms);
  if (at.at === 'value' && at.word !== tail && !options.some((o) => o.type === 'function')) return null;
  const from = at.from + at.word.length - tail.length;
  if (!options.length) return null;
  return options.some((o) => o.type === 'function')
    ? { from, options, ask: question(file, at) }
    : { from, options };
}

/** What the server is asked about an expression: its text up to the cursor, and where bare names come from. */
interface Ask {
  form: string;
  text: string;
  place: string;
}

function question(file: string, at: Spot): Ask {
  const form = /^forms\/(.+)\.yaml$/.exec(file)?.[1] ?? '';
  const [top, table, fields] = at.path;
  const key = [...at.path].reverse().find((k) => k !== '[]') ?? '';
  return {
    form: top === 'fields' && fields === 'fields' ? `${form}.${table}` : form,
    text: at.word.replace(/^['"]?(= ?)?/, ''),
    place: key === 'filter' || key === 'where' ? 'filter' : 'value',
  };
}

interface Candidate {
  kind: string;
  key: string;
  insert: string;
  title?: string;
  type?: string;
  signature?: string;
  help?: string;
}
const TYPES: Record<string, string> = {
  function: 'function',
  option: 'constant',
  word: 'keyword',
  form: 'class',
};

/** The program's own answer, which knows links, options and types; it may be none (inside a text). null: not reached. */
async function fromServer(app: string, ask: Ask): Promise<{ back: number; options: Completion[] } | null> {
  try {
    const got = await api.post<{ from: number; candidates: Candidate[] }>(`/admin/apps/${app}/complete`, ask);
    const begun = [...ask.text].slice(got.from).join('');
    const options = got.candidates.map((c, i) => ({
      label: c.key,
      detail: c.title ?? c.help ?? '',
      info: [c.signature, c.type].filter(Boolean).join(' · ') || undefined!,
      apply: c.insert,
      type: TYPES[c.kind] ?? 'variable',
      boost: -i / 100,
    }));
    return { back: begun.length, options };
  } catch {
    return null;
  }
}

/** For CodeMirror: asks when a word begins, or when told to. */
export function source(app: string, file: string, forms: () => string[]) {
  return async (c: CompletionContext): Promise<CompletionResult | null> => {
    const word = c.matchBefore(/[A-Za-z_][\w-]*|[\p{L}\w]\.|[=<>[,] ?"/u);
    if (!c.explicit && !word) return null;
    const s = await loadSchema();
    if (!s) return null;
    const line = c.state.doc.lineAt(c.pos);
    const got = complete(s, file, c.state.sliceDoc(0, c.pos), c.state.doc.toString(), forms());
    const more = got?.ask ? await fromServer(app, got.ask) : null;
    if (more && !more.options.length) return null;
    if (more) return { from: c.pos - more.back, options: more.options, validFor: /^[\w-]*$/ };
    return got ? { from: line.from + got.from, options: got.options, validFor: /^[\w-]*$/ } : null;
  };
}
