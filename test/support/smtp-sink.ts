// A mail server that keeps what it gets: as much of SMTP as nodemailer speaks, over a real socket.
import { createServer, type Socket } from 'node:net'
import { listening } from './listening.js'

export type Mail = { readonly from: string; readonly to: readonly string[]; readonly text: string }

export type SmtpSink = {
  readonly url: string
  readonly mails: readonly Mail[]
  /** Answers each mail with this status until it is null again. */
  refuse: string | null
  /** Resolves when it has this many mails. */
  got(count: number): Promise<void>
  close(): Promise<void>
}

export async function smtpSink(): Promise<SmtpSink> {
  const mails: Mail[] = []
  const waiting = new Set<() => void>()
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    serve(socket)
  })
  function serve(socket: Socket): void {
    let text = ''
    let from = ''
    let to: string[] = []
    let isData = false
    const say = (line: string): void => void socket.write(`${line}\r\n`)
    say('220 sink')
    socket.on('data', piece => {
      text += piece.toString('latin1')
      for (;;) {
        const end = isData ? text.indexOf('\r\n.\r\n') : text.indexOf('\r\n')
        if (end < 0) return
        const part = text.slice(0, end)
        text = text.slice(end + (isData ? 5 : 2))
        if (isData) {
          isData = false
          if (sink.refuse !== null) say(sink.refuse)
          else {
            mails.push({ from, to, text: part })
            for (const run of waiting) run()
            say('250 kept')
          }
          continue
        }
        const [word = ''] = part.toUpperCase().split(' ', 1)
        if (word === 'MAIL') {
          from = part
          to = []
        }
        if (word === 'RCPT') to.push(part)
        if (word === 'DATA') {
          isData = true
          say('354 go on')
        } else if (word === 'QUIT') socket.end('221 bye\r\n')
        else say('250 sink')
      }
    })
  }
  const sink: SmtpSink = {
    url: `smtp://127.0.0.1:${await listening(server)}`,
    mails,
    refuse: null,
    got: count =>
      new Promise(resolve => {
        const look = (): void => {
          if (mails.length < count) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    close: () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
  return sink
}
