// In place of five packages that the Markdown parser imports and this page does not need: they are half of its size. The build
// (vite.client.config.mjs) puts this module where the parser imports them. Tests of the built page use it; unit tests do not.

// uc.micro: what is punctuation.
export const P = /\p{P}/u
export const S = /\p{S}/u

/** entities: the names that answers use. Every other one stays the text it is. */
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u{a0}',
  copy: '©',
  reg: '®',
  trade: '™',
  deg: '°',
  plusmn: '±',
  times: '×',
  divide: '÷',
  frac12: '½',
  micro: 'µ',
  middot: '·',
  bull: '•',
  hellip: '…',
  ndash: '–',
  mdash: '—',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  laquo: '«',
  raquo: '»',
  larr: '←',
  rarr: '→',
  uarr: '↑',
  darr: '↓',
  le: '≤',
  ge: '≥',
  ne: '≠',
  asymp: '≈',
  infin: '∞',
  euro: '€',
  pound: '£',
  yen: '¥',
  sect: '§',
  para: '¶',
}

/** One entity, `&` and `;` included; the parser reads numbers itself. */
export function decodeHTMLStrict(entity: string): string {
  const name = entity.slice(1, -1)
  return Object.hasOwn(NAMED, name) ? (NAMED[name] ?? entity) : entity
}

// linkify-it: addresses that are not marked as links. That option is off.
export class LinkifyIt {}

// mdurl and punycode.js: how addresses are normalised. links.ts does that.
const same = (text: string): string => text
export const parse = same
export const format = same
export const encode = same
export const decode = Object.assign((text: string): string => text, { defaultChars: '' })
export default { toASCII: same, toUnicode: same }
