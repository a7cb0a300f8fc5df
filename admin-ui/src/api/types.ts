/* The shapes of engine/docs/form-json.md. */

export interface Ref {
  id: string;
  title: string | null;
}
export interface FileRef extends Ref {
  size?: number;
  type?: string;
}

export interface Me {
  id: string;
  login: string;
  name: string;
  roles: string[];
  departments: Ref[];
  rights?: string[];
  totp?: boolean;
  language?: string | null;
  organisation?: Ref | null;
  org_admin?: boolean;
  must_change?: boolean;
  apps?: string[];
}
export interface Session {
  me: Me;
  csrf: string;
}

export interface MenuEntry {
  title: string;
  form?: string;
  view?: string;
  dashboard?: string;
  icon?: string;
  count?: number;
  items?: MenuEntry[];
}
export interface AppInfo {
  app: string;
  title: string;
  version?: string;
  icon?: string;
  color?: string | null;
  forms: { form: string; title: string; icon?: string; create?: boolean }[];
  dashboards?: { key: string; title: string }[];
  menu: MenuEntry[];
  /** titles of the roles, by key */
  roles?: Record<string, string>;
  design?: boolean;
}

export type FieldType =
  | 'text'
  | 'textarea'
  | 'richtext'
  | 'number'
  | 'percent'
  | 'rating'
  | 'date'
  | 'datetime'
  | 'time'
  | 'boolean'
  | 'select'
  | 'multiselect'
  | 'cascade'
  | 'region'
  | 'location'
  | 'phone'
  | 'email'
  | 'url'
  | 'id_number'
  | 'member'
  | 'members'
  | 'department'
  | 'departments'
  | 'link'
  | 'links'
  | 'lookup'
  | 'rollup'
  | 'formula'
  | 'serial'
  | 'table'
  | 'image'
  | 'file'
  | 'signature'
  | 'json';

export interface OptionDef {
  key: string;
  title: string;
  color?: string | null;
  disabled?: boolean;
  options?: OptionDef[];
}
export type Rule = boolean | string | null | undefined;

export interface FieldDef {
  key: string;
  type: FieldType;
  title: string;
  help?: string | null;
  placeholder?: string | null;
  required?: Rule;
  readonly?: Rule;
  visible?: Rule;
  writable?: boolean;
  masked?: boolean;
  hidden_value?: 'keep' | 'clear';
  default?: unknown;
  value?: string | null;
  stored?: boolean;
  check?: string | null;
  message?: string | null;
  scale?: number | null;
  min?: number | string | null;
  max?: number | string | null;
  max_length?: number | null;
  /** kinds and endings of files */
  accept?: string[];
  depth?: 'province' | 'city' | 'district' | 'street';
  pattern?: string | null;
  unit?: string | null;
  width?: number | null;
  widget?: string | null;
  group?: string | null;
  search?: boolean;
  unique?: boolean;
  options?: OptionDef[];
  form?: string;
  filter?: string | null;
  fill?: Record<string, string> | null;
  fields?: FieldDef[];
  append_only?: boolean;
  result?: FieldType | 'list';
}
export interface LayoutField {
  key: string;
  width?: number | null;
}
export interface Block {
  section?: string | null;
  tab?: string | null;
  columns?: number;
  collapsed?: boolean;
  fields: LayoutField[];
}
export interface ViewDef {
  key: string;
  title: string;
  type: 'grid' | 'kanban' | 'calendar' | 'gantt' | 'gallery' | 'tree' | 'list';
  columns?: string[];
  sort?: string[];
  totals?: Record<string, string>;
  by?: string | null;
  card?: string[];
}
export interface ButtonDef {
  key: string;
  title: string;
  when?: string | null;
  confirm?: string | null;
  ask?: FieldDef[];
  danger?: boolean;
}
export interface CheckDef {
  expr: string;
  message: string;
  at?: string | null;
}
export type Rights = Partial<
  Record<
    | 'create'
    | 'read'
    | 'update'
    | 'delete'
    | 'import'
    | 'export'
    | 'print'
    | 'share'
    | 'comment'
    | 'history'
    | 'transfer'
    | 'restore',
    boolean
  >
