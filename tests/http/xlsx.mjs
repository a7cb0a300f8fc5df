// A small zip writer and reader, enough to make and look into .xlsx files in tests.
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';

const crc =
  crc32 ??
  ((b) => {
    let c = ~0;
    for (const x of b) {
      c ^= x;
      for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (0xedb88320 & -(c & 1));
    }
    return ~c >>> 0;
  });

export function zip(parts) {
  const out = [];
  const central = [];
  let at = 0;
  for (const [name, text] of Object.entries(parts)) {
    const raw = Buffer.isBuffer(text) ? text : Buffer.from(text);
    const packed = deflateRawSync(raw);
    const n = Buffer.from(name);
    const h = Buffer.alloc(30);
    h.writeUInt32LE(0x04034b50, 0);
    h.writeUInt16LE(20, 4);
    h.writeUInt16LE(8, 8);
    h.writeUInt32LE(crc(raw), 14);
    h.writeUInt32LE(packed.length, 18);
    h.writeUInt32LE(raw.length, 22);
    h.writeUInt16LE(n.length, 26);
    const c = Buffer.alloc(46);
    c.writeUInt32LE(0x02014b50, 0);
    h.copy(c, 6, 4, 30);
    c.writeUInt32LE(at, 42);
    out.push(h, n, packed);
    central.push(c, n);
    at += 30 + n.length + packed.length;
  }
  const dir = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(parts).length, 8);
  end.writeUInt16LE(Object.keys(parts).length, 10);
  end.writeUInt32LE(dir.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...out, dir, end]);
}

export function unzip(b) {
  const parts = {};
  const end = b.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  let at = b.readUInt32LE(end + 16);
  for (let i = b.readUInt16LE(end + 10); i > 0; i--) {
    const [size, n, m, k, from] = [b.readUInt32LE(at + 20), b.readUInt16LE(at + 28), b.readUInt16LE(at + 30), b.readUInt16LE(at + 32), b.readUInt32LE(at + 42)];
    const name = b.subarray(at + 46, at + 46 + n).toString();
    const start = from + 30 + b.readUInt16LE(from + 26) + b.readUInt16LE(from + 28);
    const raw = b.subarray(start, start + size);
    parts[name] = (b.readUInt16LE(at + 10) ? inflateRawSync(raw) : raw).toString();
    at += 46 + n + m + k;
  }
  return parts;
}

const esc = (s) => String(s).replace(/&/g, '&amp;').replace(/</g, '&lt;');

/** rows: arrays of cells: text, number, {v, s} (a number with style s), {f, v} (a formula), {xml} or null. */
export function xlsx(rows, { sheets = ['Sheet1'], extra = {}, sheet, strings, date1904 = false } = {}) {
  const shared = [];
  const cell = (v, r, c) => {
    const ref = String.fromCharCode(65 + c) + r;
    if (v === null || v === undefined) return '';
    if (typeof v === 'number') return `<c r="${ref}"><v>${v}</v></c>`;
    if (typeof v === 'boolean') return `<c r="${ref}" t="b"><v>${v ? 1 : 0}</v></c>`;
    if (typeof v === 'object' && v.xml) return v.xml.replace('@', ref);
    if (typeof v === 'object' && v.f) return `<c r="${ref}"><f>${v.f}</f><v>${v.v}</v></c>`;
    if (typeof v === 'object') return `<c r="${ref}" s="${v.s}"><v>${v.v}</v></c>`;
    shared.push(v);
    return `<c r="${ref}" t="s"><v>${shared.length - 1}</v></c>`;
  };
  const body = rows.map((cells, i) => (cells ? `<row r="${i + 1}">${cells.map((v, c) => cell(v, i + 1, c)).join('')}</row>` : '')).join('');
  const ns = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
  return zip({
    'xl/workbook.xml': `<workbook ${ns} xmlns:r="x"><workbookPr date1904="${date1904 ? 1 : 0}"/><sheets>${sheets
      .map((n, i) => `<sheet name="${n}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`)
      .join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships>${sheets.map((_, i) => `<Relationship Id="rId${i + 1}" Target="worksheets/sheet${i + 1}.xml"/>`).join('')}</Relationships>`,
    'xl/styles.xml': `<styleSheet ${ns}><numFmts><numFmt numFmtId="170" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;"/><numFmt numFmtId="171" formatCode="0.00E+00"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="170"/><xf numFmtId="10"/><xf numFmtId="171"/></cellXfs></styleSheet>`,
    'xl/sharedStrings.xml': strings ?? `<sst ${ns}>${shared.map((s) => `<si><t>${esc(s)}</t></si>`).join('')}</sst>`,
    'xl/worksheets/sheet1.xml': sheet ?? `<worksheet ${ns}><sheetData>${body}</sheetData></worksheet>`,
    ...extra,
  });
}
