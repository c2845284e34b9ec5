// The terminal of this process: size from standard output, keys from standard input, and a file of its own for writing.
import { writeFileSync } from 'node:fs'
import type { TerminalDevice } from '../device.js'
import { jobControl } from './job-control.js'
import { openTerminal } from './tty-writer.js'

export function processDevice(): TerminalDevice {
  const { stdin, stdout } = process
  return {
    size: () => {
      const [width, height] = stdout.getWindowSize()
      // 0 on serial lines and in some containers.
      return { width: width || 80, height: height || 24 }
    },
    openWriter: events => openTerminal(events, stdout.fd),
    startInput({ onBytes, onEnd }) {
      if (!stdin.isTTY) return () => {}
      // A terminal that is gone causes `end` or `error`.
      const gone = (): void => onEnd()
      stdin.setRawMode(true)
      stdin.on('data', onBytes)
      stdin.on('end', gone)
      stdin.on('error', gone)
      stdin.resume()
      return () => {
        stdin.removeListener('data', onBytes)
        stdin.removeListener('end', gone)
        stdin.pause()
        try {
          stdin.setRawMode(false)
        } finally {
          // Last: setRawMode may cause the error of a terminal that is gone.
          stdin.removeListener('error', gone)
        }
      }
    },
    onResize(listener) {
      stdout.on('resize', listener)
      return () => stdout.removeListener('resize', listener)
    },
    writeFile: (name, text) => writeFileSync(name, text, { flag: 'wx' }),
    jobControl: (leave, enter) =>
      jobControl(leave, () => {
        // While this program was stopped, a new size was reported to the shell instead. Node asks the terminal when it sees this signal.
        process.emit('SIGWINCH', 'SIGWINCH')
        enter()
      }),
  }
}
