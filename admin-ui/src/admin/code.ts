import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  StreamLanguage,
  syntaxHighlighting,
} from '@codemirror/language';
import { lua } from '@codemirror/legacy-modes/mode/lua';
import { yaml } from '@codemirror/legacy-modes/mode/yaml';
import { type Diagnostic, lintGutter, lintKeymap, nextDiagnostic, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, openSearchPanel, search, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import {
  crosshairCursor,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  rectangularSelection,
} from '@codemirror/view';
import { tags as g } from '@lezer/highlight';
import { lang } from '../i18n';
import { source } from './complete';
import type { Mistake } from './types';

/*
 * The text editor: CodeMirror 6 in a shadow root, where its style sheets are constructed ones and the CSP has nothing to
 * refuse. Colours are the tokens, which a shadow root inherits, so the theme follows without a word from here.
 */

const LOOK = EditorView.theme({
  '&': { height: '100%', color: 'var(--fg)', backgroundColor: 'var(--bg)', fontSize: '13px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '22px' },
  '.cm-content': { caretColor: 'var(--accent)', padding: '8px 0 40vh' },
  '.cm-line': { padding: '0 16px 0 8px' },
  '.cm-gutters': {
    backgroundColor: 'var(--bg-sub)',
    color: 'var(--fg-3)',
    border: '0',
    borderInlineEnd: '1px solid var(--line)',
  },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 8px 0 12px', minWidth: '36px' },
  '.cm-activeLine': { backgroundColor: 'rgba(128, 124, 118, 0.08)' },
  '.cm-activeLineGutter': { backgroundColor: 'var(--bg-active)', color: 'var(--fg)' },
  '.cm-cursor': { borderInlineStartColor: 'var(--accent)', borderInlineStartWidth: '2px' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--accent-soft-2)',
  },
  '.cm-selectionMatch': { backgroundColor: 'var(--accent-soft)' },
  '.cm-searchMatch': { backgroundColor: 'var(--warn-soft)', outline: '1px solid var(--warn-line)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--warn-line)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': {
    backgroundColor: 'var(--bg-active)',
    outline: '1px solid var(--line-2)',
  },
  '.cm-foldGutter .cm-gutterElement': { color: 'var(--fg-3)', cursor: 'pointer', padding: '0 4px' },
  '.cm-foldPlaceholder': {
    backgroundColor: 'var(--bg-active)',
    border: '0',
    color: 'var(--fg-2)',
    padding: '0 6px',
    borderRadius: '4px',
  },
  '.cm-panels': { backgroundColor: 'var(--bg-sub)', color: 'var(--fg)', borderColor: 'var(--line)' },
  '.cm-panels-top': { borderBottom: '1px solid var(--line)' },
  '.cm-panel.cm-search': {
    padding: '8px 36px 8px 12px',
    font: 'var(--t-13)',
    display: 'flex',
    flexWrap: 'wrap',
    gap: '6px',
    alignItems: 'center',
  },
  '.cm-panel.cm-search br': { flexBasis: '100%', height: '0', content: '""', width: '100%' },
  '.cm-panel.cm-search label': {
    fontSize: '12px',
    color: 'var(--fg-2)',
    display: 'inline-flex',
    alignItems: 'center',
    gap: '4px',
    margin: '0',
  },
  '.cm-panel.cm-search [name=close]': {
    top: '8px',
    right: '8px',
    color: 'var(--fg-2)',
    fontSize: '18px',
    cursor: 'pointer',
    width: '24px',
    height: '24px',
    backgroundColor: 'transparent',
  },
  '.cm-textfield': {
    height: '28px',
    margin: '0',
    padding: '0 8px',
    border: '1px solid var(--line-2)',
    borderRadius: '6px',
    backgroundColor: 'var(--bg)',
    color: 'var(--fg)',
    fontSize: '13px',
    fontFamily: 'var(--font)',
  },
  '.cm-textfield:focus': {
    outline: 'none',
    borderColor: 'var(--accent)',
    boxShadow: '0 0 0 3px var(--accent-soft-2)',
  },
  '.cm-button': {
    height: '28px',
    margin: '0',
    padding: '0 10px',
    border: '1px solid var(--line-2)',
    borderRadius: '6px',
    backgroundImage: 'none',
    backgroundColor: 'var(--bg)',
    color: 'var(--fg)',
    fontSize: '13px',
    cursor: 'pointer',
  },
  '.cm-button:hover': { backgroundColor: 'var(--bg-hover)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--bg-raised)',
    color: 'var(--fg)',
    border: '1px solid var(--line-2)',
    borderRadius: '6px',
    boxShadow: 'var(--sh-3)',
    maxWidth: '480px',
    overflow: 'hidden',
  },
  '.cm-tooltip.cm-tooltip-autocomplete': { overflow: 'visible' }, // its info stands beside it
  '.cm-tooltip.cm-tooltip-autocomplete > ul': {
    fontFamily: 'var(--mono)',
    fontSize: '12.5px',
    maxHeight: '264px',
    minWidth: 'min(280px, 90vw)',
    maxWidth: 'min(560px, 92vw)',
    padding: '4px',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': {
    padding: '3px 8px',
    lineHeight: '20px',
    borderRadius: '4px',
    display: 'flex',
    gap: '16px',
    alignItems: 'baseline',
  },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--bg-active)',
    color: 'var(--fg)',
  },
  '.cm-completionMatchedText': { textDecoration: 'none', color: 'var(--accent-fg)', fontWeight: '600' },
  '.cm-completionDetail': {
    marginInlineStart: 'auto',
    fontStyle: 'normal',
    font: 'var(--t-12)',
    color: 'var(--fg-3)',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    minWidth: '0',
  },
  // on a phone there is no room beside the list
  '@media (max-width: 720px)': { '.cm-completionInfo': { display: 'none' } },
  '.cm-completionInfo': {
    padding: '6px 10px',
    fontFamily: 'var(--mono)',
    fontSize: '12px',
    maxWidth: 'min(360px, 90vw)',
    width: 'max-content',
    backgroundColor: 'var(--bg-raised)',
    overflowWrap: 'anywhere',
  },
  '.cm-diagnostic': { padding: '8px 12px', margin: '0', font: 'var(--t-13)', whiteSpace: 'pre-wrap' },
  '.cm-diagnostic-error': { borderInlineStart: '3px solid var(--bad)' },
  '.cm-diagnostic-warning': { borderInlineStart: '3px solid var(--warn)' },
  '.cm-lintRange': { backgroundImage: 'none', paddingBottom: '0' },
  '.cm-lintRange-error': {
    textDecoration: 'underline wavy var(--bad) 1px',
    textUnderlineOffset: '4px',
    backgroundColor: 'var(--bad-soft)',
  },
  '.cm-lintRange-warning': { textDecoration: 'underline wavy var(--warn) 1px', textUnderlineOffset: '4px' },
  '.cm-lint-marker': { width: '14px', height: '14px', padding: '4px 0 0 2px' },
  '.cm-lint-marker-error': { content: '""' },
  '.cm-lint-marker-error::before': {
    content: '""',
    display: 'block',
    width: '9px',
    height: '9px',
    borderRadius: '50%',
    backgroundColor: 'var(--bad)',
  },
  '.cm-lint-marker-warning': { content: '""' },
  '.cm-lint-marker-warning::before': {
    content: '""',
    display: 'block',
    width: '9px',
    height: '9px',
    borderRadius: '2px',
    backgroundColor: 'var(--warn)',
  },
  '.cm-gutter-lint': { width: '18px' },
});

