import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem, say, session } from '../api/client';
import type { FileRef } from '../api/types';
import { lang } from '../i18n';
import { bytes } from '../i18n/format';
import { Button, Icon, IconButton } from '../kit';
import type { ControlProps } from './controls';
import { t } from './text';
import { asRefs } from './values';

/* Files, images and signatures: uploaded at once with their progress; the record names them when it is saved. */

/** Where uploads go; a public form has an address of its own. */
export const uploads = signal('/api/v1/files');

/* What is on its way, and pads that were signed on and not kept yet: before a record is sent, all of it is there. */
const pending = new Set<Promise<unknown>>();
const unkept = new Set<() => Promise<void>>();

export async function settled(): Promise<void> {
  await Promise.all([...unkept].map((keep) => keep()));
  while (pending.size) await Promise.allSettled([...pending]);
}

const pictures = /^image\/(?!svg)/;

/** fetch() does not tell how far an upload is: this does. */
export function sendFile(file: Blob, name: string, told: (share: number) => void): Promise<FileRef> {
  const sent = send(file, name, told);
  const done = sent.then(
    () => new Promise((ok) => setTimeout(ok)), // whoever waits for it has taken it
    () => undefined,
  );
  pending.add(done);
  void done.finally(() => pending.delete(done));
  return sent;
}

function send(file: Blob, name: string, told: (share: number) => void): Promise<FileRef> {
  return new Promise((ok, fail) => {
    const x = new XMLHttpRequest();
    const body = new FormData();
    body.append('file', file, name);
    x.open('POST', uploads.peek());
    x.setRequestHeader('Accept', 'application/json, application/problem+json');
    x.setRequestHeader('Accept-Language', lang.peek());
    const csrf = session.peek()?.csrf;
    if (csrf) x.setRequestHeader('X-CSRF-Token', csrf);
    x.responseType = 'json';
    x.upload.onprogress = (e) => told(e.lengthComputable ? e.loaded / e.total : 0);
    x.onerror = () => fail(new Problem({ status: 0, detail: t('upload_failed') }));
    x.onload = () => {
      const got = x.response as { id: string; name: string; size: number; type: string } | null;
      if (x.status === 201 && got) ok({ id: got.id, title: got.name, size: got.size, type: got.type });
      else fail(new Problem({ ...(x.response ?? { detail: t('upload_failed') }), status: x.status }));
    };
    x.send(body);
  });
}

/** A small picture of an image, an icon of anything else. */
export function Thumb({ file }: { file: FileRef }) {
  const [bad, setBad] = useState(false);
  if (bad || !pictures.test(file.type ?? '') || file.id.includes('.'))
    return <Icon name={file.type?.startsWith('image/') ? 'image' : 'file-text'} />;
  return (
    <img
      class="thumb"
      loading="lazy"
      alt=""
      src={`/api/v1/files/${encodeURIComponent(file.id)}`}
      onError={() => setBad(true)}
    />
  );
}

