import { type Signal, signal } from '@preact/signals';
import type { ComponentType, JSX } from 'preact';
import { Skeleton } from './bits';

/**
 * A page that is loaded when it is first shown. A failed load (a new version replaced the files, no network) reloads
 * the page once, then says so through `onFail`.
 */
export function lazy<P extends object>(
  load: () => Promise<ComponentType<P>>,
  onFail: () => JSX.Element,
): ComponentType<P> {
  const got: Signal<ComponentType<P> | 'failed' | null> = signal(null);
  let asked = false;
  return function Lazy(props: P) {
    if (!asked) {
      asked = true;
      load()
        .then((c) => {
          got.value = c;
        })
        .catch(() => {
          const mark = 'mortise.reloaded';
          if (sessionStorage.getItem(mark) !== location.href) {
            sessionStorage.setItem(mark, location.href);
            location.reload();
          } else got.value = 'failed';
        });
    }
    const C = got.value;
    if (C === 'failed') return onFail();
    return C === null ? <Skeleton title lines={8} /> : <C {...props} />;
  };
}
