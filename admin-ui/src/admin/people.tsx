import { useEffect, useState } from 'preact/hooks';
import { api, say } from '../api/client';
import { hasRight } from '../api/session';
import { lang } from '../i18n';
import {
  Avatar,
  Button,
  Empty,
  Icon,
  IconButton,
  params,
  SearchBox,
  Skeleton,
  setParams,
  Tabs,
  Tag,
  toast,
} from '../kit';
import { AddMember } from './people_add';
import { DepartmentDialog } from './people_dept';
import { MemberDialog } from './people_edit';
import { below, roleTitle, treeOf, type World } from './people_kit';
import { t } from './text';
import type { Department, Member, Role } from './types';

/* /admin/people: the tree of departments, the members of the one that is chosen, a dialog for each of both. */

function Tree(props: {
  w: World;
  at: string | null;
  onPick: (id: string | null) => void;
  onEdit: (d: Department) => void;
}) {
  const { w, at } = props;
  const rows = treeOf(w.departments);
  return (
    <nav class="ptree scroll" aria-label={t('departments')}>
      <ul>
        <li>
          <button
            type="button"
            aria-current={at === null ? 'true' : undefined}
            onClick={() => props.onPick(null)}
          >
            <Icon name="users" />
            <span class="cut grow">{t('d_all')}</span>
            <span class="cnt">{w.members.length}</span>
          </button>
        </li>
        {rows.map(({ d, level }) => (
          <li key={d.id} class={`pt-${Math.min(level, 5)}`}>
            <button
              type="button"
              aria-current={at === d.id ? 'true' : undefined}
              title={d.title}
              onClick={() => props.onPick(d.id)}
            >
              <Icon name={d.external ? 'handshake' : 'network'} />
              <span class="cut grow">{d.title}</span>
              <span class="cnt">{d.members ?? ''}</span>
            </button>
            <IconButton
              small
              icon="pencil"
              label={t('d_edit', { name: d.title })}
              onClick={() => props.onEdit(d)}
            />
          </li>
        ))}
      </ul>
      {rows.length ? null : <p class="s13 mut pt-e">{t('d_none_text')}</p>}
    </nav>
  );
}

function Members(props: { w: World; rows: Member[]; onEdit: (m: Member) => void }) {
  const { w, rows } = props;
  if (!rows.length) return <Empty icon="users" title={t('m_none')} />;
  return (
    <ul class="plist">
      {rows.map((m) => (
        <li key={m.id}>
          <Avatar id={m.id} name={m.name} size="l" />
          <button type="button" class="col col1 pl-n" onClick={() => props.onEdit(m)}>
            <span class="row gap1">
              <span class="m cut">{m.name}</span>
              {m.active === false ? <Tag>{t('m_inactive')}</Tag> : null}
              {m.active !== false && !m.can_log_in ? <Tag color="amber">{t('m_no_password')}</Tag> : null}
            </span>
            <span class="s12 dim mono cut">{m.login}</span>
          </button>
          <span class="pl-d s13 mut">
            {m.departments.map((d) => d.title).join(lang.value === 'zh-CN' ? '、' : ', ') || '—'}
          </span>
          <span class="row wrap gap1 pl-r">
            {m.organisation ? (
              <Tag color="orange" icon="handshake">
                {t(m.org_admin ? 'm_ext_admin' : 'm_ext')}
              </Tag>
            ) : null}
            {m.roles.map((r) => (
              <Tag key={r} line>
                {roleTitle(w, r)}
              </Tag>
            ))}
            {m.rights.map((r) => (
              <Tag key={r} color="indigo">
                {t(`right_${r}` as 'right_design')}
              </Tag>
            ))}
            {!m.roles.length && !m.rights.length ? <span class="s12 dim">{t('m_no_roles')}</span> : null}
          </span>
          <IconButton icon="pencil" label={t('m_edit', { name: m.name })} onClick={() => props.onEdit(m)} />
        </li>
      ))}
    </ul>
  );
}

