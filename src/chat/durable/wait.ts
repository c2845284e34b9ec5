// Waits for a log to grow or to end: for a long poll.
import type { ServerResponse } from 'node:http'
import type { Timers } from '../../clock/timers.js'
import type { ChatLog } from '../log/chat-log.js'

/** How it came out: something new (or the end), the time is up, or the client has left. */
export type Waited = 'grown' | 'timeout' | 'gone'

export function untilGrown(
  log: ChatLog,
  from: number,
  response: ServerResponse,
  timers: Timers,
  forMs: number,
): Promise<Waited> {
  const hasGrown = (): boolean => log.tail > from || log.end !== 'open'
  return new Promise(resolve => {
    const settle = (how: Waited): void => {
      unfollow()
      cancel()
      response.off('close', onClose)
      resolve(how)
    }
    const onClose = (): void => settle('gone')
    const unfollow = log.follow(() => {
      if (hasGrown()) settle('grown')
    })
    const cancel = timers.after(forMs, () => settle('timeout'))
    response.once('close', onClose)
    if (response.destroyed) settle('gone')
    else if (hasGrown()) settle('grown')
  })
}
