// Announces alerts: in the tab's title, in a live region and, if switched on, by sound and desktop notification.

import { effect, signal } from '@preact/signals'
import iconUrl from '../icon.svg'
import unknownIconUrl from '../icon-unknown.svg'
import { connection, followsHidden } from '../model.js'
import { boardTitle } from '../state/looks.js'
import { preference } from '../state/preferences.js'
import type { KeptAlert } from './alert-log.js'
import { createBeeper } from './sound.js'
import { followAlerts, newestLog, toAcknowledge } from './state.js'
import { announcement, tabTitle } from './words.js'

const switchedOn = (stored: unknown): boolean => stored === true

export const withSound = preference('alerts.sound', switchedOn)
export const withNotifications = preference('alerts.notifications', switchedOn)
/** Why desktop notifications do not work; empty when they do or are off. */
export const notificationProblem = signal('')

const beeper = createBeeper()

/** On a click: switches the sound and plays it. */
export function switchSound(): void {
  withSound.value = !withSound.value
  if (withSound.value) void beeper.beep(true)
}

/** On a click: switches desktop notifications; asks for the browser's permission if needed. */
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
    // Some browsers on phones have the class but throw here.
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

/** Starts announcing; returns a function that stops it. */
export function startAlerts(): () => void {
  const name = document.title
  const polite = liveRegion('status')
  const urgent = liveRegion('alert')
  const ends = [
    followAlerts(),
    effect(() => {
      const isLive = connection.value.state === 'live'
      document.title = tabTitle(boardTitle.value ?? name, toAcknowledge.value, isLive)
      document.querySelector('link[rel=icon]')?.setAttribute('href', isLive ? iconUrl : unknownIconUrl)
    }),
    // With one of these on, alerts are announced while the page is hidden, too.
    effect(() => {
      followsHidden.value = withSound.value || withNotifications.value
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
