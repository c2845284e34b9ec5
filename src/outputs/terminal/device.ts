// The terminal as the dashboard sees it. `rim/process-device.ts` is the real one.
import type { Size } from './layout/layout.js'
import type { TerminalWriter, WriterEvents } from './rim/tty-writer.js'

export type InputEvents = {
  onBytes(bytes: Buffer): void
  /** Nothing will ever be typed again. */
  onEnd(): void
}

export type TerminalDevice = {
  size(): Size
  openWriter(events: WriterEvents): TerminalWriter
  /** Takes the keyboard key by key; the function gives it back. */
  startInput(events: InputEvents): () => void
  /** The function stops listening. */
  onResize(listener: () => void): () => void
  /** Creates the file; throws when there is one already or it cannot be written. */
  writeFile(name: string, text: string): void
  /**
   * Stops this process and its group like Ctrl+Z does, after `leave`; calls `enter` when it goes on. Also listens to such
   * signals from elsewhere. The functions take part until `release`.
   */
  jobControl(leave: () => void, enter: () => void): { suspend(): void; release(): void }
}
