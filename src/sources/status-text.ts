// Decodes a status file: UTF-8, or UTF-16 with a byte-order mark.
import { lineAndColumn } from '../ingest/json-text.js'

export type StatusText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string }

type Encoding = { readonly name: string; readonly label: 'utf-8' | 'utf-16le' | 'utf-16be' }

const UTF_8: Encoding = { name: 'UTF-8', label: 'utf-8' }
const UTF_16_LE: Encoding = { name: 'UTF-16 LE', label: 'utf-16le' }
const UTF_16_BE: Encoding = { name: 'UTF-16 BE', label: 'utf-16be' }

const refused = (message: string): StatusText => ({ ok: false, message })
const ADVICE = 'write UTF-8, or UTF-16 with a byte-order mark'

/** JSON begins with ASCII, so a zero among the first bytes shows the width of a character. */
function encodingOf(bytes: Buffer): Encoding | StatusText {
  const [a, b, c, d] = bytes
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? refused(`it is UTF-32 LE; ${ADVICE}`) : UTF_16_LE
  if (a === 0xfe && b === 0xff) return UTF_16_BE
  if (a === 0 && b === 0 && (d ?? 0) !== 0) return refused(`it is UTF-32 BE; ${ADVICE}`)
  if (a === 0 && (b ?? 0) !== 0) return refused(`it is UTF-16 BE without a byte-order mark; ${ADVICE}`)
  if (a !== 0 && b === 0) {
    const wide = c === 0 && d === 0
    return refused(
      wide ? `it is UTF-32 LE; ${ADVICE}` : `it is UTF-16 LE without a byte-order mark; ${ADVICE}`,
    )
  }
  return UTF_8
}

/** Without the zeros after a document in a file of fixed size. */
function withoutPadding(text: string): string {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--
  return text.slice(0, end)
}

/** Without a byte-order mark and NUL characters at the end. Never throws. */
export function statusText(bytes: Buffer): StatusText {
  const encoding = encodingOf(bytes)
  if ('ok' in encoding) return encoding
  let text: string
  try {
    text = new TextDecoder(encoding.label, { fatal: true }).decode(bytes)
  } catch {
    return refused(whatIsWrong(bytes, encoding))
  }
  const whole = withoutPadding(text)
  return whole === '' && text !== '' ? refused('it holds nothing but NUL bytes') : { ok: true, text: whole }
}

function whatIsWrong(bytes: Buffer, { name, label }: Encoding): string {
  try {
    // In stream mode the decoder holds an unfinished character back instead of failing.
    new TextDecoder(label, { fatal: true }).decode(bytes, { stream: true })
    return 'it ends in the middle of a character'
  } catch {
    const text = new TextDecoder(label, { ignoreBOM: true }).decode(bytes)
    const at = label === 'utf-8' ? firstInvalidUtf8(bytes, text) : firstInvalidUtf16(bytes, text, label)
    // A byte-order mark has no column.
    const marked = text.startsWith('\ufeff') ? 1 : 0
    return `it is not ${name} at ${lineAndColumn(text.slice(marked), at - marked)}; ${ADVICE}`
  }
}

const REPLACEMENT = 0xfffd
/** U+FFFD that the writer wrote, in UTF-8. */
const REPLACEMENT_BYTES = Buffer.from('\ufffd')

/** The index in `text` of the first replacement that is not in the bytes. */
function firstInvalidUtf8(bytes: Buffer, text: string): number {
  let offset = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === REPLACEMENT && !bytes.subarray(offset, offset + 3).equals(REPLACEMENT_BYTES)) return at
    // A surrogate pair is four bytes, two for each half.
    const isHalf = code >= 0xd800 && code <= 0xdfff
    if (code < 0x80) offset += 1
    else offset += code < 0x800 || isHalf ? 2 : 3
  }
  return text.length
}

/** Every code unit of the text is two bytes, valid or not. */
function firstInvalidUtf16(bytes: Buffer, text: string, label: Encoding['label']): number {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) !== REPLACEMENT) continue
    const unit = label === 'utf-16le' ? bytes.readUInt16LE(at * 2) : bytes.readUInt16BE(at * 2)
    if (unit !== REPLACEMENT) return at
  }
  return text.length
}
