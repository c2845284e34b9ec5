// The page before the first question.
import { useEffect } from 'preact/hooks'
import { page, setDraft } from '../state/chat.js'
import { service } from '../state/service.js'
import { focusComposer } from './composer-field.js'
import { Mark } from './mark.jsx'

function Examples() {
  if (page.examples.length === 0) return null
  return (
    <>
      <h3 class="caption">For example</h3>
      <ul class="box examples">
        {page.examples.map(example => (
          <li key={example}>
            <button
              type="button"
              onClick={() => {
                setDraft(example)
                focusComposer()
              }}
            >
              {example}
              <svg class="arrow" viewBox="0 0 10 10" aria-hidden="true">
                <path d="M1 5h8M5.6 1.6 9 5 5.6 8.4" />
              </svg>
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}

/** Minutes, or seconds. */
function heldText(ms: number): string {
  return ms < 90_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`
}

function State() {
  const { isWell } = service.value
  if (isWell === null) return null
  return (
    <span class="state">
      <Mark tone={isWell ? 'ok' : 'warn'} />
      {isWell ? 'well' : 'not available'}
    </span>
  )
}

export function Start() {
  // After a conversation the page is at its end.
  useEffect(() => scrollTo({ top: 0 }), [])
  const holds = page.holdsMs === null ? '' : ` Holds the answer for ${heldText(page.holdsMs)} more;`
  return (
    <div class="start">
      <h2>What would you like to know?</h2>
      <p class="lead">The answer comes word by word. Should the connection break, it goes on where it was.</p>
      <Examples />
      <h3 class="caption">Where the answers come from</h3>
      <dl class="box tiles">
        <div>
          <dt>This tab</dt>
          <dd>Keeps the conversation, over a reload too, until you close it.</dd>
        </div>
        <div>
          <dt>This server</dt>
          <dd>
            Passes on question and answer.
            {holds === '' ? ' Records no question.' : `${holds} records no question.`}
          </dd>
        </div>
        <div>
          <dt>
            {page.backend === '' ? 'The model' : page.backend}
            <State />
          </dt>
          <dd>Writes the answers and names sources. It can be wrong: check them.</dd>
        </div>
      </dl>
    </div>
  )
}
