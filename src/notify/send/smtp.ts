// Mail, by nodemailer: the one file that knows it, loaded with the first mail. The Message-ID is made of the id of the message, so a
// mail system can drop one that is sent again.
import { type NotifyTarget, usableUrl } from '../../config/notify-targets.js'
import type { Outcome, Sender } from '../delivery.js'
import { plainText } from '../formats.js'
import type { Notification } from '../message.js'
import type { ReadText } from './read-text.js'
import { shownAddress } from './web.js'

export type SmtpTarget = Extract<NotifyTarget, { readonly kind: 'smtp' }>

export type SmtpOptions = {
  readonly target: SmtpTarget
  readonly read: ReadText
  readonly timeoutMs: number
}

const PORTS: Readonly<Record<string, number>> = { 'smtp:': 587, 'smtps:': 465 }
/** 550 no such mailbox, 552 too large, 553 not an address, 554 refused for good. */
const FINAL: ReadonlySet<unknown> = new Set([550, 552, 553, 554])

export function createSmtpSender(options: SmtpOptions): Sender {
  const { target } = options
  const shown =
    typeof target.url === 'string' ? `smtp ${new URL(target.url).host}` : shownAddress('smtp', target.url)
  return { shown, send: (message, signal) => mail(options, message, signal), close: () => Promise.resolve() }
}

async function mail(
  { target, read, timeoutMs }: SmtpOptions,
  message: Notification,
  signal: AbortSignal,
): Promise<Outcome> {
  const text = typeof target.url === 'string' ? target.url : await read(target.url.file)
  const url = usableUrl(text, Object.keys(PORTS))
  if (url === null) return { ok: false, why: 'its file has no URL that can be used' }
  const { user, passwordFile } = target
  const auth =
    user === null || passwordFile === null ? {} : { auth: { user, pass: await read(passwordFile) } }
  const isSecure = url.protocol === 'smtps:'
  const { createTransport } = await import('nodemailer')
  const transport = createTransport({
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (PORTS[url.protocol] ?? 587) : Number(url.port),
    secure: isSecure,
    // A password never goes over a connection that others can read.
    requireTLS: !isSecure && user !== null,
    ...auth,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const limit = AbortSignal.timeout(timeoutMs)
  try {
    await transport.sendMail({
      from: target.from,
      to: [...target.to],
      subject: message.title,
      text: `${plainText(message)}\n`,
      messageId: `<${message.id}@g6-stream>`,
      headers: { 'X-G6-Notification-Id': message.id, 'Auto-Submitted': 'auto-generated' },
      signal: AbortSignal.any([signal, limit]),
    })
    return { ok: true }
  } catch (error) {
    return limit.aborted ? { ok: false, why: 'no answer in time' } : faultOf(error)
  }
}

function faultOf(error: unknown): Outcome {
  const status = error instanceof Error && 'responseCode' in error ? error.responseCode : undefined
  if (typeof status === 'number')
    return { ok: false, why: `status ${status}`, ...(FINAL.has(status) ? { isFinal: true } : {}) }
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return { ok: false, why: typeof code === 'string' ? code : 'unknown' }
}
