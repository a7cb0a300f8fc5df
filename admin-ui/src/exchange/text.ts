import { dict } from '../i18n';
import { zh } from './zh';

export const t = dict(zh, async () => (await import('./en')).en);
