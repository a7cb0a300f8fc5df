import { useState } from 'preact/hooks';
import type { FieldProblem, FormDef } from '../api/types';
import { Button, Dialog, Radios } from '../kit';
import { Value } from './display';
import { t } from './text';

/** Fields that two people changed: choose one value each. Answers the fields where the other's value stays. */
export function ConflictDialog(props: {
  def: FormDef;
  errors: FieldProblem[];
  onSave: (keepTheirs: string[]) => void;
  onReload: () => void;
  onClose: () => void;
}) {
  const [theirs, setTheirs] = useState<string[]>([]);
  return (
    <Dialog
      wide
      title={t('conflict_title')}
      onClose={props.onClose}
      footer={
        <>
          <Button kind="ghost" onClick={props.onReload}>
            {t('conflict_reload')}
          </Button>
          <Button kind="main" onClick={() => props.onSave(theirs)}>
            {t('conflict_save')}
          </Button>
        </>
      }
    >
      <p class="mut">{t('conflict_text')}</p>
      <div class="card mt3">
        <table class="tbl">
          <thead>
            <tr>
              <th>{t('conflict_field')}</th>
              <th>{t('conflict_mine')}</th>
              <th>
                {t('conflict_theirs')}
                {props.errors[0]?.by?.title ? <span class="dim"> {props.errors[0].by.title}</span> : null}
              </th>
            </tr>
          </thead>
          <tbody>
            {props.errors.map((e) => {
              const def = props.def.fields.find((f) => f.key === e.field);
              if (!def) return null;
              const pick = (side: 'mine' | 'theirs', value: unknown) => (
                <Radios
                  name={`c-${e.field}-${side}`}
                  value={(theirs.includes(e.field) ? 'theirs' : 'mine') === side ? side : null}
                  items={[{ key: side, title: <Value def={def} value={value} compact /> }]}
                  onChange={() =>
                    setTheirs(side === 'theirs' ? [...theirs, e.field] : theirs.filter((k) => k !== e.field))
                  }
                />
              );
              return (
                <tr key={e.field}>
                  <th scope="row">{def.title}</th>
                  <td>{pick('mine', e.yours)}</td>
                  <td>{pick('theirs', e.theirs)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Dialog>
  );
}
