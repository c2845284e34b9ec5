// The SGR sequence of each role, for a theme and a colour depth. Each begins with a reset, so none depends on the one before.
// The background is always the terminal's. Without colours, roles are bold, dim, underlined or reversed.
// Sources: ECMA-48 8.3.117 (SGR), ISO 8613-6 (38;2 and 38;5).
import type { Role } from '../draw/run.js'
import type { ThemeName } from '../keys/view.js'

/** In bits, as `tty.WriteStream.getColorDepth`: none, 16, 256 or all colours. */
export type ColorDepth = 1 | 4 | 8 | 24

type Attribute = 'bold' | 'dim' | 'underline' | 'reverse'
const ATTRIBUTES: Readonly<Record<Attribute, number>> = { bold: 1, dim: 2, underline: 4, reverse: 7 }

/** One colour in every depth; null = the terminal's default. */
type Ink = {
  readonly rgb: readonly [number, number, number]
  readonly c256: number
  readonly c16: number
} | null

type Look = { readonly ink: Ink; readonly with?: readonly Attribute[]; readonly bare?: readonly Attribute[] }

const ink = (hex: number, c256: number, c16: number): Ink => ({
  rgb: [hex >> 16, (hex >> 8) & 255, hex & 255],
  c256,
  c16,
})

type Palette = Readonly<Record<'green' | 'yellow' | 'red' | 'blue' | 'grey' | 'line' | 'accent', Ink>>

const PALETTES: Readonly<Record<ThemeName, Palette>> = {
  dark: {
    green: ink(0x8fc98a, 114, 32),
    yellow: ink(0xe5c07b, 180, 33),
    red: ink(0xf07178, 203, 91),
    blue: ink(0x7fb4e6, 110, 36),
    grey: ink(0x8b93a1, 246, 37),
    line: ink(0x4a5160, 240, 90),
    accent: ink(0x6cb6ff, 75, 96),
  },
  light: {
    green: ink(0x2e7d32, 28, 32),
    yellow: ink(0x8a5a00, 94, 33),
    red: ink(0xc62828, 160, 31),
    blue: ink(0x1f5f99, 25, 34),
    grey: ink(0x5f6672, 241, 90),
    line: ink(0xb4bac4, 249, 90),
    accent: ink(0x0a64c2, 26, 34),
  },
}

function looks(p: Palette): Readonly<Record<Role, Look>> {
  return {
    text: { ink: null },
    strong: { ink: null, with: ['bold'] },
    title: { ink: null, with: ['bold'] },
    label: { ink: p.grey },
    muted: { ink: p.grey, bare: ['dim'] },
    border: { ink: p.line, bare: ['dim'] },
    focus: { ink: p.accent, with: ['bold'] },
    key: { ink: p.accent, bare: ['bold'] },
    ok: { ink: p.green },
    info: { ink: p.blue },
    warn: { ink: p.yellow, bare: ['bold'] },
    error: { ink: p.red, with: ['bold'] },
    badge: { ink: p.yellow, with: ['reverse'] },
    alarm: { ink: p.red, with: ['reverse', 'bold'] },
    input: { ink: null, with: ['underline'] },
  }
}

function inkCodes(of: Ink, depth: ColorDepth): readonly number[] {
  if (of === null || depth === 1) return []
  if (depth === 24) return [38, 2, ...of.rgb]
  return depth === 8 ? [38, 5, of.c256] : [of.c16]
}

function sequence(look: Look, depth: ColorDepth): string {
  const attributes = [...(look.with ?? []), ...(depth === 1 ? (look.bare ?? []) : [])]
  const codes = [...attributes.map(name => ATTRIBUTES[name]), ...inkCodes(look.ink, depth)]
  return codes.length === 0 ? '\u001b[m' : `\u001b[0;${codes.join(';')}m`
}

export type Looks = Readonly<Record<Role, string>>

export function looksOf(theme: ThemeName, depth: ColorDepth): Looks {
  const made = Object.entries(looks(PALETTES[theme])).map(([role, look]) => [role, sequence(look, depth)])
  // The entries are exactly the roles.
  return Object.fromEntries(made) as Looks
}

/** Whether blanks of this role differ from other blanks. */
export function blanksShow(role: Role): boolean {
  return role === 'badge' || role === 'alarm' || role === 'input'
}
