// The buttons of the actions: one in the head of each card, the others for the whole board.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon } from '../cards/icons.jsx'
import { paused } from '../model.js'
import { copyPanel, downloadBoard, openRawStream, STREAM, togglePause } from './actions.js'
import './actions.css'

const OUTCOME_MS = 2_000

/** For a card's head. */
export function PanelActions({ panelKey }: { readonly panelKey: string }) {
  const [outcome, setOutcome] = useState<'done' | 'failed' | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])

  async function copy(): Promise<void> {
    setOutcome((await copyPanel(panelKey)) ? 'done' : 'failed')
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setOutcome(null), OUTCOME_MS)
  }

  return (
    <button
      type="button"
      class="icon-button"
      aria-label="Copy as text"
      title="Copy as text (c)"
      onClick={() => void copy()}
    >
      {outcome === 'failed' ? '!' : <Icon name={outcome === 'done' ? 'done' : 'copy'} />}
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
        href={STREAM}
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
