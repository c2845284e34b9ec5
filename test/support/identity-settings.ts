// How tests verify tokens: with a secret, where a test gives one; otherwise with nothing.
import type { IdentitySettings } from '../../src/chat/identity.js'

export const SECRET = 'a secret of thirty-two bytes or so'

export const NO_KEYS: IdentitySettings = {
  chatJwksUrl: null,
  chatJwtSecret: null,
  chatJwtIssuer: null,
  chatJwtAudience: null,
}
