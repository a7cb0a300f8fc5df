import { dict } from '../i18n';

const zh = {
  unknown: '服务器没有接受这次请求（{status}）。',
  bug: '页面出错了：{text}',
  offline: '连不上服务器，请检查网络。填写的内容还在，可以稍后重试。',
  busy: '服务器正忙，请稍后再试。',
  slow: '操作太频繁，请稍等片刻再试。',
  large: '内容太大，服务器没有接收。',
  login: '登录已过期，请重新登录。',
  forbidden: '没有权限做这件事。',
  absent: '没有找到，可能已被删除，或者你没有权限查看。',
};

const en = {
  unknown: 'The server did not accept this request ({status}).',
  bug: 'This page failed: {text}',
  offline: 'The server cannot be reached. What you entered is kept; try again later.',
  busy: 'The server is busy. Please try again shortly.',
  slow: 'Too many requests. Please wait a moment.',
  large: 'This is too large for the server.',
  login: 'Your session has ended. Please sign in again.',
  forbidden: 'You are not allowed to do this.',
  absent: 'Not found. It may have been deleted, or you may not see it.',
} satisfies typeof zh;

export const apiText = dict(zh, async () => en);
