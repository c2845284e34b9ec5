// Which run of this publisher: part of every event id. No `-` in it: an id is taken apart there.

/** Time first, so that epochs sort; then chance, so that two servers started together differ. */
export function createEpoch(nowMs: number, random: () => number = Math.random): string {
  const chance = Math.floor(random() * 36 ** 4).toString(36)
  return `${nowMs.toString(36)}${chance.padStart(4, '0')}`
}
