import { useEffect, useRef } from 'preact/hooks';

/*
 * Live updates: one event stream for the page, opened with the first listener. Events carry ids only; who listens reads
 * again, so rights stay one place. The browser reconnects by itself and resumes.
 */
export interface LiveEvent {
  kind: 'record' | 'task' | 'message' | 'notice' | 'job' | 'definition' | 'reset';
  app?: string;
  form?: string;
  id?: string;
  version?: number;
  op?: string;
}
type Listener = (e: LiveEvent) => void;

const KINDS: LiveEvent['kind'][] = ['record', 'task', 'message', 'notice', 'job', 'definition', 'reset'];
const listeners = new Set<Listener>();
let stream: EventSource | null = null;

function openStream(): void {
  if (stream || typeof EventSource === 'undefined') return;
  stream = new EventSource('/api/v1/events');
  for (const kind of KINDS)
    stream.addEventListener(kind, (e) => {
      try {
        const data = JSON.parse((e as MessageEvent<string>).data || '{}') as Omit<LiveEvent, 'kind'>;
        for (const l of [...listeners]) l({ ...data, kind });
      } catch {
        /* a broken event is no event */
      }
    });
}

function closeStream(): void {
  stream?.close();
  stream = null;
}

export function listen(l: Listener): () => void {
  listeners.add(l);
  openStream();
  return () => {
    listeners.delete(l);
    if (!listeners.size) closeStream();
  };
}

const SETTLE = 400;

/** Calls `run` a moment after events that `want` accepts; many at once are one call, none while the page is hidden unless it asks for them. */
export function useLive(want: (e: LiveEvent) => boolean, run: () => void, hidden = false): void {
  const now = useRef({ want, run });
  now.current = { want, run };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let missed = false;
    const fire = () => {
      if (!hidden && document.visibilityState === 'hidden') {
        missed = true;
        return;
      }
      clearTimeout(timer);
      timer = setTimeout(() => now.current.run(), SETTLE);
    };
    const seen = () => {
      if (!missed || document.visibilityState === 'hidden') return;
      missed = false;
      fire();
    };
    const stop = listen((e) => (e.kind === 'reset' || now.current.want(e)) && fire());
    document.addEventListener('visibilitychange', seen);
    return () => {
      clearTimeout(timer);
      stop();
      document.removeEventListener('visibilitychange', seen);
    };
  }, []);
}