function Departments(props: { w: World; q: string; onEdit: (d: Department) => void }) {
  const needle = props.q.trim().toLowerCase();
  const rows = treeOf(props.w.departments).filter(
    ({ d }) => !needle || d.title.toLowerCase().includes(needle),
  );
  if (!rows.length) return <Empty icon="network" title={t('d_none')} text={t('d_none_text')} />;
  return (
    <ul class="plist">
      {rows.map(({ d, level }) => (
        <li key={d.id} class={`pl-l${Math.min(4, level)}`}>
          <Avatar id={d.id} name={d.title} square />
          <button type="button" class="m cut pl-n" onClick={() => props.onEdit(d)}>
            {d.title}
          </button>
          <span class="pl-d s13 mut">{t('members_n', { n: d.members ?? 0 })}</span>
          <span class="pl-r s13 mut">{d.manager?.title ?? ''}</span>
          {d.external ? (
            <Tag color="orange" icon="handshake">
              {t('d_external')}
            </Tag>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

function rowsOf(w: World, q: string, at: string | null): Member[] {
  const needle = q.trim().toLowerCase();
  const inside = at ? below(w.departments, at) : null;
  return w.members.filter(
    (m) =>
      (!needle || `${m.name} ${m.login}`.toLowerCase().includes(needle)) &&
      (!inside || m.departments.some((d) => inside.has(d.id))),
  );
}

type Open =
  | { what: 'add-member' }
  | { what: 'add-department' }
  | { what: 'member'; id: string }
  | { what: 'department'; d: Department };

function Dialogs(props: { w: World; open: Open; at: string | null; close: () => void; load: () => void }) {
  const { w, open } = props;
  const done = (text: string) => {
    props.close();
    toast(text);
    props.load();
  };
  const into = w.departments.find((d) => d.id === props.at) ?? null;
  if (open.what === 'add-member')
    return (
      <AddMember
        w={w}
        into={into}
        onClose={props.close}
        onDone={(m) => done(t('m_added', { name: m.name }))}
      />
    );
  if (open.what === 'add-department')
    return <DepartmentDialog w={w} of={null} parent={props.at} onClose={props.close} onDone={done} />;
  if (open.what === 'department')
    return <DepartmentDialog w={w} of={open.d} onClose={props.close} onDone={done} />;
  const m = w.members.find((x) => x.id === open.id);
  return m ? <MemberDialog w={w} m={m} onClose={props.close} onChanged={props.load} onDone={done} /> : null;
}

export function PeoplePage() {
  const [w, setW] = useState<World | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [q, setQ] = useState('');
  const [open, setOpen] = useState<Open | null>(null);
  const l = lang.value;
  const tab = params.value.get('tab') === 'departments' ? 'departments' : 'members';
  const at = params.value.get('d');
  const load = async () => {
    setFailed(null);
    try {
      const [m, d, r] = await Promise.all([
        api.get<{ members: Member[] }>('/admin/members'),
        api.get<{ departments: Department[] }>('/admin/departments'),
        api.get<{ roles: Role[] }>('/admin/roles'),
      ]);
      setW({ members: m.members, departments: d.departments, roles: r.roles });
    } catch (e) {
      setFailed(say(e));
    }
  };
  useEffect(() => void load(), [l]);
  const members = tab === 'members';
  const editDepartment = (d: Department) => setOpen({ what: 'department', d });
  return (
    <>
      <header class="bar">
        <h1>{t('people')}</h1>
        <span class="push" />
        <SearchBox value={q} onInput={setQ} label={t('find_member')} hotkey class="dk" />
        {hasRight('people') ? (
          <Button size="s" icon="file-spreadsheet" href="/a/people/member" class="dk">
            {t('m_table')}
          </Button>
        ) : null}
        <Button
          size="s"
          icon="plus"
          disabled={!w}
          class="dk"
          onClick={() => setOpen({ what: 'add-department' })}
        >
          {t('add_department')}
        </Button>
        <Button
          kind="main"
          size="s"
          icon="plus"
          disabled={!w}
          onClick={() => setOpen({ what: members ? 'add-member' : 'add-department' })}
        >
          {t(members ? 'add_member' : 'add_department')}
        </Button>
      </header>
      <div class="ph">
        <Tabs
          label={t('people')}
          value={tab}
          items={[
            { key: 'members', title: t('members'), count: w?.members.length ?? null },
            { key: 'departments', title: t('departments'), count: w?.departments.length ?? null },
          ]}
          onChange={(k) => setParams({ tab: k === 'members' ? null : k })}
        />
      </div>
      {failed ? (
        <Empty icon="circle-alert" title={t('failed')} text={failed}>
          <Button onClick={() => void load()}>{t('retry')}</Button>
        </Empty>
      ) : !w ? (
        <Skeleton lines={9} label={t('loading')} />
      ) : (
        <div class="ppl">
          <Tree w={w} at={at} onPick={(id) => setParams({ d: id, tab: null })} onEdit={editDepartment} />
          <div class="scroll">
            {members ? (
              <Members w={w} rows={rowsOf(w, q, at)} onEdit={(m) => setOpen({ what: 'member', id: m.id })} />
            ) : (
              <Departments w={w} q={q} onEdit={editDepartment} />
            )}
          </div>
        </div>
      )}
      {w && open ? (
        <Dialogs w={w} open={open} at={at} close={() => setOpen(null)} load={() => void load()} />
      ) : null}
    </>
  );
}
