import { useMemo, useState } from 'preact/hooks';
import { Button } from '../kit';
import { diffLines } from './diff';
import { t } from './text';

/* Two texts of a file as lines with their numbers; what did not change is folded away. */

const OPEN_UP_TO = 400; // lines drawn at once

export function DiffView(props: { file: string; was: string | null; is: string | null }) {
  const d = useMemo(() => diffLines(props.was, props.is), [props.was, props.is]);
  const [open, setOpen] = useState(d.lines.length <= OPEN_UP_TO);
  if (d.big) return <p class="s13 dim">{t('big_diff')}</p>;
  if (!open)
    return (
      <Button size="s" onClick={() => setOpen(true)}>
        {t('show_file')}
      </Button>
    );
  return (
    <div class="diff" tabIndex={0} role="region" aria-label={t('diff_of', { file: props.file })}>
      <table>
        <tbody>
          {d.lines.map((l, i) =>
            l.kind === 'gap' ? (
              <tr class="df-gap" key={i}>
                <td class="ln">⋯</td>
                <td class="ln">⋯</td>
                <td class="sg" />
                <td class="cd">
                  <span class="dim">{t('lines_same', { n: l.n ?? 0 })}</span>
                </td>
              </tr>
            ) : (
              <tr class={l.kind === 'add' ? 'df-add' : l.kind === 'del' ? 'df-del' : ''} key={i}>
                <td class="ln num">{l.a ?? ''}</td>
                <td class="ln num">{l.b ?? ''}</td>
                <td class="sg">{l.kind === 'add' ? '+' : l.kind === 'del' ? '−' : ''}</td>
                <td class="cd">{l.text}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

/** −2 +1 */
export function DiffCount(props: { was: string | null; is: string | null }) {
  const d = useMemo(() => diffLines(props.was, props.is), [props.was, props.is]);
  return (
    <span class="s12 row gap1">
      {props.was === null ? <span class="tag tag--green">{t('file_added')}</span> : null}
      {props.is === null ? <span class="tag tag--red">{t('file_removed')}</span> : null}
      {d.removed ? <span class="bad num">−{d.removed}</span> : null}
      {d.added ? <span class="ok num">+{d.added}</span> : null}
    </span>
  );
}
