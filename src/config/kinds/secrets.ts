// Kinds whose values are never shown. Each may also come from the file that `NAME_FILE` names.
import { type About, bad, declare, good, type Parsed, type Setting } from '../setting.js'
import { itemsOf, LIST_SCHEMA } from './words.js'

/** One secret; none by default. */
export function secret(about: About): Setting<string | null> {
  const parse = (raw: unknown): Parsed<string> =>
    typeof raw === 'string' ? good(raw) : bad('it is not a text')
  const schema = { type: 'string', minLength: 1 }
  return declare<string | null>(
    { kind: 'secret', default: null, allowed: 'a text', schema, parse, secret: true },
    about,
  )
}

/** Several secrets, comma separated. */
export function secrets(about: About): Setting<readonly string[]> {
  const parse = (raw: unknown): Parsed<readonly string[]> => {
    const items = itemsOf(raw)
    return items === null || items.length === 0 ? bad() : good(items)
  }
  const allowed = 'a comma-separated list'
  return declare(
    { kind: 'secret list', default: [], allowed, schema: LIST_SCHEMA, parse, secret: true },
    about,
  )
}
