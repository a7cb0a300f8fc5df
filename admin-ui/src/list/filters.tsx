import { useState } from 'preact/hooks';
import { api, formPath, query } from '../api/client';
import type { FieldDef, FormDef, ListAnswer } from '../api/types';
import { searchDepartments, searchMembers } from '../form/controls';
import { fieldOf, filterFields } from '../form/system';
import { Button, Combo, Icon, IconButton, Input, type Option, Popover, Select, Tag } from '../kit';
import { argsText, type Cond, kindOf, NO_ARGS, type Op, type Operand, opsOf } from './filter';
import { t } from './text';

/* The chips over a list and the small form behind each. */

async function searchTarget(def: FormDef, f: FieldDef, q: string): Promise<Option[]> {
  if (f.type === 'member') return searchMembers(q);
  if (f.type === 'department') return searchDepartments(q);
  if (!f.form) return [];
  const a = await api.get<ListAnswer>(
    `${formPath(def.app, f.form)}/records${query({ search: q, fields: '_title', limit: 20, count: 'none' })}`,
  );
  return a.records.map((r) => ({ key: r._id, title: r._title ?? r._id }));
}

function Operands({
  def,
  f,
  op,
  args,
  set,
}: {
  def: FormDef;
  f: FieldDef;
  op: Op;
  args: Operand[];
  set: (a: Operand[]) => void;
}) {
  if (NO_ARGS.has(op)) return null;
  const kind = kindOf(f);
  const text = (i: number) => (args[i] === undefined ? '' : String(args[i]));
  const put = (i: number, v: string) => {
    const next = [...args];
    next[i] = v;
    set(next);
  };
  if (kind === 'select' || kind === 'multi') {
    const all = (f.options ?? []).map((o) => ({ key: o.key, title: o.title, color: o.color ?? 'grey' }));
    return (
      <Combo
        multi
        label={t('value')}
        options={all}
        value={all.filter((o) => args.includes(o.key))}
        draw={(o) => <Tag color={o.color}>{o.title}</Tag>}
        onChange={(v) => set(v.map((o) => o.key))}
      />
    );
  }
  if (kind === 'ref' || kind === 'member')
    return (
      <Combo
        multi
        label={t('value')}
        load={(q) => searchTarget(def, f, q)}
        value={args
          .filter((a): a is [string, string] => Array.isArray(a))
          .map(([key, title]) => ({ key, title }))}
        onChange={(v) => set(v.map((o) => [o.key, o.title]))}
      />
    );
  const type = kind === 'date' ? ('date' as const) : undefined;
  const mode = kind === 'number' ? ('decimal' as const) : undefined;
  const box = (i: number, label: string) => (
    <Input
      {...(type ? { type } : {})}
      {...(mode ? { mode } : {})}
      label={label}
      value={text(i)}
      onInput={(v) => put(i, v)}
    />
  );
  if (op !== 'between') return box(0, t('value'));
  return (
    <div class="row">
      {box(0, t('from'))}
      <span class="dim">–</span>
      {box(1, t('to'))}
    </div>
  );
}

function CondForm(props: {
  def: FormDef;
  cond: Cond | null;
  onDone: (c: Cond) => void;
  onCancel: () => void;
}) {
  const [cond, setCond] = useState<Cond | null>(props.cond);
  const fields = filterFields(props.def);
  const f = cond ? fieldOf(props.def, cond.field) : undefined;
  const choose = (key: string | null) => {
    const g = key ? fieldOf(props.def, key) : undefined;
    if (g) setCond({ field: g.key, op: opsOf(g)[0]!, args: [] });
  };
  const ready = cond && (NO_ARGS.has(cond.op) || cond.args.some((a) => a !== ''));
  return (
    <form
      class="col col3 condform"
      onSubmit={(e) => {
        e.preventDefault();
        if (cond && ready) props.onDone(cond);
      }}
    >
      <Select
        label={t('field')}
        placeholder={t('choose_field')}
        value={cond?.field ?? null}
        options={fields.map((x) => ({ key: x.key, title: x.title }))}
        onChange={choose}
      />
      {cond && f ? (
        <>
          <Select
            label={f.title}
            value={cond.op}
            options={opsOf(f).map((op) => ({ key: op, title: t(`op_${op}`) }))}
            onChange={(op) => op && setCond({ ...cond, op, args: [] })}
          />
          <Operands
            def={props.def}
            f={f}
            op={cond.op}
            args={cond.args}
            set={(args) => setCond({ ...cond, args })}
          />
        </>
      ) : null}
      <div class="row end-row">
        <Button size="s" onClick={props.onCancel}>
          {t('cancel')}
        </Button>
        <Button size="s" kind="main" type="submit" disabled={!ready}>
          {t('apply')}
        </Button>
      </div>
    </form>
  );
}

export function FilterBar({
  def,
  conds,
  onChange,
}: {
  def: FormDef;
  conds: Cond[];
  onChange: (c: Cond[]) => void;
}) {
  return (
    <>
      <Popover
        label={t('add_filter')}
        pad
        trigger={(open, toggle) => (
          <button
            type="button"
            class={`chip${conds.length ? ' is-on' : ''}`}
            aria-haspopup="dialog"
            aria-expanded={open}
            onClick={toggle}
          >
            <Icon name="list-filter" />
            {conds.length ? t('filter_n', { n: conds.length }) : t('filter')}
          </button>
        )}
      >
        {(close) => (
          <CondForm
            def={def}
            cond={null}
            onCancel={close}
            onDone={(c) => {
              onChange([...conds, c]);
              close();
            }}
          />
        )}
      </Popover>
      {conds.map((c, i) => {
        const f = fieldOf(def, c.field);
        if (!f) return null;
        const drop = () => onChange(conds.filter((x) => x !== c));
        return (
          <span class="fchip" key={`${c.field}/${i}`}>
            <Popover
              label={f.title}
              pad
              trigger={(open, toggle) => (
                <button
                  type="button"
                  class="row"
                  aria-haspopup="dialog"
                  aria-expanded={open}
                  onClick={toggle}
                >
                  <span>{f.title}</span>
                  <span class="dim">{t(`op_${c.op}`)}</span>
                  {c.args.length ? <b class="cut">{argsText(f, c)}</b> : null}
                </button>
              )}
            >
              {(close) => (
                <CondForm
                  def={def}
                  cond={c}
                  onCancel={close}
                  onDone={(n) => {
                    onChange(conds.map((x) => (x === c ? n : x)));
                    close();
                  }}
                />
              )}
            </Popover>
            <IconButton small icon="x" label={t('drop_filter', { title: f.title })} onClick={drop} />
          </span>
        );
      })}
    </>
  );
}
