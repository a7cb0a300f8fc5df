import { dict } from '../i18n';

const zh = {
  choose: '请选择',
  remove: '移除',
  clear: '清空',
  search: '搜索',
  loading: '正在查找…',
  nothing: '没有匹配的选项',
  failed: '没有查到，请检查网络后重试',
  close: '关闭',
  cancel: '取消',
  ok: '知道了',
  undo: '撤销',
  retry: '重试',
};

const en = {
  choose: 'Choose',
  remove: 'Remove',
  clear: 'Clear',
  search: 'Search',
  loading: 'Searching…',
  nothing: 'Nothing matches',
  failed: 'The search failed. Check the network and try again',
  close: 'Close',
  cancel: 'Cancel',
  ok: 'Got it',
  undo: 'Undo',
  retry: 'Try again',
} satisfies typeof zh;

/** The few words the controls themselves say. */
export const kitText = dict(zh, async () => en);
