// The dialog with the list of keys. A native <dialog>: Escape closes it, it traps the focus and restores it.
import { KEYS } from './keys.js'
import './keys.css'

const ID = 'keys'

export function openKeys(): void {
  const dialog = document.getElementById(ID)
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal()
}

export function KeysDialog() {
  return (
    <dialog id={ID} class="keys" aria-labelledby="keys-title">
      <form method="dialog">
        <h2 id="keys-title">Keys</h2>
        <dl>
          {KEYS.map(([key, , description]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{description}</dd>
            </div>
          ))}
          <div>
            <dt>
              <kbd>Tab</kbd>
            </dt>
            <dd>To the next control; Escape closes this</dd>
          </div>
          <div>
            <dt>
              <kbd>← →</kbd>
            </dt>
            <dd>In a plot: the values of a moment</dd>
          </div>
        </dl>
        <button type="submit" class="button">
          Close
        </button>
      </form>
    </dialog>
  )
}