>;
export interface FormDef {
  app: string;
  form: string;
  title: string;
  icon?: string;
  version?: string;
  fields: FieldDef[];
  layout: Block[];
  views: ViewDef[];
  buttons: ButtonDef[];
  checks?: CheckDef[];
  rights: Rights;
  flow?: {
    start?: { title?: string; can?: boolean };
    nodes?: { key: string; title: string; type: string }[];
  } | null;
  match?: string[] | null;
  related?: { form: string; title: string; by: string; view?: string; create?: boolean }[];
  linked?: Record<string, { fields: Record<string, unknown> }>;
  settings?: Record<string, unknown>;
  /** seconds east of UTC now, in the app's zone */
  utc_offset?: number;
  public?: Record<string, { url: string; title?: string }>;
  prints?: { key: string; title: string }[];
}

export type Rec = Record<string, unknown> & {
  _id: string;
  _version?: number;
  _title?: string | null;
  _state?: string | null;
  _can?: string[];
  _buttons?: string[];
  _fields?: Record<string, 'hidden' | 'masked' | 'read'>;
};
export interface ListAnswer {
  records: Rec[];
  next: string | null;
  total: number | null;
  total_is?: 'exact' | 'at_least';
}

export interface Change {
  field: string;
  title?: string;
  old?: unknown;
  new?: unknown;
  added?: number;
  removed?: number;
  changed?: number;
  rows?: { id: string; old: Record<string, unknown> | null; new: Record<string, unknown> | null }[];
}
export interface HistoryItem {
  id: string;
  version: number;
  at: string;
  by: Ref | null;
  via: string;
  op: string;
  title?: string;
  changes?: Change[];
  /** of a merge: what went into this record; and of its entries: that they are another record's */
  from?: Ref;
  merge?: { id: string; until: string; undone_at: string | null; mine: boolean };
  record?: Ref;
}
export interface Comment {
  id: string;
  at: string;
  by: Ref | null;
  text: string;
  mentions?: Ref[];
  mine?: boolean;
  edited_at?: string | null;
  earlier?: { until: string; text: string }[];
}
export interface TaskAction {
  action: string;
  comment?: 'required' | 'optional';
  signature?: 'required' | 'optional';
  to?: { key: string; title: string }[];
}
export interface FlowTask {
  id: string;
  node: string;
  title: string;
  due_at?: string | null;
  since?: string;
  actions: TaskAction[];
  fields?: Record<string, 'hidden' | 'masked' | 'read' | 'write'>;
}
export interface FlowEvent {
  at: string;
  by: Ref | null;
  node: string;
  title: string;
  action: string;
  comment?: string | null;
  auto?: boolean;
  to?: Ref | null;
  signature?: Ref | null;
}
export interface FlowInfo {
  state: string | null;
  nodes: {
    key: string;
    title: string;
    type: string;
    state: 'done' | 'now' | 'wait' | 'skipped';
    people?: Ref[];
    mode?: 'any' | 'all' | 'sequence' | 'vote';
    since?: string | null;
    due_at?: string | null;
  }[];
  timeline: FlowEvent[];
  task: FlowTask | null;
  can: string[];
}
export type Box = 'todo' | 'done' | 'started' | 'cc';
export interface TaskItem {
  id: string;
  app: string;
  form: string;
  form_title?: string;
  record: Ref;
  node: string;
  title: string;
  by?: Ref | null;
  since?: string;
  due_at?: string | null;
  state?: string | null;
  summary?: {
    field: string;
    title: string;
    type?: FieldType;
    scale?: number;
    options?: OptionDef[];
    value: unknown;
  }[];
  actions?: (string | TaskAction)[];
  done?: { action: string; at: string } | null;
}
export interface TasksAnswer {
  tasks: TaskItem[];
  counts: Record<Box, number>;
  next: string | null;
}

export interface FieldProblem {
  field: string;
  code: string;
  message: string;
  yours?: unknown;
  theirs?: unknown;
  by?: Ref | null;
  at?: string;
}
export interface ProblemBody {
  type?: string;
  title?: string;
  status: number;
  detail?: string;
  code?: string;
  errors?: FieldProblem[];
  version?: number;
  /** of the script that failed, for those who design */
  trace?: string;
}

/** What the server put into the first HTML. */
export interface Boot {
  setup?: boolean;
  session?: Session | null;
  apps?: AppInfo[];
  form?: FormDef;
  lang?: string;
  name?: string;
}
