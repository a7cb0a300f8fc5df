export function ListPage(_p: Record<string, string | undefined>) {
  return null;
}
