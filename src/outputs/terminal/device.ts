// The terminal as the dashboard sees it; rim/process-device.ts implements it.
import type { Size } from './layout/layout.js'
import type { TerminalWriter, WriterEvents } from './rim/tty-writer.js'

export type InputEvents = {
  onBytes(bytes: Buffer): void
  /** The input has ended. */
  onEnd(): void
}

export type TerminalDevice = {
  size(): Size
  openWriter(events: WriterEvents): TerminalWriter
  /** Starts raw input; returns a function that ends it. */
  startInput(events: InputEvents): () => void
  /** Returns a function that removes the listener. */
  onResize(listener: () => void): () => void
  /** Creates the file; throws when it exists or cannot be written. */
  writeFile(name: string, text: string): void
  /**
   * `suspend` calls `leave` and stops the process group as Ctrl+Z does; `enter` is called when it continues. Also handles such
   * signals from outside, until `release`.
   */
  jobControl(leave: () => void, enter: () => void): { suspend(): void; release(): void }
}
