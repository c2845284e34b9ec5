// The buttons of the actions: one in a card's head, the others for the whole board.
import { useEffect, useRef, useState } from 'preact/hooks'
import { paused } from '../model.js'
import { copyPanel, downloadBoard, openRawStream, togglePause } from './actions.js'

const SAID_MS = 2_000

/** For a card's head. */
export function PanelActions({ panelKey }: { readonly panelKey: string }) {
  const [said, say] = useState('')
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])

  async function copy(): Promise<void> {
    say((await copyPanel(panelKey)) ? '✓' : '✗')
    clearTimeout(timer.current)
    timer.current = setTimeout(() => say(''), SAID_MS)
  }

  return (
    <button
      type="button"
      class="icon-button"
      aria-label="Copy as text"
      title="Copy as text (c)"
      onClick={() => void copy()}
    >
      <span aria-hidden="true">{said === '' ? '⧉' : said}</span>
    </button>
  )
}

/** For the toolbar. */
export function BoardActions() {
  const isPaused = paused.value
  return (
    <>
      <button type="button" class="button" data-paused={isPaused} title="Pause (p)" onClick={togglePause}>
        {isPaused ? 'Resume' : 'Pause'}
      </button>
      <button type="button" class="button" title="Download the board as JSON (d)" onClick={downloadBoard}>
        Download
      </button>
      <a
        class="button"
        href="/summary/events"
        target="_blank"
        rel="noopener"
        title="Open the raw stream (r)"
        onClick={event => {
          event.preventDefault()
          void openRawStream()
        }}
      >
        Raw stream
      </a>
    </>
  )
}
