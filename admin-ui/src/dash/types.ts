/* The shapes of engine/docs/design-json.md, "Dashboards". */

export type Format = 'number' | 'money' | 'percent';
export interface Metric {
  key: string;
  title?: string | null;
  format?: Format | null;
}
export interface Widget {
  key: string;
  type: string;
  title: string;
  at: [number, number, number, number];
  format?: Format | null;
  form?: string;
  view?: string;
  text?: string;
  metrics?: Metric[];
  group?: string[];
}
export interface DashFilter {
  key: string;
  title: string;
  type?: string;
  field?: string;
  default?: unknown;
}
export interface Dashboard {
  app: string;
  key: string;
  title: string;
  columns: number;
  /** seconds between two readings, or after every record event of its forms; absent: once a minute */
  refresh?: number | 'live';
  filters: DashFilter[];
  widgets: Widget[];
}
export type Row = Record<string, unknown>;
export interface Rows {
  rows: Row[];
  labels?: Record<string, Record<string, string>>;
  compare?: unknown;
}
