// What the menu offers for alerts.
import type { MenuItem } from '../menu/menu.jsx'
import { switchNotifications, switchSound, withNotifications, withSound } from './announce.js'
import { acknowledgeAll, toAcknowledge } from './state.js'

export function alertItems(): readonly MenuItem[] {
  const { all } = toAcknowledge.value
  return [
    ...(all === 0 ? [] : [{ label: `Acknowledge all ${all}`, hint: 'a', run: acknowledgeAll }]),
    { label: 'Sound for critical alerts', checked: withSound.value, isFirst: true, run: switchSound },
    {
      label: 'Notifications',
      checked: withNotifications.value,
      run: () => void switchNotifications(),
    },
  ]
}
