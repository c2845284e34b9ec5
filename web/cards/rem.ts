/** The size of a rem now, px. */
export const remPx = (): number => Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
