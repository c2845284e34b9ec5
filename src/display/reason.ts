// Reasons of a verdict as a person reads them: the key of the value that a reason quotes is shown as its label.
import { capital, labelOf } from './label.js'

type Place = { readonly panel: string; readonly label?: string | undefined }

const ACRONYM = /^\p{Lu}{2}/u

/** `cpu_pct: 91.0%` → `CPU: 91.0%`; `NIFTY dq_pct: 62` → `NIFTY data quality: 62`. Where the reason quotes no key it stays as it is. */
export function reasonText(text: string, place: Place | null | undefined): string {
  const key = place?.label
  if (key === undefined || key === '') return text
  const at = text.startsWith(`${key}: `) ? 0 : text.indexOf(` ${key}: `) + 1
  if (at === 0 && !text.startsWith(`${key}: `)) return text
  const { label } = labelOf(key, place?.panel)
  const first = label[0] ?? ''
  const shown =
    at === 0
      ? capital(label)
      : ACRONYM.test(label)
        ? label
        : `${first.toLowerCase()}${label.slice(first.length)}`
  return `${text.slice(0, at)}${shown}${text.slice(at + key.length)}`
}
