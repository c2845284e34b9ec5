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

type Palette = Readonly<Record<'ok' | 'warn' | 'error' | 'info' | 'label' | 'rule' | 'trend', Ink>>

const PALETTES: Readonly<Record<ThemeName, Palette>> = {
  dark: {
    ok: ink(0x5fbf82, 78, 32),
    warn: ink(0xe8b04a, 179, 33),
    error: ink(0xff7b80, 210, 91),
    info: ink(0x74aef5, 75, 36),
    label: ink(0x98a2af, 247, 37),
    rule: ink(0x3a4350, 238, 90),
    trend: ink(0x677280, 243, 90),
  },
  light: {
    ok: ink(0x1b7340, 29, 32),
    warn: ink(0x855300, 94, 33),
    error: ink(0xb4161f, 124, 31),
    info: ink(0x0b57a8, 25, 34),
    label: ink(0x5b6470, 241, 90),
    rule: ink(0xb9c0c9, 250, 37),
    trend: ink(0x8a939e, 246, 37),
  },
}

function looks(p: Palette): Readonly<Record<Role, Look>> {
  return {
    text: { ink: null },
    strong: { ink: null, with: ['bold'] },
    label: { ink: p.label },
    muted: { ink: p.label },
    rule: { ink: p.rule, bare: ['dim'] },
    trend: { ink: p.trend, bare: ['dim'] },
    focus: { ink: p.info, with: ['bold'] },
    key: { ink: p.info, bare: ['bold'] },
    note: { ink: p.info, with: ['bold'] },
    ok: { ink: p.ok },
    info: { ink: p.info },
    warn: { ink: p.warn, with: ['bold'] },
    error: { ink: p.error, with: ['bold'] },
    warnRule: { ink: p.warn, bare: ['bold'] },
    errorRule: { ink: p.error, bare: ['bold'] },
    attention: { ink: p.warn, with: ['reverse', 'bold'] },
    failing: { ink: p.error, with: ['reverse', 'bold'] },
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
  return role === 'attention' || role === 'failing' || role === 'input'
}
