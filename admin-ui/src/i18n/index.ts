import { signal } from '@preact/signals';

/*
 * Texts. Chinese is the typed source and in the bundle; another language is loaded when it is chosen.
 * A dictionary is a flat object; `{n}` is replaced, `{n|one record|{n} records}` chooses by number.
 */
export type Lang = 'zh-CN' | 'en';
export type Dict = Record<string, string>;
export type Args = Record<string, string | number>;

const KEY = 'mortise.lang';
const loaders: (() => Promise<void>)[] = [];

function remembered(): Lang {
  try {
    return localStorage.getItem(KEY) === 'en' ? 'en' : 'zh-CN';
  } catch {
    return 'zh-CN';
  }
}

const bump = signal(0);
export const lang = signal<Lang>(remembered());

/** Loads every dictionary of the current language; await before the first paint. */
export async function loadLang(): Promise<void> {
  if (lang.peek() !== 'zh-CN') await Promise.all(loaders.map((load) => load()));
  document.documentElement.lang = lang.peek();
}

/** Switches the language of everything at once and remembers it (the cookie lets the server's first page agree). */
export async function setLang(next: Lang): Promise<void> {
  if (next !== 'zh-CN') await Promise.all(loaders.map((load) => load()));
  try {
    localStorage.setItem(KEY, next);
  } catch {
    /* private mode: the choice lasts for this page */
  }
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is newer than the browsers we support
  document.cookie = `lang=${next};path=/;max-age=31536000;samesite=lax`;
  document.documentElement.lang = next;
  lang.value = next;
}

function fill(text: string, args: Args): string {
  return text
    .replace(
      /\{(\w+)\|([^|{}]*(?:\{\w+\}[^|{}]*)*)\|([^|{}]*(?:\{\w+\}[^|{}]*)*)\}/g,
      (_, k: string, one: string, many: string) => (Number(args[k]) === 1 ? one : many),
    )
    .replace(/\{(\w+)\}/g, (whole, k: string) => (k in args ? String(args[k]) : whole));
}

/**
 * Makes the function that says the texts of one dictionary. Call it inside a component: it follows the language.
 * `load` answers the other language, `satisfies typeof zh`.
 */
export function dict<D extends Dict>(zh: D, load: () => Promise<{ [K in keyof D]: string }>) {
  let other: { [K in keyof D]: string } | null = null;
  const loader = async () => {
    other ??= await load();
  };
  loaders.push(loader);
  // a lazy page's dictionary: its language is fetched beside it, Chinese shows until then
  if (lang.peek() !== 'zh-CN') {
    loader().then(() => {
      bump.value++;
    });
  }
  return (key: keyof D & string, args?: Args): string => {
    bump.value;
    const text = lang.value === 'zh-CN' ? zh[key] : (other?.[key] ?? zh[key]);
    return args ? fill(text as string, args) : (text as string);
  };
}
