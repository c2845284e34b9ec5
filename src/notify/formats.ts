// The bodies of messages: our own JSON, and what Slack, Telegram, Discord, PagerDuty and ntfy take. Text of the board is quoted so
// that it cannot mention people or make links of its own. No templates: a form is a function here.
import { createHmac } from 'node:crypto'
import type { WebhookFormat } from '../config/notify-targets.js'
import { durationText } from '../display/age.js'
import { clipText } from '../panels/text.js'
import type { Notification } from './message.js'

export type Body = {
  readonly text: string
  readonly type: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What a form needs besides the message. */
export type FormatParts = { readonly chat: string | null; readonly key: string | null }

const JSON_TYPE = 'application/json; charset=utf-8'
const SUMMARY_CHARS = 1_000
const MOST_CHARS = 1_900
const SEVERITY = { failing: 'critical', attention: 'warning', unknown: 'warning', healthy: 'info' } as const

/** The message as plain text, without its title. */
export function plainText(message: Notification): string {
  const { event, reasons, lasted_sec: lasted, link, condition } = message
  const took = event === 'test' ? null : event === 'end' ? `It lasted ${durationText(lasted * 1000)}.` : null
  const since = event === 'repeat' ? `It has lasted ${durationText(lasted * 1000)}.` : null
  return [condition, ...reasons.map(reason => `- ${reason}`), took ?? since, link]
    .filter(line => line !== null)
    .join('\n')
}

export function bodyOf(format: WebhookFormat, message: Notification, parts: FormatParts): Body {
  const json = (value: unknown): Body => ({ text: JSON.stringify(value), type: JSON_TYPE })
  const whole = clipText(message.title, 300)
  const text = `${whole}\n${plainText(message)}`.slice(0, MOST_CHARS)
  switch (format) {
    case 'json':
      return json(message)
    case 'slack':
      return json({ text: text.replace(/[&<>]/g, sign => SLACK[sign] ?? sign) })
    case 'discord':
      return json({ content: text, allowed_mentions: { parse: [] } })
    case 'telegram':
      return json({ chat_id: parts.chat, text, link_preview_options: { is_disabled: true } })
    case 'pagerduty':
      return json(pagerDuty(message, parts.key))
  }
}

const SLACK: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

function pagerDuty(message: Notification, key: string | null): object {
  const { event, incident, title, verdict, at, reasons, link, rule, id } = message
  return {
    routing_key: key,
    event_action: event === 'end' ? 'resolve' : 'trigger',
    // One incident there for one incident here: repeats and the end belong to it.
    dedup_key: incident,
    payload: {
      summary: title.slice(0, SUMMARY_CHARS),
      source: 'g6-stream',
      severity: event === 'test' ? 'info' : SEVERITY[verdict],
      timestamp: new Date(at).toISOString(),
      component: rule,
      custom_details: { id, reasons, condition: message.condition },
    },
    ...(link === null ? {} : { links: [{ href: link, text: 'The board' }] }),
  }
}

const NTFY_PRIORITY = { begin: '4', repeat: '4', end: '3', test: '3' } as const
const NTFY_TAG = { begin: 'warning', repeat: 'warning', end: 'white_check_mark', test: 'test_tube' } as const

export function ntfyBody(message: Notification): Body {
  const { event, title, link } = message
  return {
    text: plainText(message).slice(0, MOST_CHARS),
    type: 'text/plain; charset=utf-8',
    headers: {
      Title: headerText(title),
      Priority: NTFY_PRIORITY[event],
      Tags: NTFY_TAG[event],
      ...(link === null ? {} : { Click: link }),
    },
  }
}

/** As RFC 2047 has it where it is not ASCII. */
function headerText(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text, 'utf8').toString('base64')}?=`
}

/** `t=<epoch s>,v1=<hex HMAC-SHA-256 of "<epoch s>.<body>">` */
export function signature(secret: string, nowMs: number, body: string): string {
  const time = Math.floor(nowMs / 1000)
  return `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`
}
