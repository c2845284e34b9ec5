// A real terminal emulator without a window: its output can be read as cells.
import xterm from '@xterm/headless'

export type Emulator = InstanceType<typeof xterm.Terminal>

export function emulator(width: number, height: number): Emulator {
  return new xterm.Terminal({ cols: width, rows: height, allowProposedApi: true, scrollback: 0 })
}

export function feed(terminal: Emulator, data: string): Promise<void> {
  return new Promise(resolve => terminal.write(data, resolve))
}

/** The lines as text, without blanks at their ends. */
export function screenLines(terminal: Emulator): string[] {
  const { active } = terminal.buffer
  return Array.from({ length: terminal.rows }, (_, y) =>
    (active.getLine(active.viewportY + y)?.translateToString(true) ?? '').trimEnd(),
  )
}

export const screenText = (terminal: Emulator): string => screenLines(terminal).join('\n')

/** Every cell as a person sees it: the colour of a blank is invisible, its background is not. */
export function visibleCells(terminal: Emulator): string[] {
  const { active } = terminal.buffer
  return Array.from({ length: terminal.rows }, (_, y) => {
    const line = active.getLine(active.viewportY + y)
    const cells: string[] = []
    for (let x = 0; x < terminal.cols; x++) {
      const cell = line?.getCell(x)
      if (cell === undefined) continue
      const chars = cell.getChars()
      const ground = `${cell.isInverse()}/${cell.getBgColorMode()}/${cell.getBgColor()}/${cell.isUnderline()}`
      const ink = `${cell.getFgColorMode()}/${cell.getFgColor()}/${cell.isBold()}/${cell.isDim()}`
      const blank = chars === '' || chars === ' '
      cells.push(blank ? `${cell.getWidth()} ${ground}` : `${chars} ${cell.getWidth()} ${ground} ${ink}`)
    }
    return cells.join('|')
  })
}
