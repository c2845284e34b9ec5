// A token is needed: asked for where it is used, kept in this tab.
import { useEffect, useRef, useState } from 'preact/hooks'
import { gate, leaveGate, submitToken, token, turns } from '../state/chat.js'
import { Mark } from './mark.jsx'

/** Whether a header can carry it. */
const isUsable = (text: string): boolean => /^[\x21-\x7e]{1,4096}$/.test(text)

const REFUSED = 'Not accepted. It may have expired, or be meant for another server.'
const UNUSABLE = 'A token has 1 to 4096 visible ASCII characters without blanks.'

export function Gate() {
  const { value: open } = gate
  // It is mounted anew for each refusal.
  const input = useRef<HTMLInputElement>(null)
  const [isWrong, setWrong] = useState(false)
  useEffect(() => {
    input.current?.focus()
    input.current?.select()
  }, [])
  if (open === null) return null
  const { waits, isRefused } = open
  const fault = isWrong ? UNUSABLE : isRefused ? REFUSED : null
  const question =
    waits === null
      ? null
      : waits.what === 'question'
        ? waits.question
        : turns.value.find(({ id }) => id === waits.turnId)?.question
  return (
    <form
      class="gate box"
      aria-labelledby="gate-title"
      onSubmit={event => {
        event.preventDefault()
        const text = input.current?.value.trim() ?? ''
        setWrong(!isUsable(text))
        if (isUsable(text)) submitToken(text)
      }}
    >
      <h2 id="gate-title">{waits === null ? 'Your token' : 'A token is needed'}</h2>
      <p class="lead">This server answers only people it knows. Paste the token you were given.</p>
      <label for="token">Token</label>
      <div class="row">
        <input
          ref={input}
          id="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          defaultValue={token.value}
          aria-describedby={fault === null ? 'token-note' : 'token-note token-fault'}
          aria-invalid={fault !== null}
        />
        <button type="submit" class="send">
          {waits === null ? 'Use it' : 'Use it and ask'}
        </button>
      </div>
      {fault === null ? null : (
        <p class="note-line fault" id="token-fault" role="alert">
          <Mark tone="error" />
          <span>{fault}</span>
        </p>
      )}
      <p class="note-line" id="token-note">
        Kept in this tab until you close it. Sent with each question, never in an address.
      </p>
      {question === null || question === undefined ? null : (
        <p class="waiting-question">
          Waiting to be asked: <q dir="auto">{question}</q>
        </p>
      )}
      <button type="button" class="button ghost back" onClick={leaveGate}>
        Back
      </button>
    </form>
  )
}
