// The sign-in form: asks for a token when the server requires one, and keeps it for this tab. Signing out deletes it and
// everything shown.
import { useEffect, useRef, useState } from 'preact/hooks'
import { connection, follow } from '../model.js'
import { setToken, token } from '../state/access.js'

export function signOut(): void {
  setToken(null)
  location.reload()
}

/** Whether a header can carry it. */
function isUsable(text: string): boolean {
  return /^[\x21-\x7e]{1,4096}$/.test(text)
}

export function SignIn() {
  const input = useRef<HTMLInputElement>(null)
  const [wrong, setWrong] = useState('')
  const isOut = connection.value.state === 'signed-out'
  useEffect(() => input.current?.focus(), [isOut])
  if (!isOut) return null
  const message =
    wrong !== ''
      ? wrong
      : token.value === null
        ? 'This server requires a token.'
        : 'The token was not accepted.'
  return (
    <form
      class="sign-in"
      aria-labelledby="sign-in-title"
      onSubmit={event => {
        event.preventDefault()
        const text = input.current?.value.trim() ?? ''
        if (!isUsable(text)) {
          setWrong('A token has 1 to 4096 visible ASCII characters without blanks.')
          return
        }
        setWrong('')
        setToken(text)
        follow()
      }}
    >
      <h2 id="sign-in-title">Sign in</h2>
      <p id="sign-in-message" role="alert">
        {message}
      </p>
      <label for="token">Token</label>
      <input
        ref={input}
        id="token"
        type="password"
        autocomplete="off"
        spellcheck={false}
        aria-describedby="sign-in-message sign-in-note"
      />
      <button type="submit" class="button">
        Sign in
      </button>
      <p id="sign-in-note" class="note">
        It stays in this tab and is sent as a header, never in a URL.
      </p>
    </form>
  )
}