const INK = HighlightStyle.define([
  { tag: [g.comment, g.meta], color: 'var(--fg-3)' },
  { tag: [g.atom, g.propertyName, g.attributeName], color: 'var(--c-teal)' },
  { tag: [g.string, g.special(g.string)], color: 'var(--c-orange)' },
  { tag: [g.number, g.bool], color: 'var(--c-purple)' },
  { tag: [g.keyword, g.operatorKeyword, g.controlKeyword], color: 'var(--c-indigo)' },
  { tag: [g.standard(g.variableName), g.typeName], color: 'var(--c-blue)' },
  { tag: g.invalid, color: 'var(--bad-fg)' },
]);

const ZH: Record<string, string> = {
  Find: '查找',
  Replace: '替换为',
  next: '下一个',
  previous: '上一个',
  all: '全选',
  'match case': '区分大小写',
  regexp: '正则',
  'by word': '整词',
  replace: '替换',
  'replace all': '全部替换',
  close: '关闭',
  'current match': '当前匹配',
  'replaced $ matches': '替换了 $ 处',
  'replaced match on line $': '替换了第 $ 行的匹配',
  'on line': '在第',
  'No diagnostics': '没有问题',
  Diagnostics: '问题',
  'Fold line': '折叠',
  'Unfold line': '展开',
  'folded code': '已折叠的内容',
  unfold: '展开',
  'Folded lines': '已折叠',
  'Unfolded lines': '已展开',
  to: '到',
  Completions: '可选内容',
  'Selection deleted': '已删除所选',
};

