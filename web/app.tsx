// All of the page.
import { Card } from './cards/card.jsx'
import { panelKeys } from './model.js'

export function App() {
  return (
    <main>
      {panelKeys.value.map(key => (
        <Card key={key} panelKey={key} />
      ))}
    </main>
  )
}
