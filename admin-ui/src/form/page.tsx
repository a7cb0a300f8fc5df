export function FormPage(_p: Record<string, string | undefined>) {
  return null;
}
