import { type Lang, lang, setLang } from '../i18n';
import { Icon, Menu, setTheme, type Theme, theme } from '../kit';
import { t } from './text';

const LANGS: { key: Lang; title: string }[] = [
  { key: 'zh-CN', title: '简体中文' },
  { key: 'en', title: 'English' },
];
const THEMES: Theme[] = ['system', 'light', 'dark'];

/** The language menu; the language is written in itself, so that one who reads no Chinese finds it. */
export function LangMenu() {
  const now = LANGS.find((l) => l.key === lang.value)!;
  return (
    <Menu
      label={t('language')}
      items={LANGS.map((l) => ({
        title: l.title,
        checked: l.key === now.key,
        onPick: () => void setLang(l.key),
      }))}
      trigger={(open, toggle) => (
        <button type="button" class="chip" aria-haspopup="menu" aria-expanded={open} onClick={toggle}>
          <Icon name="globe" size="s" />
          {now.title}
        </button>
      )}
    />
  );
}

export function ThemeMenu() {
  return (
    <Menu
      label={t('theme')}
      items={THEMES.map((k) => ({
        title: t(`theme_${k}`),
        checked: k === theme.value,
        onPick: () => setTheme(k),
      }))}
      trigger={(open, toggle) => (
        <button type="button" class="chip" aria-haspopup="menu" aria-expanded={open} onClick={toggle}>
          <Icon name="sun-moon" size="s" />
          {t(`theme_${theme.value}`)}
        </button>
      )}
    />
  );
}
