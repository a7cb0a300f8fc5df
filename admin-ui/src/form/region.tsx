import { useEffect, useState } from 'preact/hooks';
import { api } from '../api/client';
import { Combo, Input } from '../kit';
import type { ControlProps } from './controls';
import { t } from './text';
import { isBlank } from './values';

/*
 * Regions (a path of names from the server's table) and places on the map.
 */

/** A name alone has nothing below it. */
type Region = string | [string, Region[]];

let asked: Promise<Region[]> | null = null;

function load(): Promise<Region[]> {
  asked ??= api.get<{ regions: Region[] }>('/regions').then(
    (r) => r.regions,
    (e: unknown) => {
      asked = null;
      throw e;
    },
  );
  return asked;
}

const nameOf = (r: Region) => (typeof r === 'string' ? r : r[0]);
const below = (r: Region | undefined): Region[] => (r === undefined || typeof r === 'string' ? [] : r[1]);
const DEPTHS = { province: 1, city: 2, district: 3, street: 4 };

/** One select a level; the value is the path "广东省/深圳市/南山区". */
export function RegionControl({ cell, model, ids }: ControlProps) {
  const [all, setAll] = useState<Region[] | null>(null);
  useEffect(() => {
    load().then(setAll, () => setAll([]));
  }, []);
  const value = isBlank(cell.value.value) ? '' : String(cell.value.value);
  if (all && !all.length)
    return <Input {...ids} value={value} onInput={(v) => model.set(cell, v === '' ? null : v)} />;
  const path = value ? value.split('/') : [];
  const depth = DEPTHS[cell.def.depth ?? 'district'];
  const set = (parts: string[]) => model.set(cell, parts.length ? parts.join('/') : null);
  const levels: { options: Region[]; name: string | undefined }[] = [];
  let options = all ?? [];
  for (let i = 0; i < Math.min(depth, 3) && (options.length > 0 || i === 0); i++) {
    const name = path[i];
    levels.push({ options, name });
    options = below(options.find((r) => nameOf(r) === name));
  }
  const option = (name: string) => ({ key: name, title: name });
  return (
    <div class="row wrap gap1">
      {levels.map((l, i) => (
        <Combo
          key={i}
          {...(i === 0 ? ids : {})}
          label={`${cell.def.title} ${i + 1}`}
          options={l.options.map((r) => option(nameOf(r)))}
          value={l.name ? [option(l.name)] : []}
          onChange={(v) => set(v[0] ? [...path.slice(0, i), v[0].key] : path.slice(0, i))}
        />
      ))}
      {depth === 4 && path.length >= 3 ? (
        <Input
          label={t('street')}
          value={path.slice(3).join('/')}
          onInput={(v) => set([...path.slice(0, 3), ...(v.trim() ? [v] : [])])}
        />
      ) : null}
    </div>
  );
}

interface Place {
  lat?: unknown;
  lng?: unknown;
  address?: unknown;
}

/** Latitude, longitude and an address; a button asks the device. */
export function LocationControl({ cell, model, ids }: ControlProps) {
  const v = (cell.value.value ?? {}) as Place;
  const [text, setText] = useState({ lat: String(v.lat ?? ''), lng: String(v.lng ?? '') });
  const [failed, setFailed] = useState(false);
  const set = (next: Place) => {
    const blank = [next.lat, next.lng, next.address].every((x) => x === '' || isBlank(x));
    const num = (x: unknown) => (x === '' || isBlank(x) ? null : Number.isNaN(Number(x)) ? x : Number(x));
    model.set(cell, blank ? null : { lat: num(next.lat), lng: num(next.lng), address: next.address || null });
  };
  const part = (key: 'lat' | 'lng') => (s: string) => {
    const next = { ...text, [key]: s };
    setText(next);
    set({ ...v, ...next });
  };
  const locate = () =>
    navigator.geolocation?.getCurrentPosition(
      (p) => {
        const at = { lat: p.coords.latitude.toFixed(6), lng: p.coords.longitude.toFixed(6) };
        setFailed(false);
        setText(at);
        set({ ...v, ...at });
      },
      () => setFailed(true),
    );
  return (
    <div class="row wrap gap1">
      <Input {...ids} label={t('lat')} placeholder={t('lat')} value={text.lat} onInput={part('lat')} />
      <Input label={t('lng')} placeholder={t('lng')} value={text.lng} onInput={part('lng')} />
      <Input
        label={t('address')}
        placeholder={t('address')}
        value={String(v.address ?? '')}
        onInput={(address) => set({ ...v, ...text, address })}
      />
      <button type="button" class="btn" onClick={locate}>
        {t('locate')}
      </button>
      {failed ? <span class="s12 bad">{t('locate_failed')}</span> : null}
    </div>
  );
}
