import { useEffect, useState } from 'preact/hooks';
import { api, say } from '../api/client';
import type { Ref } from '../api/types';
import { moment } from '../i18n/format';
import { Button, Empty, Field, Input, Note, Skeleton, Tag, toast } from '../kit';
import { adminPath, draftOf } from './draft';
import { SetNav } from './setnav';
import { t } from './text';
import { Top } from './top';

/* /admin/apps/{app}/settings: values of the settings that app.yaml names, by start day where they have one. */

interface Version {
  day: string | null;
  value: unknown;
  at: string;
  by: Ref | null;
}
interface Setting {
  key: string;
  title: string;
  type: string;
  effective: boolean;
  default: unknown;
  value: unknown;
  versions: Version[];
}

const today = () => new Date().toLocaleDateString('sv-SE');
const NUMBERS = ['number', 'percent', 'rating'];
const text = (v: unknown) =>
  v === null || v === undefined ? '' : typeof v === 'object' ? JSON.stringify(v) : String(v);

function read(s: Setting, said: string): unknown {
  if (said.trim() === '') return null;
  if (NUMBERS.includes(s.type)) return Number.isFinite(Number(said)) ? Number(said) : said;
  if (s.type === 'boolean') return said === 'true' ? true : said === 'false' ? false : said;
  return said;
}

function One(props: { app: string; s: Setting; onDone: (all: Setting[]) => void }) {
  const { s } = props;
  const [value, setValue] = useState(text(s.value));
  const [day, setDay] = useState('');
  const [error, setError] = useState<string | null>(null);
  const put = async (v: unknown, on: string | null) => {
    try {
      const a = await api.put<{ settings: Setting[] }>(
        `${adminPath(props.app)}/settings/${encodeURIComponent(s.key)}`,
        {
          value: v,
          day: on,
        },
      );
      setError(null);
      setDay('');
      props.onDone(a.settings);
      toast(t('set_saved', { title: s.title }));
    } catch (e) {
      setError(say(e));
    }
  };
  return (
    <li class="card">
      <form
        class="card-b set-f"
        onSubmit={(e) => {
          e.preventDefault();
          void put(read(s, value), s.effective && day ? day : null);
        }}
      >
        <Field
          label={s.title}
          hint={t('set_default', { value: text(s.default) || t('set_none') })}
          error={error}
        >
          {(f) => (
            <Input
              {...f}
              value={value}
              onInput={setValue}
              mode={NUMBERS.includes(s.type) ? 'decimal' : 'text'}
            />
          )}
        </Field>
        {s.effective ? (
          <Field label={t('set_from')} hint={t('set_from_hint')}>
            {(f) => <Input {...f} type="date" value={day} onInput={setDay} />}
          </Field>
        ) : null}
        <Button type="submit" kind="main" size="s">
          {t('set_save')}
        </Button>
      </form>
      {s.versions.length ? (
        <ul class="set-v">
          {s.versions.map((v) => (
            <li key={v.day ?? ''}>
              <span class="num">{v.day ?? t('set_always')}</span>
              <b>{text(v.value)}</b>
              {v.day && v.day > today() ? <Tag color="blue">{t('set_future')}</Tag> : null}
              <span class="dim s12 push">
                {v.by?.title ?? ''} {moment(v.at)}
              </span>
              <Button size="s" kind="ghost" onClick={() => void put(null, v.day)}>
                {t('set_drop')}
              </Button>
            </li>
          ))}
        </ul>
      ) : null}
    </li>
  );
}

export function SettingsPage({ app }: { app: string }) {
  const draft = draftOf(app);
  const [all, setAll] = useState<Setting[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    api.get<{ settings: Setting[] }>(`${adminPath(app)}/settings`).then(
      (a) => setAll(a.settings),
      (e) => setError(say(e)),
    );
  }, [app]);
  return (
    <>
      <Top draft={draft} tab="settings" />
      <SetNav app={app} at="settings" />
      <div class="scroll set">
        {error ? <Note kind="bad">{error}</Note> : null}
        {!all && !error ? <Skeleton lines={6} label={t('loading')} /> : null}
        {all?.length === 0 ? (
          <Empty icon="settings-2" title={t('set_empty')} text={t('set_empty_text')} />
        ) : null}
        {all?.length ? (
          <ul class="col gap3">
            {all.map((s) => (
              <One app={app} s={s} onDone={setAll} key={`${s.key}${text(s.value)}`} />
            ))}
          </ul>
        ) : null}
      </div>
    </>
  );
}
