// Tells of alerts where they may not be looked at: the tab's title, a live region, and, where a person has switched them
// on, a sound and a desktop notification.
import { effect, signal } from '@preact/signals'
import { preference } from '../state/preferences.js'
import type { KeptAlert } from './alert-log.js'
import { createBeeper } from './sound.js'
import { newestLog, readTheBoard, toAcknowledge } from './state.js'
import { announcement, tabTitle } from './words.js'

const switchedOn = (stored: unknown): boolean => stored === true

export const withSound = preference('alerts.sound', switchedOn)
export const withNotifications = preference('alerts.notifications', switchedOn)
/** Why there are no desktop notifications though they were asked for; empty when there is nothing to say. */
export const notificationProblem = signal('')

const beeper = createBeeper()

/** On a click: switches the sound, and lets it be heard. */
export function switchSound(): void {
  withSound.value = !withSound.value
  if (withSound.value) void beeper.beep(true)
}

/** On a click: switches desktop notifications, asking the browser's permission where it has not been given. */
export async function switchNotifications(): Promise<void> {
  notificationProblem.value = ''
  if (withNotifications.value) {
    withNotifications.value = false
    return
  }
  if (!('Notification' in window) || !isSecureContext) {
    notificationProblem.value = 'Desktop notifications need https or localhost.'
    return
  }
  const permission = await Notification.requestPermission()
  withNotifications.value = permission === 'granted'
  if (permission === 'denied')
    notificationProblem.value = 'The browser does not allow notifications of this page.'
}

function notify(alerts: readonly KeptAlert[]): void {
  if (!('Notification' in window) || Notification.permission !== 'granted') return
  try {
    const notification = new Notification('G6: critical alert', {
      body: announcement(alerts),
      tag: 'g6-alerts',
    })
    notification.onclick = () => {
      window.focus()
      notification.close()
    }
  } catch {
    // Some browsers of phones have the class and refuse to make one.
    withNotifications.value = false
    notificationProblem.value = 'This browser shows no notifications of pages.'
  }
}

function liveRegion(role: 'status' | 'alert'): HTMLElement {
  const region = document.createElement('div')
  region.setAttribute('role', role)
  region.className = 'hidden-text'
  document.body.append(region)
  return region
}

/** Begins; returns what ends it. */
export function startAlerts(): () => void {
  const name = document.title
  const polite = liveRegion('status')
  const urgent = liveRegion('alert')
  const ends = [
    readTheBoard(),
    effect(() => {
      document.title = tabTitle(name, toAcknowledge.value)
    }),
    effect(() => {
      const { fresh } = newestLog.value
      if (fresh.length === 0) return
      const critical = fresh.filter(({ level }) => level === 'critical')
      const others = fresh.filter(({ level }) => level !== 'critical')
      if (others.length > 0) polite.textContent = announcement(others)
      if (critical.length === 0) return
      urgent.textContent = announcement(critical)
      if (withSound.peek()) void beeper.beep()
      if (withNotifications.peek()) notify(critical)
    }),
  ]
  return () => {
    for (const end of ends) end()
    polite.remove()
    urgent.remove()
    beeper.close()
    document.title = name
  }
}
