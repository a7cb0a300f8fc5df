import { signal } from '@preact/signals';
import { lang } from '../i18n';
import { apiText } from './text';
import type { Boot, FieldProblem, ProblemBody, Session } from './types';

/*
 * The one way to the server: cookie session with X-CSRF-Token, problem+json as exceptions, retries where they are
 * safe (reads, and writes that carry an Idempotency-Key), the caller's language.
 */

export const boot: Boot = readBoot();
/** undefined: not yet asked; null: nobody is logged in */
export const session = signal<Session | null | undefined>(boot.session);

function readBoot(): Boot {
  try {
    return (JSON.parse(document.getElementById('boot')?.textContent || 'null') as Boot | null) ?? {};
  } catch {
    return {};
  }
}

/** An answer that is not 2xx, or no answer at all (status 0). `message` is a sentence for people. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: FieldProblem[];
  readonly body: ProblemBody;
  constructor(body: ProblemBody) {
    super(body.detail || body.title || apiText('unknown', { status: body.status }));
    this.name = 'Problem';
    this.status = body.status;
    this.code = body.code ?? '';
    this.errors = body.errors ?? [];
    this.body = body;
  }
}

/** Any thrown thing as a sentence. */
export function say(e: unknown): string {
  if (e instanceof Problem) return e.message;
  return apiText('bug', { text: e instanceof Error ? e.message : String(e) });
}

export interface Options {
  signal?: AbortSignal | undefined;
  /** the ETag that the write is based on */
  ifMatch?: string | number | undefined;
  /** makes a POST safe to repeat; see newKey() */
  key?: string | undefined;
  headers?: Record<string, string> | undefined;
  /** raw body (FormData, text) instead of JSON */
  raw?: BodyInit | undefined;
  /** a 401 of this call says "wrong password", not "log in again" */
  quiet401?: boolean | undefined;
  /** goes on when the page is left */
  keepalive?: boolean | undefined;
}
export interface Answer<T> {
  data: T;
  etag: string | null;
  status: number;
}

const TRIES = 3;

export function newKey(): string {
  return (
    crypto.randomUUID?.() ??
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('')
  );
}

function wait(ms: number, sig?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const t = setTimeout(resolve, ms);
    sig?.addEventListener('abort', () => {
      clearTimeout(t);
      reject(new DOMException('aborted', 'AbortError'));
    });
  });
}

function retryAfter(res: Response, attempt: number): number {
  const s = Number(res.headers.get('Retry-After'));
  return Number.isFinite(s) && s > 0 ? Math.min(s, 10) * 1000 : 300 * 2 ** attempt;
}

async function once(method: string, path: string, body: unknown, o: Options): Promise<Response> {
  const headers: Record<string, string> = {
    Accept: 'application/json, application/problem+json',
    'Accept-Language': lang.peek(),
    ...o.headers,
  };
  const unsafe = method !== 'GET';
  const csrf = session.peek()?.csrf;
  if (unsafe && csrf) headers['X-CSRF-Token'] = csrf;
  if (o.key) headers['Idempotency-Key'] = o.key;
  if (o.ifMatch !== undefined)
    headers['If-Match'] = typeof o.ifMatch === 'number' ? `"${o.ifMatch}"` : o.ifMatch;
  const init: RequestInit = { method, headers, credentials: 'same-origin', signal: o.signal ?? null };
  if (o.keepalive) init.keepalive = true;
  if (o.raw !== undefined) init.body = o.raw;
  else if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  return fetch(path.startsWith('/') ? `/api/v1${path}` : path, init);
}

async function problem(res: Response): Promise<Problem> {
  let body: ProblemBody | null = null;
  try {
    body = (await res.json()) as ProblemBody;
  } catch {
    /* not JSON: a proxy's page */
  }
  const p: ProblemBody = { ...body, status: res.status };
  if (!p.detail && !p.title) {
    if (res.status === 503) p.detail = apiText('busy');
    else if (res.status === 429) p.detail = apiText('slow');
    else if (res.status === 413) p.detail = apiText('large');
    else if (res.status === 401) p.detail = apiText('login');
    else if (res.status === 403) p.detail = apiText('forbidden');
    else if (res.status === 404) p.detail = apiText('absent');
  }
  return new Problem(p);
}

/** Sends a request and answers data with its ETag. Throws Problem, or the AbortError of `signal`. */
export async function send<T>(
  method: string,
  path: string,
  body?: unknown,
  o: Options = {},
): Promise<Answer<T>> {
  const safe = method === 'GET' || o.key !== undefined;
  for (let attempt = 0; ; attempt++) {
    let res: Response;
    try {
      res = await once(method, path, body, o);
    } catch (e) {
      if ((e as Error).name === 'AbortError') throw e;
      if (!safe || attempt + 1 >= TRIES) throw new Problem({ status: 0, detail: apiText('offline') });
      await wait(300 * 2 ** attempt, o.signal);
      continue;
    }
    if (res.status === 503 && safe && attempt + 1 < TRIES) {
      await wait(retryAfter(res, attempt), o.signal);
      continue;
    }
    if (!res.ok) {
      const p = await problem(res);
      if (res.status === 401 && !o.quiet401) session.value = null;
      throw p;
    }
    const type = res.headers.get('Content-Type') ?? '';
    const data = res.status === 204 ? undefined : type.includes('json') ? await res.json() : await res.text();
    return { data: data as T, etag: res.headers.get('ETag'), status: res.status };
  }
}

export const api = {
  get: async <T>(path: string, o?: Options) => (await send<T>('GET', path, undefined, o)).data,
  post: async <T>(path: string, body?: unknown, o?: Options) =>
    (await send<T>('POST', path, body ?? {}, o)).data,
  put: async <T>(path: string, body?: unknown, o?: Options) => (await send<T>('PUT', path, body, o)).data,
  patch: async <T>(path: string, body: unknown, o?: Options) => (await send<T>('PATCH', path, body, o)).data,
  del: async (path: string, o?: Options, body?: unknown) => (await send<void>('DELETE', path, body, o)).data,
};

/** The bytes of a POST's answer. */
export async function fetchBlob(path: string, body: unknown): Promise<Blob> {
  let res: Response;
  try {
    res = await once('POST', path, body, { headers: { Accept: '*/*' } });
  } catch {
    throw new Problem({ status: 0, detail: apiText('offline') });
  }
  if (!res.ok) throw await problem(res);
  return res.blob();
}

/** `?a=1&b=2` of what is set. */
export function query(args: Record<string, string | number | boolean | null | undefined>): string {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(args))
    if (v !== null && v !== undefined && v !== '' && v !== false) q.set(k, String(v));
  const s = q.toString();
  return s ? `?${s}` : '';
}

export function formPath(app: string, form: string): string {
  return `/apps/${encodeURIComponent(app)}/forms/${encodeURIComponent(form)}`;
}
export function recordPath(app: string, form: string, id: string): string {
  return `${formPath(app, form)}/records/${encodeURIComponent(id)}`;
}
