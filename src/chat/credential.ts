// Whether what once let a reader in would do so today: asked when the settings were read again.
import type { ChatConfig } from './chat-config.js'
import type { Credential, Identity } from './seams.js'

export type CredentialParts = {
  readonly config: () => Pick<ChatConfig, 'chatAnonymous'>
  readonly identity: Identity
}

/** A person needs no token of the server, so a change of that one is nothing to a person's connection. */
export async function isOut(
  credential: Credential,
  ownerIsOut: (owner: string | null) => boolean,
  { config, identity }: CredentialParts,
): Promise<boolean> {
  if (credential.kind === 'server') return !config().chatAnonymous || ownerIsOut(credential.owner)
  return credential.rules !== identity.rules && (await identity.verify(credential.bearer)) === null
}
