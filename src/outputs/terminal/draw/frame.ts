// One screen: exactly as many lines as its height, each exactly its width.
import type { Size } from '../layout/layout.js'
import { blank, fitLine, type Line, lineText } from './run.js'

export type Frame = { readonly size: Size; readonly lines: readonly Line[] }

/** Cuts or fills to the size. */
export function frameOf(size: Size, lines: readonly Line[]): Frame {
  const shown = lines.slice(0, size.height)
  while (shown.length < size.height) shown.push([blank(size.width)])
  return { size, lines: shown }
}

/** Centres `lines` in `size`. */
export function centred(lines: readonly Line[], width: number, size: Size): readonly Line[] {
  const above = Math.max(0, Math.floor((size.height - lines.length) / 2))
  const before = Math.max(0, Math.floor((size.width - width) / 2))
  const empty: Line = [blank(size.width)]
  return Array.from({ length: size.height }, (_, i) => {
    const line = lines[i - above]
    return line === undefined ? empty : fitLine([blank(before), ...line], size.width)
  })
}

/** The text without trailing blanks. */
export function frameText({ lines }: Frame): string {
  return lines.map(line => lineText(line).trimEnd()).join('\n')
}
