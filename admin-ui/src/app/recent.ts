/* What one used last in this browser: forms and records, newest first. Titles only, cut at 8. */
export interface Recent {
  href: string;
  title: string;
  sub: string;
  icon: string;
}
const KEY = 'mortise.recent';
const MAX = 8;

export function recents(member: string): Recent[] {
  try {
    return (JSON.parse(localStorage.getItem(`${KEY}.${member}`) ?? '[]') as Recent[]).slice(0, MAX);
  } catch {
    return [];
  }
}

export function remember(member: string, r: Recent): void {
  try {
    const all = [r, ...recents(member).filter((x) => x.href !== r.href)].slice(0, MAX);
    localStorage.setItem(`${KEY}.${member}`, JSON.stringify(all));
  } catch {
    /* full or forbidden storage: nothing is remembered */
  }
}
