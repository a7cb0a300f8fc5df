import { useState } from 'preact/hooks';
import { api, say, session } from '../api/client';
import { hasRight } from '../api/session';
import { moment } from '../i18n/format';
import { Button, Check, confirm, Dialog, Field, Note, Select, toast } from '../kit';
import {
  DepartmentsField,
  LoginField,
  ManagerField,
  NameField,
  RightsField,
  RolesField,
  useMember,
} from './people_fields';
import { memberOptions, randomPassword, useProblems, type World } from './people_kit';
import { t } from './text';
import type { Member } from './types';

/* One member: what he is, how he logs in, and what happens when he leaves. */

interface HandOver {
  records: number;
  tasks: number;
  departments: number;
  reports: number;
  forms: { app: string; form: string; title: string; records: number }[];
}

function Leaver({ w, m, onDone }: { w: World; m: Member; onDone: () => void }) {
  const [to, setTo] = useState<string | null>(null);
  const [seen, setSeen] = useState<HandOver | null>(null);
  const [busy, setBusy] = useState(false);
  const ask = async (preview: boolean) => {
    setBusy(true);
    try {
      const r = await api.post<HandOver>(`/admin/members/${m.id}/hand_over`, { to, preview });
      setSeen(preview ? r : null);
      if (!preview) {
        toast(t('h_done', { n: r.records + r.tasks + r.departments + r.reports }));
        onDone();
      }
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="col col3">
      <p class="s13 mut">{t('h_what')}</p>
      <Field label={t('h_to')}>
        {(ids) => (
          <Select
            {...ids}
            value={to}
            options={memberOptions(w.members.filter((x) => x.id !== m.id))}
            onChange={(k) => {
              setTo(k);
              setSeen(null);
            }}
          />
        )}
      </Field>
      {seen ? (
        <Note kind="acc" title={t('h_preview')}>
          <ul class="s13">
            {seen.forms.map((f) => (
              <li key={`${f.app}/${f.form}`}>{t('h_form', { form: f.title, n: f.records })}</li>
            ))}
            <li>{t('h_tasks', { n: seen.tasks })}</li>
            <li>{t('h_departments', { n: seen.departments })}</li>
            <li>{t('h_reports', { n: seen.reports })}</li>
          </ul>
        </Note>
      ) : null}
      <div class="row gap2">
        <Button size="s" disabled={!to} busy={busy} onClick={() => void ask(true)}>
          {t('h_look')}
        </Button>
        <Button size="s" kind="main" disabled={!seen} busy={busy} onClick={() => void ask(false)}>
          {t('h_go')}
        </Button>
      </div>
    </div>
  );
}

/** How he gets in: a link for the first time, a new password, two-step login, his sessions. */
function Access({ m, onDone }: { m: Member; onDone: () => void }) {
  const [link, setLink] = useState<{ url: string; expires: string } | null>(null);
  const [made, setMade] = useState<string | null>(null);
  const run = async (what: () => Promise<void>) => {
    try {
      await what();
      onDone();
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
  };
  const invite = () =>
    run(async () => {
      const r = await api.post<{ url: string; expires: string }>(`/admin/members/${m.id}/invite`, {});
      setLink({ url: `${location.origin}${r.url}`, expires: r.expires });
    });
  const reset = () =>
    run(async () => {
      const password = randomPassword();
      await api.patch(`/admin/members/${m.id}`, { password, must_change: true });
      setMade(password);
    });
  return (
    <div class="col col3">
      {link ? (
        <Note kind="ok" title={t('i_link', { when: moment(link.expires) })}>
          <code class="mono wrapword">{link.url}</code>
        </Note>
      ) : null}
      {made ? (
        <Note kind="ok" title={t('i_password')}>
          <code class="mono">{made}</code>
        </Note>
      ) : null}
      <div class="row wrap gap2">
        <Button size="s" icon="mail" onClick={() => void invite()}>
          {t('i_invite')}
        </Button>
        <Button size="s" icon="key-round" onClick={() => void reset()}>
          {t('i_reset')}
        </Button>
        <Button
          size="s"
          icon="log-out"
          onClick={() =>
            void run(async () => {
              await api.del(`/admin/members/${m.id}/sessions`);
              toast(t('i_ended'));
            })
          }
        >
          {t('i_end')}
        </Button>
        {m.totp ? (
          <Button
            size="s"
            icon="shield-alert"
            onClick={() =>
              void run(async () => {
                await api.patch(`/admin/members/${m.id}`, { totp: false });
                toast(t('i_totp_off'));
              })
            }
          >
            {t('i_totp')}
          </Button>
        ) : null}
      </div>
    </div>
  );
}

export function MemberDialog(props: {
  w: World;
  m: Member;
  onClose: () => void;
  onChanged: () => void;
  onDone: (text: string) => void;
}) {
  const { w, m } = props;
  const p = useProblems();
  const of = useMember(w, p, m);
  const { name, login, departments, roles, manager, rights } = of.value;
  const [orgAdmin, setOrgAdmin] = useState(m.org_admin ?? false);
  const [busy, setBusy] = useState(false);
  const external = !!m.organisation;
  const me = session.value?.me.id === m.id;
  const change = async (body: object, text: string) => {
    setBusy(true);
    p.clear();
    try {
      await api.patch(`/admin/members/${m.id}`, body);
      props.onDone(text);
    } catch (e) {
      p.take(e);
    } finally {
      setBusy(false);
    }
  };
  const save = () =>
    change(
      {
        name: name.trim(),
        login: login.trim(),
        departments: departments.map((d) => d.key),
        roles: roles.map((r) => r.key),
        manager,
        ...(external ? { org_admin: orgAdmin } : hasRight('people') ? { rights: [...rights] } : {}),
      },
      t('m_saved', { name: name.trim() }),
    );
  const remove = async () => {
    if (
      !(await confirm({
        title: t('m_remove', { name: m.name }),
        body: t('m_remove_text'),
        ok: t('m_remove_ok'),
        danger: true,
      }))
    )
      return;
    try {
      await api.del(`/admin/members/${m.id}`);
      props.onDone(t('m_removed', { name: m.name }));
    } catch (e) {
      p.take(e);
    }
  };
  return (
    <Dialog
      wide
      title={m.name}
      onClose={props.onClose}
      onSubmit={() => void save()}
      footer={
        <>
          {me ? null : (
            <Button
              kind={m.active === false ? 'soft' : 'bad-q'}
              onClick={() =>
                void change(
                  { active: m.active === false },
                  t(m.active === false ? 'm_on_done' : 'm_off_done', { name: m.name }),
                )
              }
            >
              {t(m.active === false ? 'm_on' : 'm_off')}
            </Button>
          )}
          <span class="push" />
          <Button onClick={props.onClose}>{t('cancel')}</Button>
          <Button kind="main" type="submit" busy={busy}>
            {t('save')}
          </Button>
        </>
      }
    >
      <div class="col col4">
        {p.other ? <Note kind="bad" title={p.other} role="alert" /> : null}
        <div class="two">
          <NameField of={of} />
          <LoginField of={of} />
          <DepartmentsField of={of} />
          <ManagerField of={of} />
        </div>
        <RolesField of={of} />
        {external ? (
          <Check checked={orgAdmin} label={t('m_org_admin')} onChange={setOrgAdmin} />
        ) : hasRight('people') ? (
          <RightsField of={of} />
        ) : null}
        <section class="sec">
          <h3>{t('i_title')}</h3>
          <Access m={m} onDone={props.onChanged} />
        </section>
        {me ? null : (
          <section class="sec">
            <h3>{t('h_title')}</h3>
            <Leaver w={w} m={m} onDone={props.onChanged} />
            <p class="mt4">
              <Button size="s" kind="bad-q" icon="circle-x" onClick={() => void remove()}>
                {t('m_remove_ok')}
              </Button>
            </p>
          </section>
        )}
      </div>
    </Dialog>
  );
}
