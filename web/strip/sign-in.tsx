// The token: asked for when the server wants one, kept for this tab, forgotten with everything shown on signing out.
import { useEffect, useRef, useState } from 'preact/hooks'
import { connection, follow } from '../model.js'
import { setToken, token } from '../state/access.js'

export function signOut(): void {
  setToken(null)
  location.reload()
}

/** What may stand in a header. */
function isUsable(text: string): boolean {
  return /^[\x21-\x7e]{1,4096}$/.test(text)
}

export function SignIn() {
  const input = useRef<HTMLInputElement>(null)
  const [wrong, setWrong] = useState('')
  const isOut = connection.value.state === 'signed-out'
  useEffect(() => input.current?.focus(), [isOut])
  if (!isOut) return null
  const said =
    wrong !== ''
      ? wrong
      : token.value === null
        ? 'This server wants a token before it shows anything.'
        : 'The token was not accepted.'
  return (
    <form
      class="sign-in"
      aria-labelledby="sign-in-title"
      onSubmit={event => {
        event.preventDefault()
        const text = input.current?.value.trim() ?? ''
        if (!isUsable(text)) {
          setWrong('A token is up to 4096 visible characters without blanks.')
          return
        }
        setWrong('')
        setToken(text)
        follow()
      }}
    >
      <h2 id="sign-in-title">Sign in</h2>
      <p id="sign-in-said" role="alert">
        {said}
      </p>
      <label for="token">Token</label>
      <input
        ref={input}
        id="token"
        type="password"
        autocomplete="off"
        spellcheck={false}
        aria-describedby="sign-in-said sign-in-note"
      />
      <button type="submit" class="button">
        Sign in
      </button>
      <p id="sign-in-note" class="note">
        It stays in this tab and is sent as a header, never in an address.
      </p>
    </form>
  )
}
