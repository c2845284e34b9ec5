// Where the next question is written. Send and Stop are one place.
import { useLayoutEffect, useRef } from 'preact/hooks'
import { limitWords, secondsLeft } from '../conversation/limit.js'
import { ask, draft, limit, nowMs, running, setDraft, turns, undo, undoable } from '../state/chat.js'
import { focusComposerByKeys, QUESTION_ID, stopHere } from './composer-field.js'
import { isEndInSight, toNewest } from './follow.js'
import { Mark } from './mark.jsx'
import { isNarrow } from './narrow.js'
import { visibleHeight } from './viewport.js'

/** Of the visible height. */
const MAX_SHARE = 0.4

function send(): void {
  if (ask(draft.value.trim())) {
    setDraft('')
    toNewest()
  }
}

/** What is over the field: the limit, or that a conversation can come back. */
function Over() {
  const { value: most } = limit
  if (most !== null) {
    const { strong, text, more } = limitWords(most.rate)
    return (
      <p class="over" data-tone="warn" id="limit">
        <Mark tone="warn" />
        <span>
          {strong === '' ? null : <b>{strong}</b>} {text}
          {isNarrow.value ? null : more}
        </span>
      </p>
    )
  }
  if (undoable.value === null) return null
  return (
    <p class="over">
      <Mark tone="none" />
      <span>The conversation was removed.</span>
      <button
        type="button"
        class="button"
        onClick={() => {
          undo()
          focusComposerByKeys()
        }}
      >
        Undo
      </button>
    </p>
  )
}

function SendOrStop() {
  const { value: now } = running
  if (now !== null) {
    return (
      <button
        type="button"
        class="send stop"
        data-key={isNarrow.value ? undefined : 'Esc'}
        aria-label="Stop the answer"
        disabled={now.isStopping.value}
        onClick={stopHere}
      >
        Stop
      </button>
    )
  }
  const { value: most } = limit
  if (most !== null) {
    const left = secondsLeft(most.untilMs, nowMs.value)
    return (
      <button
        type="submit"
        class="send"
        disabled
        aria-label={`Send, possible in ${left} s`}
        // Drawn by the style: the name says the same in other words.
        data-wait={`${isNarrow.value ? '' : 'Send in '}${left} s`}
      />
    )
  }
  return (
    <button type="submit" class="send" disabled={draft.value.trim() === ''}>
      Send
    </button>
  )
}

/** As high as its text, up to `most`. */
function fitHeight(field: HTMLTextAreaElement, most: number): void {
  field.style.height = 'auto'
  const wanted = field.scrollHeight + field.offsetHeight - field.clientHeight
  field.style.height = `${Math.min(wanted, most)}px`
  field.style.overflowY = wanted > most ? 'auto' : 'hidden'
}

export function Composer() {
  const field = useRef<HTMLTextAreaElement>(null)
  const isRunning = running.value !== null
  const isLimited = !isRunning && limit.value !== null
  const narrow = isNarrow.value
  const text = draft.value
  useLayoutEffect(focusComposerByKeys, [])
  useLayoutEffect(() => {
    if (field.current !== null) fitHeight(field.current, visibleHeight.value * MAX_SHARE)
  })
  return (
    <form
      class="ask"
      aria-label="Ask"
      onSubmit={event => {
        event.preventDefault()
        send()
      }}
    >
      {isEndInSight.value || turns.value.length === 0 ? null : (
        <button
          type="button"
          class="button newest"
          onClick={() => {
            toNewest()
            focusComposerByKeys()
          }}
        >
          ↓ Newest
        </button>
      )}
      <div>
        <Over />
        <div class="row">
          <label class="hidden-text" for={QUESTION_ID}>
            Your question
          </label>
          <textarea
            ref={field}
            id={QUESTION_ID}
            rows={1}
            autocomplete="off"
            value={text}
            placeholder={isRunning ? (narrow ? 'Next question' : 'Your next question') : 'Your question'}
            aria-describedby={isLimited ? 'limit' : 'keys'}
            onInput={event => setDraft(event.currentTarget.value)}
            onKeyDown={event => {
              // Safari ends a composition before its Enter, which it marks with this code.
              const isComposing = event.isComposing || event.keyCode === 229
              if (event.key !== 'Enter' || event.shiftKey || isComposing) return
              event.preventDefault()
              send()
            }}
          />
          <SendOrStop />
        </div>
        {isLimited ? null : (
          <p class="hint" id="keys">
            {isRunning ? (
              <span>Write on; it can be sent when this answer has ended</span>
            ) : (
              <>
                <span>
                  <kbd>Enter</kbd> sends
                </span>{' '}
                <span>
                  <kbd>Shift</kbd> <kbd>Enter</kbd> new line
                </span>
              </>
            )}
          </p>
        )}
      </div>
    </form>
  )
}
