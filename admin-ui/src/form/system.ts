import type { FieldDef, FormDef } from '../api/types';
import { dict } from '../i18n';

/* The fields that every record has, as if the form had defined them; and the states of a flow. */

const zh = {
  _id: '标识',
  _title: '标题',
  _version: '版本',
  _state: '审批状态',
  _node: '当前环节',
  _owner: '负责人',
  _dept: '所属部门',
  _created_at: '创建时间',
  _created_by: '创建人',
  _updated_at: '更新时间',
  _updated_by: '更新人',
  draft: '草稿',
  running: '审批中',
  returned: '已退回',
  approved: '已通过',
  rejected: '已拒绝',
  withdrawn: '已撤回',
  stopped: '已终止',
};
const en = {
  _id: 'Id',
  _title: 'Title',
  _version: 'Version',
  _state: 'Approval',
  _node: 'Step',
  _owner: 'Owner',
  _dept: 'Department',
  _created_at: 'Created',
  _created_by: 'Created by',
  _updated_at: 'Updated',
  _updated_by: 'Updated by',
  draft: 'Draft',
  running: 'In approval',
  returned: 'Returned',
  approved: 'Approved',
  rejected: 'Rejected',
  withdrawn: 'Withdrawn',
  stopped: 'Stopped',
} satisfies typeof zh;
const t = dict(zh, async () => en);

const TYPES: Record<string, FieldDef['type']> = {
  _id: 'text',
  _title: 'text',
  _version: 'number',
  _state: 'select',
  _node: 'text',
  _owner: 'member',
  _dept: 'department',
  _created_at: 'datetime',
  _created_by: 'member',
  _updated_at: 'datetime',
  _updated_by: 'member',
};
export const STATES: Record<string, string> = {
  draft: 'grey',
  running: 'amber',
  returned: 'orange',
  approved: 'green',
  rejected: 'red',
  withdrawn: 'grey',
  stopped: 'grey',
};

export function stateTitle(state: string): string {
  return state in STATES ? t(state as 'draft') : state;
}

function systemField(key: string): FieldDef | undefined {
  const type = TYPES[key];
  if (!type) return undefined;
  const def: FieldDef = { key, type, title: t(key as '_id'), writable: false };
  if (key === '_state')
    def.options = Object.entries(STATES).map(([k, color]) => ({ key: k, title: stateTitle(k), color }));
  return def;
}

/** A column by its key: the form's own, or one that every record has. */
export function fieldOf(def: FormDef, key: string): FieldDef | undefined {
  return key.startsWith('_') ? systemField(key) : def.fields.find((f) => f.key === key);
}

/** What may be filtered and sorted by: everything shown but tables and files, and the system's own. */
export function filterFields(def: FormDef): FieldDef[] {
  const own = def.fields.filter(
    (f) => !['table', 'file', 'image', 'signature', 'json', 'location', 'richtext'].includes(f.type),
  );
  const sys = ['_owner', '_created_at', '_updated_at', '_created_by', ...(def.flow ? ['_state'] : [])];
  return [...own, ...sys.map((k) => systemField(k)!)];
}
