import type { ComponentChildren } from 'preact';
import { h } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { ControlProps } from './controls';
import { t } from './text';
import { isBlank } from './values';

/*
 * Formatted texts. The server cuts them down to an allow-list when they are written; what is shown is built anew here,
 * node by node from the same list, so nothing of it is ever parsed into the page.
 */

const TAGS = new Set(
  'p br hr b strong i em u s del ins mark sub sup small h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code div span table thead tbody tr th td a img'.split(
    ' ',
  ),
);
const GONE = new Set(
  'script style iframe object noscript template textarea title select svg math head'.split(' '),
);
const LINK = /^(https?:\/\/|mailto:|tel:|#|\/(?![/\\]))/i;

function attrs(el: Element): Record<string, string> {
  const out: Record<string, string> = {};
  const name = el.localName;
  const href = el.getAttribute('href');
  const src = el.getAttribute('src');
  if (name === 'a' && href && LINK.test(href)) {
    out.href = href;
    out.rel = 'noopener noreferrer nofollow';
    if (/^https?:/i.test(href)) out.target = '_blank';
  }
  if (name === 'img' && src?.startsWith('/api/v1/files/')) {
    out.src = src;
    out.alt = el.getAttribute('alt') ?? '';
  }
  for (const key of ['colspan', 'rowspan']) {
    const v = el.getAttribute(key);
    if ((name === 'td' || name === 'th') && v && /^\d{1,3}$/.test(v)) out[key] = v;
  }
  return out;
}

function build(node: Node, depth: number): ComponentChildren {
  if (node.nodeType === 3) return node.textContent;
  if (node.nodeType !== 1 || depth > 64) return null;
  const el = node as Element;
  if (GONE.has(el.localName)) return null;
  const inside = Array.from(el.childNodes, (c) => build(c, depth + 1));
  if (!TAGS.has(el.localName)) return inside;
  const empty = ['br', 'hr', 'img'].includes(el.localName);
  return empty ? h(el.localName, attrs(el)) : h(el.localName, attrs(el), inside);
}

export function Rich({ html }: { html: string }) {
  const nodes = useMemo(() => {
    const doc = new DOMParser().parseFromString(html, 'text/html');
    return Array.from(doc.body.childNodes, (n) => build(n, 0));
  }, [html]);
  return <div class="rich">{nodes}</div>;
}

/** The text alone, for lists and titles. */
export function plainText(html: string): string {
  const doc = new DOMParser().parseFromString(
    html.replace(/<(p|div|br|li|tr|h[1-6])\b/gi, ' $&'),
    'text/html',
  );
  for (const el of doc.querySelectorAll([...GONE].join(','))) el.remove();
  return (doc.body.textContent ?? '').replace(/\s+/g, ' ').trim();
}

/** Nodes of the allow-list as real elements, for the editor. */
function fill(into: Element, html: string) {
  const doc = new DOMParser().parseFromString(html, 'text/html');
  const copy = (from: Node, to: Node, depth: number) => {
    for (const n of from.childNodes) {
      if (n.nodeType === 3) to.appendChild(document.createTextNode(n.textContent ?? ''));
      if (n.nodeType !== 1 || depth > 64 || GONE.has((n as Element).localName)) continue;
      const el = n as Element;
      if (!TAGS.has(el.localName)) {
        copy(el, to, depth + 1);
        continue;
      }
      const made = document.createElement(el.localName);
      for (const [k, v] of Object.entries(attrs(el))) made.setAttribute(k, v);
      to.appendChild(made);
      copy(el, made, depth + 1);
    }
  };
  into.replaceChildren();
  copy(doc.body, into, 0);
}

const COMMANDS = [
  ['bold', 'B', 'rich_bold'],
  ['italic', 'I', 'rich_italic'],
  ['underline', 'U', 'rich_underline'],
  ['formatBlock:h3', 'H', 'rich_heading'],
  ['insertUnorderedList', '•', 'rich_list'],
  ['insertOrderedList', '1.', 'rich_numbers'],
  ['removeFormat', '⌫', 'rich_plain'],
] as const;

/** A small editor over contenteditable. */
export function RichControl({ cell, model, ids }: ControlProps) {
  const ref = useRef<HTMLDivElement>(null);
  const said = useRef<string | null>(null);
  const value = isBlank(cell.value.value) ? '' : String(cell.value.value);
  useEffect(() => {
    if (ref.current && said.current !== value) fill(ref.current, value); // set from outside, not by typing
    said.current = value;
  }, [value]);
  const told = () => {
    const el = ref.current;
    if (!el) return;
    const blank = !el.textContent?.trim() && !el.querySelector('img');
    said.current = blank ? '' : el.innerHTML;
    model.set(cell, blank ? null : el.innerHTML);
  };
  const run = (command: string) => {
    const [name, arg] = command.split(':');
    ref.current?.focus();
    document.execCommand(name as string, false, arg);
    told();
  };
  return (
    <div class="rich-edit">
      <div class="row gap1" role="toolbar" aria-label={t('rich_tools')}>
        {COMMANDS.map(([command, mark, title]) => (
          <button
            key={command}
            type="button"
            class="btn btn--ghost"
            title={t(title)}
            aria-label={t(title)}
            onMouseDown={(e) => e.preventDefault()}
            onClick={() => run(command)}
          >
            {mark}
          </button>
        ))}
      </div>
      <div
        id={ids.id}
        ref={ref}
        class="input rich"
        role="textbox"
        tabIndex={0}
        contentEditable
        aria-multiline="true"
        aria-label={cell.def.title}
        onInput={told}
        onBlur={told}
      />
    </div>
  );
}
