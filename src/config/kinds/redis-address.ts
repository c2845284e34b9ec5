// The address of a Redis. It may hold a password, so it is never shown and may come from a file.
import { ADDRESS_FORMS, parseRedisAddress } from '../../redis/address.js'
import { type About, bad, declare, good, type Parsed, type Setting } from '../setting.js'

export function redisAddress(about: About): Setting<string | null> {
  const parse = (raw: unknown): Parsed<string> => {
    if (typeof raw !== 'string') return bad('it is not a text')
    const parsed = parseRedisAddress(raw)
    return parsed.ok ? good(raw) : bad(parsed.error)
  }
  const schema = { type: 'string', minLength: 1 }
  return declare<string | null>(
    { kind: 'secret', default: null, allowed: ADDRESS_FORMS, schema, parse, secret: true },
    about,
  )
}
