// This process's terminal: standard output for the size, an opening of its own for writing, standard input for the keys.
import { writeFileSync } from 'node:fs'
import type { TerminalDevice } from '../device.js'
import { jobControl } from './job-control.js'
import { openTerminal } from './tty-writer.js'

export function processDevice(): TerminalDevice {
  const { stdin, stdout } = process
  return {
    size: () => {
      const [width, height] = stdout.getWindowSize()
      // Serial lines and some containers say 0.
      return { width: width || 80, height: height || 24 }
    },
    openWriter: events => openTerminal(events, stdout.fd),
    startInput({ onBytes, onEnd }) {
      if (!stdin.isTTY) return () => {}
      // A terminal that went away ends in an error or in an end; both mean the same here.
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
          // Last: a terminal that is gone says so only now.
          stdin.removeListener('error', gone)
        }
      }
    },
    onResize(listener) {
      stdout.on('resize', listener)
      return () => stdout.removeListener('resize', listener)
    },
    writeFile: (name, text) => writeFileSync(name, text, { flag: 'wx' }),
    jobControl: (leave, enter) => jobControl(leave, enter),
  }
}