export function FileControl({ cell, model, ids }: ControlProps) {
  const [busy, setBusy] = useState<{ name: string; share: number }[]>([]);
  const [over, setOver] = useState(false);
  const pick = useRef<HTMLInputElement>(null);
  const shoot = useRef<HTMLInputElement>(null);
  const files = asRefs(cell.value.value) as FileRef[];
  const image = cell.def.type === 'image';
  const upload = async (list: FileList | File[]) => {
    cell.error.value = null;
    await Promise.all(
      [...list].map(async (f) => {
        const one = { name: f.name, share: 0 };
        setBusy((b) => [...b, one]);
        try {
          const ref = await sendFile(f, f.name, (share) => {
            one.share = share;
            setBusy((b) => [...b]);
          });
          model.set(cell, [...asRefs(cell.value.peek()), ref]);
        } catch (e) {
          cell.error.value = say(e);
        } finally {
          setBusy((b) => b.filter((x) => x !== one));
        }
      }),
    );
  };
  const take = (e: { currentTarget: HTMLInputElement }) => {
    if (e.currentTarget.files) void upload(e.currentTarget.files);
    e.currentTarget.value = '';
  };
  return (
    <div class="col gap2">
      {files.map((f) => (
        <div class="file" key={f.id}>
          <Thumb file={f} />
          <span class="cut grow">{f.title}</span>
          {f.size ? <span class="dim s12">{bytes(f.size)}</span> : null}
          <IconButton
            small
            icon="x"
            label={t('remove_file', { name: f.title ?? '' })}
            onClick={() =>
              model.set(
                cell,
                files.filter((x) => x.id !== f.id),
              )
            }
          />
        </div>
      ))}
      {busy.map((b) => (
        <div class="file" key={b.name}>
          <Icon name="upload" />
          <span class="cut grow">{b.name}</span>
          <progress max={1} value={b.share} aria-label={t('uploading')} />
        </div>
      ))}
      <div
        class={`drop${over ? ' drop--over' : ''}`}
        onDragOver={(e) => {
          e.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(e) => {
          e.preventDefault();
          setOver(false);
          if (e.dataTransfer) void upload(e.dataTransfer.files);
        }}
      >
        <Icon name={image ? 'image' : 'upload'} />
        <span class="dk">{t('drop_file')}</span>
        <button
          type="button"
          class="link"
          id={ids.id}
          aria-describedby={ids.describedby}
          onClick={() => pick.current?.click()}
        >
          {t('choose_file')}
        </button>
        {image ? (
          <button type="button" class="link ph" onClick={() => shoot.current?.click()}>
            {t('take_photo')}
          </button>
        ) : null}
        <input
          ref={pick}
          class="vh"
          type="file"
          multiple
          tabIndex={-1}
          aria-hidden="true"
          accept={cell.def.accept?.join(',') ?? (image ? 'image/*' : undefined)}
          onChange={take}
        />
        {image ? (
          <input
            ref={shoot}
            class="vh"
            type="file"
            tabIndex={-1}
            aria-hidden="true"
            accept="image/*"
            capture="environment"
            onChange={take}
          />
        ) : null}
      </div>
    </div>
  );
}

/** A pad to sign on, by pen, finger or mouse; what is drawn is uploaded as a PNG. */
export function SignPad(props: {
  id?: string | undefined;
  signed: FileRef | undefined;
  onSigned: (f: FileRef | undefined) => void;
  onError: (text: string) => void;
}) {
  const { id, signed } = props;
  const pad = useRef<HTMLCanvasElement>(null);
  const [drawn, setDrawn] = useState(false);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    const c = pad.current;
    const g = c?.getContext('2d');
    if (!c || !g) return;
    c.width = c.clientWidth * 2;
    c.height = c.clientHeight * 2;
    g.scale(2, 2);
    g.lineWidth = 2.2;
    g.lineCap = g.lineJoin = 'round';
    g.strokeStyle = '#111';
  }, [signed]);
  const at = (e: PointerEvent): [number, number] => {
    const r = pad.current?.getBoundingClientRect();
    return [e.clientX - (r?.left ?? 0), e.clientY - (r?.top ?? 0)];
  };
  const begin = (e: PointerEvent) => {
    const g = pad.current?.getContext('2d');
    pad.current?.setPointerCapture(e.pointerId);
    g?.beginPath();
    g?.moveTo(...at(e));
    setDrawn(true);
  };
  const go = (e: PointerEvent) => {
    const g = pad.current?.getContext('2d');
    if (!g || !e.buttons) return;
    g.lineTo(...at(e));
    g.stroke();
  };
  const clear = () => {
    const c = pad.current;
    c?.getContext('2d')?.clearRect(0, 0, c.width, c.height);
    setDrawn(false);
  };
  const keep = async () => {
    const blob = await new Promise<Blob | null>((ok) => pad.current?.toBlob(ok, 'image/png'));
    if (!blob) return;
    setBusy(true);
    try {
      props.onSigned(await sendFile(blob, 'signature.png', () => undefined));
      setDrawn(false);
    } catch (e) {
      props.onError(say(e));
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => {
    if (!drawn) return;
    unkept.add(keep);
    return () => {
      unkept.delete(keep);
    };
  }, [drawn]);
  if (signed)
    return (
      <div class="file" id={id}>
        <Thumb file={signed} />
        <span class="cut grow">{t('signed')}</span>
        <IconButton small icon="x" label={t('sign_again')} onClick={() => props.onSigned(undefined)} />
      </div>
    );
  return (
    <div class="col gap2">
      <canvas
        ref={pad}
        id={id}
        class="signpad"
        role="img"
        aria-label={t('sign_here')}
        onPointerDown={begin}
        onPointerMove={go}
      />
      <span class="row gap2">
        <Button size="s" type="button" kind="main" disabled={!drawn} busy={busy} onClick={() => void keep()}>
          {t('sign_keep')}
        </Button>
        <Button size="s" type="button" disabled={!drawn} onClick={clear}>
          {t('sign_clear')}
        </Button>
      </span>
    </div>
  );
}

export function SignatureControl({ cell, model, ids }: ControlProps) {
  return (
    <SignPad
      id={ids.id}
      signed={(asRefs(cell.value.value) as FileRef[])[0]}
      onSigned={(f) => model.set(cell, f ? [f] : [])}
      onError={(text) => {
        cell.error.value = text;
      }}
    />
  );
}
