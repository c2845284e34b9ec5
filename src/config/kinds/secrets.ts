// Kinds whose values are never shown. Each may also come from the file that `NAME_FILE` names.
//
// A secret that no header or client can carry would lock everybody out silently, so it is refused here: a file saved as UTF-16, two
// lines, a blank in the middle. Blanks and a byte order mark around it are removed.
import { type About, bad, declare, good, type Parsed, type Setting } from '../setting.js'
import { itemsOf, LIST_SCHEMA } from './words.js'

/** A shorter one can be guessed. */
export const LEAST_TOKEN_LENGTH = 16

type Characters = { readonly refused: RegExp; readonly allowed: string }

/** Sent as a header. */
const TOKEN: Characters = { refused: /[^\x21-\x7e]/, allowed: 'visible ASCII characters, without blanks' }
/** Used as bytes; a replacement character replaces bytes that are not UTF-8. */
const PASSPHRASE: Characters = { refused: /[\p{Cc}\p{Cs}\ufffd]/u, allowed: 'one line of UTF-8 text' }

/** What is wrong with the secret, without any part of it. */
function faultIn(text: string, { refused }: Characters): string | null {
  const found = refused.exec(text)
  if (found === null) return null
  const [char] = found
  const what =
    char === '\0'
      ? 'a NUL, as files in UTF-16 have'
      : /[\r\n]/.test(char)
        ? 'a line break in the middle'
        : /\s/.test(char)
          ? 'a blank in the middle'
          : char === '\ufffd'
            ? 'bytes that are not UTF-8'
            : /\p{Cc}/u.test(char)
              ? 'a control character'
              : 'a character that is not ASCII'
  return `it has ${what}, at character ${found.index + 1}`
}

const SHORT = `it has fewer than ${LEAST_TOKEN_LENGTH} characters and can be guessed; openssl rand -base64 32 makes a good one`

type SecretRule = {
  /** Somebody could guess it: a short one gets a warning. */
  readonly guessable?: boolean
}

/** A credential that a header can carry, from the text of its file. */
export function headerSecret(text: string): Parsed<string> {
  const value = text.trim()
  if (value === '') return bad('it is empty')
  const fault = faultIn(value, TOKEN)
  return fault === null ? good(value) : bad(fault)
}

function ofCharacters(characters: Characters, about: About & SecretRule): Setting<string | null> {
  const parse = (raw: unknown): Parsed<string> => {
    if (typeof raw !== 'string') return bad('it is not a text')
    const value = raw.trim()
    const fault = faultIn(value, characters)
    if (fault !== null) return bad(fault)
    return good(value, about.guessable && value.length < LEAST_TOKEN_LENGTH ? [SHORT] : [])
  }
  const schema = { type: 'string', minLength: 1 }
  const { allowed } = characters
  return declare<string | null>(
    { kind: 'secret', default: null, allowed, schema, parse, secret: true },
    about,
  )
}

/** A credential that is sent in a header; no default. */
export function token(about: About & SecretRule): Setting<string | null> {
  return ofCharacters(TOKEN, about)
}

/** Several tokens, comma separated. */
export function tokens(about: About & SecretRule): Setting<readonly string[]> {
  const parse = (raw: unknown): Parsed<readonly string[]> => {
    const items = itemsOf(raw)
    if (items === null || items.length === 0) return bad()
    const faults = items.map(item => faultIn(item, TOKEN))
    const wrong = faults.findIndex(fault => fault !== null)
    if (wrong >= 0) return bad(`item ${wrong + 1}: ${faults[wrong]}`)
    const short = items.findIndex(item => item.length < LEAST_TOKEN_LENGTH)
    return good(items, about.guessable && short >= 0 ? [`item ${short + 1}: ${SHORT}`] : [])
  }
  const allowed = `a comma-separated list, each ${TOKEN.allowed}`
  return declare(
    { kind: 'secret list', default: [], allowed, schema: LIST_SCHEMA, parse, secret: true },
    about,
  )
}

/** A password or the text of a key; no default. */
export function passphrase(about: About & SecretRule): Setting<string | null> {
  return ofCharacters(PASSPHRASE, about)
}

/** A key as it is, with any characters: records made with it can be read only with the same key. */
export function storedKey(about: About): Setting<string | null> {
  const parse = (raw: unknown): Parsed<string> =>
    typeof raw === 'string' ? good(raw) : bad('it is not a text')
  const schema = { type: 'string', minLength: 1 }
  return declare<string | null>(
    { kind: 'secret', default: null, allowed: 'a text', schema, parse, secret: true },
    about,
  )
}
