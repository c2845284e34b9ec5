// A terminal in memory: tests read what was written, type keys, and make it full.
import type { InputEvents, TerminalDevice } from '../../../src/outputs/terminal/device.js'
import type { Size } from '../../../src/outputs/terminal/layout/layout.js'
import type { WriterEvents } from '../../../src/outputs/terminal/rim/tty-writer.js'

export class FakeDevice implements TerminalDevice {
  readonly written: string[] = []
  /** Written while full: what a real one would buffer. */
  held: string[] = []
  readonly files = new Map<string, string>()
  full = false
  raw = false
  closed = false
  suspended = 0
  /** Listeners for sizes and for Ctrl+Z from elsewhere. */
  listeners = 0
  #input: InputEvents | null = null
  #events: WriterEvents | null = null
  #resized: () => void = () => {}
  #leave: () => void = () => {}
  #enter: () => void = () => {}

  constructor(private current: Size) {}

  size(): Size {
    return this.current
  }

  openWriter(events: WriterEvents) {
    this.#events = events
    const device = this
    return {
      get blocked() {
        return device.held.length > 0
      },
      write(text: string) {
        if (text === '') return
        if (device.full) device.held.push(text)
        else device.written.push(text)
      },
      writeNow: (text: string) => {
        device.written.push(...device.held.splice(0), text)
        return true
      },
      close: () => {
        device.closed = true
      },
    }
  }

  startInput(events: InputEvents): () => void {
    this.#input = events
    this.raw = true
    return () => {
      this.#input = null
      this.raw = false
    }
  }

  onResize(listener: () => void): () => void {
    this.#resized = listener
    this.listeners++
    return () => {
      this.#resized = () => {}
      this.listeners--
    }
  }

  writeFile(name: string, text: string): void {
    if (this.files.has(name)) throw Object.assign(new Error('there is one'), { code: 'EEXIST' })
    this.files.set(name, text)
  }

  jobControl(leave: () => void, enter: () => void) {
    this.#leave = leave
    this.#enter = enter
    this.listeners++
    return {
      suspend: () => {
        this.suspended++
        this.#leave()
      },
      release: () => {
        this.listeners--
      },
    }
  }

  type(text: string): void {
    this.#input?.onBytes(Buffer.from(text))
  }

  /** Its window was closed: nothing written arrives any more. */
  goAway(): void {
    this.#events?.onGone(new Error('gone'))
  }

  endInput(): void {
    this.#input?.onEnd()
  }

  resize(size: Size): void {
    this.current = size
    this.#resized()
  }

  drain(): void {
    this.full = false
    this.written.push(...this.held.splice(0))
    this.#events?.onDrained()
  }

  goOn(): void {
    this.#enter()
  }
}

export const fakeDevice = (size: Size): FakeDevice => new FakeDevice(size)
