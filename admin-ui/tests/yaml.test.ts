import { describe, expect, it } from 'vitest';
import { complete, type Schema } from '../src/admin/complete';
import { fieldsOf, spot } from '../src/admin/yaml';

/** `|` is the cursor. */
const at = (text: string) => {
  const s = spot(text.split('|')[0]!);
  return s && `${s.path.join('.')} ${s.at} ${s.word}`;
};

describe('spot', () => {
  const cases: [string, string, string | null][] = [
    ['a key of the root', 'ti|', ' key ti'],
    ['a value', 'title: 线|', 'title value 线'],
    ['a key in a block', 'fields:\n  name:\n    ty|', 'fields.name key ty'],
    ['a value in a block', 'fields:\n  name:\n    type: te|', 'fields.name.type value te'],
    ['a key in braces', 'fields:\n  name: {type: text, re|', 'fields.name key re'],
    ['a value in braces', 'fields:\n  name: {type: |', 'fields.name.type value '],
    ['after a closed pair', 'fields:\n  s: {options: {a: {title: A}}, ti|', 'fields.s key ti'],
    ['an item in brackets', 'views:\n  all: {columns: [name, co|', 'views.all.columns.[] value co'],
    ['an item of a list', 'layout:\n  - section: A\n    columns: 2\n    fie|', 'layout.[] key fie'],
    ['the first key of an item', 'layout:\n  - sec|', 'layout.[] key sec'],
    ['a list at its parent’s column', 'menu:\n- form: a\n- fo|', 'menu.[] key fo'],
    ['a block inside an item', 'menu:\n  - title: A\n    items:\n      - fo|', 'menu.[].items.[] key fo'],
    ['after a block that ended', 'fields:\n  a:\n    type: text\nvi|', ' key vi'],
    ['a colon without a space is text', 'help: a:b|', 'help value a:b'],
    ['a comment', 'title: x # no|', null],
    ['a quoted text', 'title: "a, b|', null],
    ['comments and blanks between', 'fields:\n  # one\n\n  a: {ty|', 'fields.a key ty'],
  ];
  for (const [name, text, want] of cases) it(name, () => expect(at(text)).toBe(want));
});

describe('complete', () => {
  const schema: Schema = {
    $defs: {
      form: {
        properties: {
          title: { description: 'Title', 'x-zh': '标题' },
          fields: {
            allOf: [
              {
                type: ['object'],
                patternProperties: { '^x-': true, '^[a-z]\\w*$': { $ref: '#/$defs/field' } },
              },
            ],
          },
          views: {
            patternProperties: {
              '^[a-z]\\w*$': {
                properties: { columns: { items: { type: 'string' } }, where: { 'x-holds': 'expression' } },
              },
            },
          },
        },
      },
      field: {
        required: ['type'],
        properties: {
          type: { enum: ['text', 'date'] },
          required: { anyOf: [{ type: 'boolean' }] },
          form: {},
        },
      },
    },
    'x-types': [{ type: 'date', zh: '日期', en: 'Date' }],
    'x-functions': [{ name: 'TODAY', signature: 'TODAY()', zh: '今天', en: 'Today' }],
  };
  const offer = (text: string, file = 'forms/a.yaml') => {
    const before = text.split('|')[0]!;
    return (
      complete(schema, file, before, text.replace('|', ''), ['lead'])?.options.map((o) => o.label) ?? null
    );
  };
  it('offers keys, but none that stand there', () => {
    expect(offer('t|')).toEqual(['title', 'fields', 'views']);
    expect(offer('fields:\n  a: {type: text, |')).toEqual(['required', 'form']);
  });
  it('offers values', () => {
    expect(offer('fields:\n  a: {type: |')).toEqual(['text', 'date']);
    expect(offer('fields:\n  a: {required: |')).toEqual(['true', 'false']);
    expect(offer('fields:\n  a: {form: |')).toEqual(['lead']);
  });
  it('offers the fields of the form, and functions in expressions', () => {
    const form = 'fields:\n  a: {type: text, title: 甲}\nviews:\n  all:\n';
    expect(offer(`${form}    columns: [|`)).toEqual(['a']);
    expect(offer(`${form}    where: a = 1 and T|`)).toEqual(['a', 'TODAY']);
  });
  it('offers nothing where nothing is known', () => {
    expect(offer('t|', 'scripts/a.lua')).toBe(null);
    expect(offer('title: x|')).toBe(null);
    expect(offer('unknown:\n  a|')).toBe(null);
  });
  it('knows the titles of fields, in braces and in blocks', () =>
    expect(fieldsOf('fields:\n  a: {title: 甲}\n  b:\n    title: 乙\nviews:\n  c: {}\n')).toEqual([
      { key: 'a', title: '甲' },
      { key: 'b', title: '乙' },
    ]));
});
