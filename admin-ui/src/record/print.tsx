import './print.css';
import { useRef, useState } from 'preact/hooks';
import { formPath } from '../api/client';
import { useForm } from '../api/forms';
import { address, Button, Skeleton } from '../kit';
import { t } from './text';

/* A filled template as it will be on paper, with the browser's own print (and "save as PDF") one click away. */

export function PrintPage(props: { app: string; form: string; template: string }) {
  const def = useForm(props.app, props.form);
  const frame = useRef<HTMLIFrameElement>(null);
  const [ready, setReady] = useState(false);
  const ids = new URL(address.value, location.origin).searchParams.get('ids') ?? '';
  const one = ids && !ids.includes(',') ? `/${ids}` : '';
  const title = def.state === 'ok' ? def.data.prints?.find((p) => p.key === props.template)?.title : null;
  return (
    <div class="pprint">
      <header class="bar bar--line">
        <Button
          icon="chevron-left"
          kind="ghost"
          href={`/a/${encodeURIComponent(props.app)}/${encodeURIComponent(props.form)}${one}`}
        >
          {t('print_back')}
        </Button>
        <h1 class="cut">{title ?? t('print')}</h1>
        <span class="push" />
        <span class="mut s13 pprint-h">{t('print_hint')}</span>
        <Button
          kind="main"
          icon="printer"
          disabled={!ready}
          onClick={() => {
            frame.current?.contentWindow?.focus();
            frame.current?.contentWindow?.print();
          }}
        >
          {t('print')}
        </Button>
      </header>
      {ready ? null : <Skeleton lines={8} />}
      <iframe
        ref={frame}
        class={ready ? undefined : 'is-off'}
        title={title ?? t('print')}
        src={`/api/v1${formPath(props.app, props.form)}/print/${encodeURIComponent(props.template)}?ids=${encodeURIComponent(ids)}`}
        onLoad={() => setReady(true)}
      />
    </div>
  );
}
