// Decodes a terminal's input into keys, without time and I/O: text and the state in, keys and the next state out.
//
// A sequence may be cut anywhere, so an incomplete one waits in `pending`. ESC is a key and the start of every sequence: the
// reader calls `timedOut` when nothing follows. Pasted text (bracketed paste) is ignored, because a pasted `q` must not quit.
// Unknown sequences are skipped.
// Sources: ECMA-48 5.4 (CSI), xterm's ctlseqs (SGR mouse 1006, bracketed paste 2004).
import type { Key, KeyName } from './key.js'

export type DecoderState = {
  /** An incomplete sequence; at most `MAX_PENDING` characters. */
  readonly pending: string
  readonly pasting: boolean
}

export const DECODER_START: DecoderState = { pending: '', pasting: false }

/** A longer sequence is dropped. */
const MAX_PENDING = 64

const ESC = '\u001b'
const PASTE_BEGIN = `${ESC}[200~`
const PASTE_END = `${ESC}[201~`

const CONTROL: Readonly<Record<string, KeyName>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u007f': 'backspace',
  '\b': 'backspace',
  '\u0003': 'interrupt',
  '\u001a': 'suspend',
  '\u000c': 'redraw',
  '\u0015': 'erase',
}

const FINAL: Readonly<Record<string, KeyName>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  Z: 'backtab',
  M: 'enter',
}

const TILDE: Readonly<Record<string, KeyName>> = {
  1: 'home',
  4: 'end',
  5: 'pageup',
  6: 'pagedown',
  7: 'home',
  8: 'end',
}

type Taken = { readonly length: number; readonly key: Key | null }
const INCOMPLETE = 'incomplete'

const named = (name: KeyName): Key => ({ kind: 'named', name })

/** Bits of an SGR mouse button: 64 = wheel, the two lowest = direction, 4/8/16 = shift, alt, control. */
function wheel(parameters: string): Key | null {
  const button = Number(parameters.slice(1).split(';')[0])
  if (!Number.isInteger(button) || (button & 64) === 0) return null
  const which = button & 3
  if (which > 1) return null
  return { kind: 'wheel', direction: which === 0 ? 'up' : 'down' }
}

function controlSequence(text: string): Taken | typeof INCOMPLETE {
  let at = 2
  while (at < text.length && text.charCodeAt(at) >= 0x20 && text.charCodeAt(at) <= 0x3f) at++
  if (at >= text.length) return INCOMPLETE
  const final = text.charAt(at)
  // A character that no sequence may have ends it without a key and is decoded again.
  if (final < '@' || final > '~') return { length: at, key: null }
  const parameters = text.slice(2, at)
  const length = at + 1
  if (parameters.startsWith('<')) return { length, key: final === 'M' ? wheel(parameters) : null }
  const name = final === '~' ? TILDE[parameters.split(';')[0] ?? ''] : FINAL[final]
  return { length, key: name === undefined ? null : named(name) }
}

function taken(text: string): Taken | typeof INCOMPLETE {
  const first = text.charAt(0)
  if (first === ESC) {
    if (text.length === 1) return INCOMPLETE
    const second = text.charAt(1)
    if (second === '[') return controlSequence(text)
    if (second === 'O') {
      if (text.length === 2) return INCOMPLETE
      const name = FINAL[text.charAt(2)]
      return { length: 3, key: name === undefined ? null : named(name) }
    }
    // Two escapes: the first was a key. Otherwise it is a key with Alt, which is ignored.
    if (second === ESC) return { length: 1, key: named('escape') }
    return { length: 1 + String.fromCodePoint(text.codePointAt(1) ?? 0).length, key: null }
  }
  const control = CONTROL[first]
  if (control !== undefined) return { length: 1, key: named(control) }
  const char = String.fromCodePoint(text.codePointAt(0) ?? 0)
  const shown = char >= ' ' && !(char >= '\u007f' && char < '\u00a0')
  return { length: char.length, key: shown ? { kind: 'char', char } : null }
}

/** The length of the start of PASTE_END that `text` ends with. */
function pasteEndLength(text: string): number {
  for (let length = Math.min(PASTE_END.length - 1, text.length); length > 0; length--) {
    if (PASTE_END.startsWith(text.slice(text.length - length))) return length
  }
  return 0
}

export type Decoded = { readonly keys: readonly Key[]; readonly state: DecoderState }

/** `arrived`: decoded UTF-8 (a `StringDecoder` keeps cut characters). */
export function decodeKeys(state: DecoderState, arrived: string): Decoded {
  const keys: Key[] = []
  let text = state.pending + arrived
  let pasting = state.pasting
  while (text !== '') {
    if (pasting) {
      const end = text.indexOf(PASTE_END)
      if (end < 0)
        return { keys, state: { pending: text.slice(text.length - pasteEndLength(text)), pasting } }
      text = text.slice(end + PASTE_END.length)
      pasting = false
    } else if (text.startsWith(PASTE_BEGIN)) {
      text = text.slice(PASTE_BEGIN.length)
      pasting = true
    } else {
      const one = taken(text)
      if (one === INCOMPLETE) {
        if (text.length <= MAX_PENDING) return { keys, state: { pending: text, pasting } }
        text = ''
      } else {
        if (one.key !== null) keys.push(one.key)
        text = text.slice(one.length)
      }
    }
  }
  return { keys, state: { pending: '', pasting } }
}

/** Nothing followed: a lone ESC was a key, any other incomplete sequence is dropped. */
export function timedOut(state: DecoderState): Decoded {
  const lone = state.pending === ESC && !state.pasting
  return {
    keys: lone ? [named('escape')] : [],
    state: state.pasting ? state : { pending: '', pasting: false },
  }
}