function languageOf(path: string, app: string, forms: () => string[]): Extension {
  if (/\.ya?ml$/.test(path))
    return [
      StreamLanguage.define(yaml),
      autocompletion({ override: [source(app, path, forms)], icons: false, maxRenderedOptions: 60 }),
    ];
  if (path.endsWith('.lua')) return StreamLanguage.define(lua);
  return [];
}

/** Line and column (1-based, in characters) to a place in the text; the range ends with the word. */
function range(state: EditorState, m: { line: number; column: number }): { from: number; to: number } {
  const line = state.doc.line(Math.min(Math.max(1, m.line), state.doc.lines));
  let at = line.from;
  for (const ch of [...line.text].slice(0, Math.max(0, m.column - 1))) at += ch.length;
  at = Math.min(at, line.to);
  const word = /^[^\s,:{}[\]()"']+/.exec(line.text.slice(at - line.from));
  const to = Math.min(line.to, at + Math.max(1, word?.[0].length ?? 1));
  return at >= line.to
    ? { from: line.from + (line.text.length - line.text.trimStart().length), to: line.to }
    : { from: at, to };
}

export interface Hooks {
  app: string;
  onText: (text: string) => void;
  onSave: () => void;
  /** keys of the app's forms, for completions */
  forms: () => string[];
}

export interface Code {
  /** shows a file: the remembered state of it, or a new one over its text */
  show: (path: string, text: string, label: string, kept?: unknown) => void;
  /** what to remember of the shown file */
  keep: () => unknown;
  mark: (errors: Mistake[], warnings: Mistake[]) => void;
  goto: (line: number, column: number) => void;
  /** replaces the whole text, as one step that undo takes back */
  replace: (text: string) => void;
  find: () => void;
  focus: () => void;
  destroy: () => void;
}

export function mountCode(host: HTMLElement, hooks: Hooks): Code {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const save = () => {
    hooks.onSave();
    return true;
  };
  const base: Extension[] = [
    lineNumbers(),
    lintGutter(),
    highlightActiveLineGutter(),
    highlightSpecialChars(),
    history(),
    matchMedia('(min-width: 721px)').matches ? foldGutter() : [], // a phone has no room for it
    drawSelection(),
    EditorState.allowMultipleSelections.of(true),
    indentOnInput(),
    indentUnit.of('  '),
    EditorState.tabSize.of(2),
    syntaxHighlighting(INK),
    bracketMatching(),
    closeBrackets(),
    rectangularSelection(),
    crosshairCursor(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    search({ top: true }),
    LOOK,
    EditorState.phrases.of(lang.peek() === 'zh-CN' ? ZH : {}),
    keymap.of([
      { key: 'Mod-s', preventDefault: true, run: save },
      { key: 'F8', run: nextDiagnostic },
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...defaultKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...foldKeymap,
      ...lintKeymap,
      indentWithTab,
    ]),
    EditorView.updateListener.of((u) => {
      if (u.docChanged) hooks.onText(u.state.doc.toString());
    }),
  ];
  const view = new EditorView({ state: EditorState.create({ extensions: base }), root, parent: root });
  view.dom.setAttribute('part', 'editor');
  return {
    show: (path, text, label, kept) => {
      const state =
        kept instanceof EditorState && kept.doc.toString() === text
          ? kept
          : EditorState.create({
              doc: text,
              extensions: [
                base,
                languageOf(path, hooks.app, hooks.forms),
                EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', tabindex: '0' }),
              ],
            });
      view.setState(state);
      view.requestMeasure();
    },
    keep: () => view.state,
    mark: (errors, warnings) => {
      const one =
        (severity: 'error' | 'warning') =>
        (m: Mistake): Diagnostic => ({
          ...range(view.state, m),
          severity,
          message: m.message,
        });
      const all = [...errors.map(one('error')), ...warnings.map(one('warning'))];
      view.dispatch(
        setDiagnostics(
          view.state,
          all.sort((a, b) => a.from - b.from),
        ),
      );
    },
    goto: (line, column) => {
      const at = range(view.state, { line, column });
      view.dispatch({
        selection: { anchor: at.from },
        effects: EditorView.scrollIntoView(at.from, { y: 'center' }),
      });
      view.focus();
    },
    replace: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    find: () => openSearchPanel(view),
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
