export function RecordPage(_p: Record<string, string | undefined>) {
  return null;
}
