// Makes src/kit/icons.svg, the sprite of the Lucide icons that the pages and the apps' menus use.
// Run after adding a name here: node scripts/icons.mjs
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const names = `
arrow-down arrow-down-wide-narrow arrow-left arrow-right arrow-up at-sign ban banknote bell book-open box briefcase building building-2 calendar calendar-check
calendar-clock calendar-days chart-bar chart-column chart-gantt chart-line chart-pie check check-check chevron-down chevron-left chevron-right chevron-up chevrons-left
chevrons-right chevrons-up-down circle-alert circle-check circle-dashed circle-dot circle-help circle-user circle-x clipboard-list clipboard-paste clock
clock-alert cloud-check code columns-3 contact copy credit-card database download ellipsis expand eye eye-off factory file file-check file-code file-plus
file-spreadsheet file-text flag flame folder folder-open gauge gavel gift git-branch git-compare git-fork globe grip-vertical handshake hash headset history hourglass
house id-card image inbox info key-round keyboard languages layers layout-dashboard layout-grid link-2 list list-checks list-filter list-ordered list-plus lock
log-in log-out mail map map-pin maximize-2 megaphone menu message-circle message-square minus monitor moon network package palette panel-right
paperclip pencil percent phone pin play plus printer receipt redo-2 refresh-cw repeat replace rocket rows-3 save scale scan-qr-code scan-search
search send settings settings-2 share-2 shield-alert shield-check shopping-cart sigma signature sliders-horizontal smartphone smile sparkles split
square-check square-kanban square-pen stamp star store sun sun-moon table-2 tag target text thumbs-down thumbs-up timer toggle-right trash-2
trending-down trending-up triangle-alert truck type undo-2 upload user-round user-round-check user-round-cog user-round-plus user-search users wallet waves
workflow wrench x zap
`
  .trim()
  .split(/\s+/);
const renamed = { 'circle-help': 'circle-question-mark' };

const dir = new URL('../node_modules/lucide-static/icons/', import.meta.url);
const file = (n) => new URL(`${n}.svg`, dir);
const symbols = names.map((name) => {
  const at = existsSync(file(name)) ? name : renamed[name];
  if (!at || !existsSync(file(at))) throw new Error(`lucide has no icon "${name}"`);
  const inner = readFileSync(file(at), 'utf8')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/^[\s\S]*?<svg[\s\S]*?>/, '')
    .replace(/<\/svg>\s*$/, '');
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s*\n\s*/g, '').replaceAll(' />', '/>')}</symbol>`;
});
const licence = readFileSync(new URL('../node_modules/lucide-static/LICENSE', import.meta.url), 'utf8');
writeFileSync(
  new URL('../src/kit/icons.svg', import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg">\n<!-- Lucide, https://lucide.dev\n${licence.replace(/-{2,}/g, '').trim()}\n-->\n${symbols.join('\n')}\n</svg>\n`,
);
console.log(`${names.length} icons`);
