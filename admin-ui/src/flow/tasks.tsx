export function TasksPage(_p: Record<string, string | undefined>) {
  return null;
}
