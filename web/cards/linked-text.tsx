// A text; a link if it is an http or https address.

export function isWebAddress(text: string): boolean {
  if (!/^https?:\/\/\S+$/i.test(text)) return false
  return URL.canParse(text)
}

export function LinkedText({ text }: { readonly text: string }) {
  if (!isWebAddress(text)) return text
  return (
    <a href={text} rel="noopener noreferrer" target="_blank">
      {text}
    </a>
  )
}
