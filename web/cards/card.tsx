// One panel.
import { panel } from '../model.js'

export function Card({ panelKey }: { readonly panelKey: string }) {
  const shown = panel(panelKey).value
  if (shown === null) return null
  return (
    <section data-panel={panelKey}>
      <h2>{shown.title}</h2>
      <pre>{shown.lines.join('\n')}</pre>
    </section>
  )
}
